import type { ActorCell } from './cell.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { Envelope, type Guard } from '../actor/envelope.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';

/** Who is told of an actor's end. Told at most once. */
export interface Watcher {
  /** `cause`: of a failure or kill, where it is known. */
  terminated(reason: TerminationReason, cause?: FailureCause): void;
}

/** One actor's interest in the end of another; tells it exactly once, unless cancelled before the signal is read. */
export class Watch implements Watcher, Guard {
  readonly key: string;
  readonly target: ActorRef<never>;
  /** Takes the interest back where it was registered. */
  onCancel: (() => void) | undefined = undefined;
  readonly #owner: ActorCell;
  #active = true;
  #told = false;

  constructor(owner: ActorCell, target: ActorRef<never>, key: string) {
    this.#owner = owner;
    this.target = target;
    this.key = key;
  }

  terminated(reason: TerminationReason, cause?: FailureCause): void {
    if (this.#told || !this.#active) return;
    this.#told = true;
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
