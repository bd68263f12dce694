import type { DroverError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { ActorAddress } from '../actor/actor-ref.ts';
import type { RuntimeCounters } from '../actor/actor-system.ts';
import { previewOf } from '../actor/message-preview.ts';
import type { DeadLetterReason, RuntimeEvent } from '../actor/runtime-event.ts';
import type { TerminationReason } from '../actor/signal.ts';

/** A rejected message from another node: unchecked, and possibly large. */
export class StrangersMessage {
  readonly message: unknown;

  constructor(message: unknown) {
    this.message = message;
  }
}

/** Spreads runtime events and counts them. A listener that throws is logged and disturbs nobody. */
export class EventHub {
  readonly #log: Logger;
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  readonly #counts = new Map<RuntimeEvent['type'], number>();
  /** Actors that ended while nobody listened, not in `counts` yet. */
  #ends = 0;
  readonly #letters: Record<DeadLetterReason, number> = {
    'no-such-actor': 0,
    'stale-incarnation': 0,
    'mailbox-full': 0,
    dropped: 0,
    'bus-unavailable': 0,
    'bus-overloaded': 0,
    'not-exposed': 0,
    'too-large': 0,
    'protocol-mismatch': 0,
    'attempts-exhausted': 0,
    deadlock: 0,
    expired: 0,
    'late-answer': 0,
    'stash-full': 0,
    'no-targets': 0,
    'not-allowed': 0,
  };

  constructor(log: Logger) {
    this.#log = log;
  }

  on(listener: (event: RuntimeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  counters(): RuntimeCounters {
    this.#settleCounts();
    return { events: Object.fromEntries(this.#counts), deadLetters: { ...this.#letters } };
  }

  /** `letter`: the message; of a rejected message from another node only a preview is reported. */
  deadLetter(to: ActorAddress, reason: DeadLetterReason, error?: DroverError, letter?: unknown): void {
    this.#letters[reason]++;
    // Floods of dead letters also happen without a listener, so do no work then.
    if (this.#listeners.size === 0) return this.#count('dead-letter');
    this.emit({
      type: 'dead-letter',
      to,
      reason,
      ...(error !== undefined && { error }),
      ...(letter instanceof StrangersMessage
        ? { preview: previewOf(letter.message) }
        : letter !== undefined && { message: letter }),
    });
  }

  /** Thousands of actors may end in a moment: their event is only made where somebody listens. */
  stopped(cell: { readonly path: string; readonly endReason: TerminationReason }, cause: unknown): void {
    const isFailure = cause !== undefined && cell.endReason === 'failed';
    if (isFailure) this.#log.error({ actor: cell.path, err: cause }, 'actor failed and is not restarted');
    if (this.#listeners.size === 0) this.#ends++;
    else {
      const event = { type: 'stopped', path: cell.path, reason: cell.endReason } as const;
      this.emit(isFailure ? { ...event, cause } : event);
    }
  }

  emit(event: RuntimeEvent): void {
    this.#count(event.type);
    if (event.type === 'restarted') {
      const { path, incarnation, cause } = event;
      this.#log.warn({ actor: path, incarnation, err: cause }, 'actor restarted');
    } else if (event.type === 'parked') {
      this.#log.error(
        { actor: event.path, err: event.cause },
        'actor parked: unpark it once the cause is cured',
      );
    } else if (event.type === 'escalated') {
      this.#log.error({ actor: event.path, err: event.cause }, 'actor escalated');
    }
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (err) {
        this.#log.error({ err, event: event.type }, 'a runtime event listener failed');
      }
    }
  }

  #settleCounts(): void {
    if (this.#ends > 0) this.#counts.set('stopped', (this.#counts.get('stopped') ?? 0) + this.#ends);
    this.#ends = 0;
  }

  #count(type: RuntimeEvent['type']): void {
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
  }
}
