import type { StreamFrame, StreamOptions } from './stream.ts';
import type { ActorRef } from './actor-ref.ts';
import type { AskOptions, WaitOptions } from './ask-options.ts';
import type { Props } from './actor-context.ts';
import type { DeadLetterReason, Remedy, RuntimeEvent } from './runtime-event.ts';

/** The actors of one process. Made by `createActorSystem` (alone) or `joinCluster` (on a bus). */
export interface ActorSystem {
  /** Name of this process on the bus; `local` without a bus. */
  readonly nodeId: string;
  /** Incarnation of this node: larger than every earlier one. */
  readonly incarnation: number;
  /** Starts a top-level actor, supervised by the root (one-for-one; when the root gives up, the system stops). */
  spawn<M>(props: Props<M>, name?: string): ActorRef<M>;
  /** Stops a top-level actor and resolves when it has ended. */
  stop(ref: ActorRef<never>): Promise<void>;
  /** Ends the incarnation of an actor at once: mailbox dropped, late results ignored. Its supervisor then decides. */
  kill(ref: ActorRef<never>): void;
  /** As `ActorContext.unpark`, for any parked actor of this node. A ref made by `refFor` with its path is enough. */
  unpark<M>(ref: ActorRef<M>): ActorRef<M>;
  /** As `ActorContext.ask`, for code outside of actors. */
  ask<T, R>(target: ActorRef<T>, make: (replyTo: ActorRef<R>) => T, options: AskOptions<R>): Promise<R>;
  /**
   * Resolves once the message is in the mailbox of its actor, on this node or another: at once when there is space;
   * when the mailbox is full and its overflow is `backpressure`, after a wait in the order of the senders. Rejects with
   * `RequestTimeoutError` at the deadline, with `MailboxFullError` when no more senders may wait, else as an ask does.
   */
  tellOrWait<T>(target: ActorRef<T>, message: T, options: WaitOptions): Promise<void>;
  /** As `ActorContext.askStream`. */
  askStream<T, R>(
    target: ActorRef<T>,
    make: (replyTo: ActorRef<StreamFrame<R>>) => T,
    options: StreamOptions,
  ): AsyncIterableIterator<R, undefined>;
  /** A ref to a well-known actor of any node, alive or not. */
  refFor<M>(node: string, path: string): ActorRef<M>;
  /** Calls the listener with each runtime event. Returns the unsubscriber. */
  onEvent(listener: (event: RuntimeEvent) => void): () => void;
  /** Reports what was done about a fault, as a runtime event and in the log. */
  reportRemedy(remedy: Remedy): void;
  /** Counts since the start: events by type, dead letters by reason. */
  counters(): RuntimeCounters;
  /**
   * All live actors, each before its children, children in start order. Not bounded, so only for tests and small
   * systems; `inspectCluster` is bounded.
   */
  inspect(): readonly ActorSnapshot[];
  /** Stops the top-level actors in reverse start order, each within its shutdown deadline. */
  shutdown(): Promise<void>;
  /** Resolves when the system has stopped: to undefined, or to the failure that escalated to the root. */
  readonly terminated: Promise<unknown>;
}

/** Counts of a system since its start; see `ActorSystem.counters`. */
export interface RuntimeCounters {
  /** Number of events by type. */
  readonly events: Readonly<Partial<Record<RuntimeEvent['type'], number>>>;
  /** Number of messages that were not delivered, by reason. */
  readonly deadLetters: Readonly<Record<DeadLetterReason, number>>;
}

/** One live actor at the time of `inspect`. */
export interface ActorSnapshot {
  readonly path: string;
  readonly uid: number;
  /** `uid` of the parent; undefined for a top-level actor. */
  readonly parentUid: number | undefined;
  readonly incarnation: number;
  /**
   * `busy`: a handler awaits its promise · `restarting`: waits for its backoff or its siblings · `parked`: failed too
   * often, see `unpark`.
   */
  readonly state: 'starting' | 'running' | 'busy' | 'restarting' | 'parked' | 'stopping';
  /** Number of messages that wait, on both lanes. */
  readonly mailboxDepth: number;
  /** Most messages that may wait, on each lane. */
  readonly mailboxCapacity: number;
  /** Messages handled by all incarnations. */
  readonly processed: number;
  /** Messages handled per second since the previous `inspect`; undefined the first time. */
  readonly messagesPerSecond: number | undefined;
  /** Restarts since the actor was spawned. */
  readonly restarts: number;
  readonly lastFailure?: string | undefined;
  /** The stable `code` of the error, else its class. */
  readonly lastFailureCode?: string | undefined;
  /** Wall clock time in milliseconds since the Unix epoch. */
  readonly lastFailureAtMs?: number | undefined;
}
