import { Envelope, type Refusable } from '../actor/envelope.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { EntityMessage } from './entity-message.ts';
import { ForwardedAsker } from './forwarded-asker.ts';
import { question, traced } from '../actor/trace-context.ts';

/** A message for an entity that is not active here, or not yet. */
export interface WaitingMessage {
  readonly message: unknown;
  /** The question that the message carries. */
  readonly ask: Refusable | undefined;
  readonly trace: string | undefined;
  readonly isControl: boolean;
  /** The `entities` actor of the node that sent it; undefined for a message of this node. */
  readonly origin?: ActorRef<EntityMessage> | undefined;
  /** How often the message was forwarded from node to node. */
  readonly hops: number;
  /** Instant at which the message is given up. */
  readonly expiresAtMs: number;
}

/** Messages are forwarded at most so often without a pause, so that no message circles between two nodes. */
export const maxHops = 3;

/** The message as an actor takes it. */
export function itemOf({ message, ask, trace }: WaitingMessage): unknown {
  return ask === undefined ? traced(message, trace) : question(message, ask, trace);
}

/** What an actor handed back, as a message that waits. */
export function waitingOf(item: unknown, expiresAtMs: number): WaitingMessage {
  const rest = { isControl: false, hops: 0 };
  if (!(item instanceof Envelope))
    return { message: item, ask: undefined, trace: undefined, expiresAtMs, ...rest };
  const { message, ask, trace } = item;
  const origin = ask instanceof ForwardedAsker ? ask.origin : undefined;
  return {
    message,
    ask,
    trace,
    origin,
    expiresAtMs: Math.min(expiresAtMs, ask?.deadline ?? Infinity),
    ...rest,
  };
}
