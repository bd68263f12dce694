import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Deadlines } from '../clock/deadlines.ts';
import type { DroverError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import type { Scheduler } from '../scheduler.ts';
import type { ActorAddress, ActorRef } from './actor-ref.ts';
import type { Refusable } from './envelope.ts';
import type { DeadLetterReason, RuntimeEvent } from './runtime-event.ts';
import type { TerminationReason } from './signal.ts';

/** Which incarnation of which node. */
export interface NodeIdentity {
  readonly nodeId: string;
  readonly incarnation: number;
}

/** Where the events of a node are reported and counted. */
export interface EventSink {
  emit(event: RuntimeEvent): void;
  /**
   * Counts a message that could not be delivered, and refuses the question that it carries.
   * `letter`: the message; of a rejected message from another node only a preview is reported.
   */
  deadLetter(
    to: ActorAddress,
    reason: DeadLetterReason,
    ask: Refusable | undefined,
    error?: DroverError,
    letter?: unknown,
  ): void;
  /** Reports that an actor has ended. */
  stopped(actor: { readonly path: string; readonly endReason: TerminationReason }, cause: unknown): void;
}

/** What is reached under a number of this node without being an actor, as the bus sees it. */
export interface PublishedEndpoint {
  /** What other nodes may send; undefined: anything. */
  readonly protocol: z.ZodType | undefined;
  tell(message: never): void;
  /** A message of another node did not fit `protocol`. */
  mismatched(detail: string): void;
  /** That node reports that a message sent from here was not delivered. */
  refuseFrom(node: string, reason: DeadLetterReason, error?: Error): void;
  /** Incarnations of that node up to this one have ended; `isReplaced`: a newer incarnation runs and may answer. */
  nodeGone(node: string, incarnation: number, isReplaced: boolean): void;
}

/** The numbers under which other nodes reach the endpoints of this node. */
export interface EndpointNumbers {
  /** Assigns a number. `isAnswer`: the endpoint waits for one answer, so that a second answer counts as late. */
  publish(endpoint: PublishedEndpoint, isAnswer: boolean): number;
  unpublish(number: number): void;
  /** Reports an answer whose asker no longer waits; `number` is 0 when the question never left this node. */
  lateAnswer(number: number, answer: unknown): void;
}

/** Makes refs from addresses. */
export interface RefResolver {
  /** `broughtBy`: the node that sent the address. */
  resolve(address: ActorAddress, broughtBy?: string): ActorRef<never>;
}

/** What every part of a node may use: identity, injected time and chance, and where things are reported. */
export interface NodeServices extends NodeIdentity {
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly log: Logger;
  readonly deadlines: Deadlines;
  readonly events: EventSink;
  readonly endpoints: EndpointNumbers;
  readonly refs: RefResolver;
}
