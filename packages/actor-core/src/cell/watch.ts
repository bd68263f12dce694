import type { ActorRef } from '../actor/actor-ref.ts';
import { Envelope, type Guard } from '../actor/envelope.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import type { WatchRegistration } from '../actor/watcher.ts';

/** The actor that watches. */
interface WatchOwner {
  force(envelope: Envelope): void;
}

/**
 * The watch of one actor on another actor. Sends the `terminated` signal exactly once, unless the watch is cancelled
 * before the signal is handled.
 */
export class Watch implements WatchRegistration, Guard {
  readonly key: string;
  readonly target: ActorRef<never>;
  onCancel: (() => void) | undefined = undefined;
  readonly #owner: WatchOwner;
  #active = true;
  #isNotified = false;

  constructor(owner: WatchOwner, target: ActorRef<never>, key: string) {
    this.#owner = owner;
    this.target = target;
    this.key = key;
  }

  terminated(reason: TerminationReason, cause?: FailureCause): void {
    if (this.#isNotified || !this.#active) return;
    this.#isNotified = true;
    this.onCancel = undefined;
    const signal = { type: 'terminated', ref: this.target, reason } as const;
    this.#owner.force(
      new Envelope(undefined, undefined, this, cause === undefined ? signal : { ...signal, cause }),
    );
  }

  claim(): boolean {
    return this.#active;
  }

  cancel(): void {
    this.#active = false;
    this.onCancel?.();
    this.onCancel = undefined;
  }
}
