import type { DroverError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { ActorAddress } from '../actor/actor-ref.ts';
import type { Refusable } from '../actor/envelope.ts';
import type { EventSink } from '../actor/node-services.ts';
import type { RuntimeCounters } from '../actor/actor-system.ts';
import { previewOf } from '../actor/message-preview.ts';
import type { DeadLetterReason, JournalEvent, RuntimeEvent } from '../actor/runtime-event.ts';
import type { TerminationReason } from '../actor/signal.ts';

/** A rejected message from another node: not checked, and possibly large, so that only a preview of it is reported. */
export class RejectedMessage {
  readonly message: unknown;

  constructor(message: unknown) {
    this.message = message;
  }
}

/** Counts the events of a node and passes them to its listeners. A listener that throws is logged. */
export class EventHub implements EventSink {
  readonly #log: Logger;
  readonly #mending = new Set<(event: RuntimeEvent) => void>();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  readonly #counts = new Map<RuntimeEvent['type'], number>();
  /** Ends of actors without a listener, not added to `#counts` yet. */
  #uncountedEnds = 0;
  readonly #deadLetters: Record<DeadLetterReason, number> = {
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
    'entity-unavailable': 0,
    'not-allowed': 0,
    'not-stored': 0,
    'outcome-unknown': 0,
    quarantined: 0,
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
    return { events: Object.fromEntries(this.#counts), deadLetters: { ...this.#deadLetters } };
  }

  deadLetter(
    to: ActorAddress,
    reason: DeadLetterReason,
    ask: Refusable | undefined,
    error?: DroverError,
    letter?: unknown,
  ): void {
    this.#report(to, reason, error, letter);
    ask?.refuse(reason, error);
  }

  #report(to: ActorAddress, reason: DeadLetterReason, error: DroverError | undefined, letter: unknown): void {
    this.#deadLetters[reason]++;
    // Without a listener no event is made: dead letters may come in floods.
    if (this.#listeners.size === 0) return this.#count('dead-letter');
    this.emit({
      type: 'dead-letter',
      to,
      reason,
      ...(error !== undefined && { error }),
      ...(letter instanceof RejectedMessage
        ? { preview: previewOf(letter.message) }
        : letter !== undefined && { message: letter }),
    });
  }

  /** Without a listener no event is made: thousands of actors may end at once. */
  stopped(actor: { readonly path: string; readonly endReason: TerminationReason }, cause: unknown): void {
    const isFailure = cause !== undefined && actor.endReason === 'failed';
    if (isFailure) this.#log.error({ actor: actor.path, err: cause }, 'actor failed and is not restarted');
    if (this.#listeners.size === 0) this.#uncountedEnds++;
    else {
      const event = { type: 'stopped', path: actor.path, reason: actor.endReason } as const;
      this.emit(isFailure ? { ...event, cause } : event);
    }
  }

  /**
   * Calls the listener with the events that tell of a fault that was mended. Unlike `on` it costs nothing for each dead
   * letter and each actor that ends.
   */
  onMending(listener: (event: RuntimeEvent) => void): () => void {
    this.#mending.add(listener);
    return () => this.#mending.delete(listener);
  }

  emit(event: RuntimeEvent): void {
    this.#count(event.type);
    if (event.type === 'restarted') {
      const { path, incarnation, cause } = event;
      this.#log.warn({ actor: path, incarnation, err: cause }, 'actor restarted');
    } else if (event.type === 'parked') {
      this.#log.error(
        { actor: event.path, err: event.cause },
        'actor parked: unpark it once the cause is removed',
      );
    } else if (event.type === 'escalated') {
      this.#log.error({ actor: event.path, err: event.cause }, 'actor escalated');
    } else if (event.type === 'remedy') {
      const { action, subject, cause, evidence } = event;
      this.#log.info({ action, subject, cause, evidence }, 'a fault was mended');
    }
    if (event.type === 'journal') this.#logJournal(event);
    const listeners = isMending(event) ? [...this.#mending, ...this.#listeners] : this.#listeners;
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (err) {
        this.#log.error({ err, event: event.type }, 'a runtime event listener failed');
      }
    }
  }

  #logJournal({ what, path: actor, journal, cause, evidence }: JournalEvent): void {
    const fields = { actor, journal, cause, ...evidence };
    if (what === 'quarantined')
      this.#log.error(fields, 'the stored data of an actor does not fit: quarantined');
    else if (what === 'suspended' || what === 'snapshot-broken' || what === 'snapshot-failed')
      this.#log.warn(fields, `journal of an actor: ${what}`);
  }

  #settleCounts(): void {
    if (this.#uncountedEnds > 0)
      this.#counts.set('stopped', (this.#counts.get('stopped') ?? 0) + this.#uncountedEnds);
    this.#uncountedEnds = 0;
  }

  #count(type: RuntimeEvent['type']): void {
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
  }
}

function isMending({ type }: RuntimeEvent): boolean {
  return type === 'restarted' || type === 'parked' || type === 'entity' || type === 'remedy';
}
