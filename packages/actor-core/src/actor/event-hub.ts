import type { Logger } from '../logger.ts';
import type { ActorAddress } from './actor-ref.ts';
import type { RuntimeCounters } from './actor-system.ts';
import type { DeadLetterReason, RuntimeEvent } from './runtime-event.ts';

/** Spreads runtime events and counts them. A listener that throws is logged and disturbs nobody. */
export class EventHub {
  private readonly log: Logger;
  private readonly listeners = new Set<(event: RuntimeEvent) => void>();
  private readonly counts = new Map<RuntimeEvent['type'], number>();
  private readonly letters: Record<DeadLetterReason, number> = {
    'no-such-actor': 0,
    'stale-incarnation': 0,
    'mailbox-full': 0,
    dropped: 0,
    'bus-unavailable': 0,
    'not-exposed': 0,
    'too-large': 0,
    'protocol-mismatch': 0,
    deadlock: 0,
  };

  constructor(log: Logger) {
    this.log = log;
  }

  on(listener: (event: RuntimeEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  counters(): RuntimeCounters {
    return { events: Object.fromEntries(this.counts), deadLetters: { ...this.letters } };
  }

  deadLetter(to: ActorAddress, reason: DeadLetterReason): void {
    this.letters[reason]++;
    this.emit({ type: 'dead-letter', to, reason });
  }

  emit(event: RuntimeEvent): void {
    this.counts.set(event.type, (this.counts.get(event.type) ?? 0) + 1);
    if (event.type === 'restarted') {
      const { path, incarnation, cause } = event;
      this.log.warn({ actor: path, incarnation, err: cause }, 'actor restarted');
    } else if (event.type === 'parked' || event.type === 'escalated') {
      this.log.error({ actor: event.path, err: event.cause }, `actor ${event.type}`);
    }
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (err) {
        this.log.error({ err, event: event.type }, 'a runtime event listener failed');
      }
    }
  }
}
