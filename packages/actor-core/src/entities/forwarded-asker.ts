import type { ActorRef } from '../actor/actor-ref.ts';
import type { Refusable } from '../actor/envelope.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { Clock } from '../clock.ts';
import type { EntityMessage } from './entity-message.ts';

/** The asker of a question for an entity, on another node. Its answer goes straight to the `replyTo` in the message. */
export class ForwardedAsker implements Refusable {
  /** The `entities` actor of the node of the asker. */
  readonly origin: ActorRef<EntityMessage>;
  /** Number of the question on that node. */
  readonly ticket: number;
  readonly deadline: number;
  readonly #clock: Clock;

  constructor(origin: ActorRef<EntityMessage>, ticket: number, deadline: number, clock: Clock) {
    this.origin = origin;
    this.ticket = ticket;
    this.deadline = deadline;
    this.#clock = clock;
  }

  get isOver(): boolean {
    return this.#clock.now() >= this.deadline;
  }

  refuse(reason: DeadLetterReason, error?: Error): void {
    if (reason !== 'expired') this.origin.tell(['refused', this.ticket, reason, error?.message ?? '']);
  }
}
