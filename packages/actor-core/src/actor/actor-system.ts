import type { StreamFrame, StreamOptions } from './stream.ts';
import type { ActorRef } from './actor-ref.ts';
import type { AskOptions, WaitOptions } from './ask-options.ts';
import type { Props } from './actor-context.ts';
import type { DeadLetterReason, RuntimeEvent } from './runtime-event.ts';

/** The actors of one process. Made by `createActorSystem` (alone) or `joinCluster` (on a bus). */
export interface ActorSystem {
  /** Its name on the bus; `local` when it stands alone. */
  readonly nodeId: string;
  /** Which life of this node: larger than every earlier one. */
  readonly incarnation: number;
  /** Starts a top-level actor, supervised by the root (one-for-one; when it gives up the system stops). */
  spawn<M>(props: Props<M>, name?: string): ActorRef<M>;
  /** Stops a top-level actor and resolves when it has ended. */
  stop(ref: ActorRef<never>): Promise<void>;
  /** Ends an actor's incarnation at once: mailbox dropped, results to come ignored. Its supervisor then decides. */
  kill(ref: ActorRef<never>): void;
  /** As `ActorContext.unpark`, for any parked actor here; `refFor` its path will do, for who only knows that. */
  unpark<M>(ref: ActorRef<M>): ActorRef<M>;
  /** As `ActorContext.ask`, from outside of an actor. */
  ask<T, R>(target: ActorRef<T>, make: (replyTo: ActorRef<R>) => T, options: AskOptions<R>): Promise<R>;
  /**
   * Resolves once the message is in the mailbox of its actor, here or on another node: at once where there is room;
   * when it is full and its overflow is `backpressure`, after a wait in the order of the senders. Rejects with
   * `RequestTimeoutError` at the deadline, else as an ask does, `MailboxFullError` where the mailbox lets nobody wait.
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
  /** Restarts, dead letters, drops, parked children, unreachable peers. Returns the unsubscriber. */
  onEvent(listener: (event: RuntimeEvent) => void): () => void;
  /** What happened since the start: events by type, dead letters by reason. */
  counters(): RuntimeCounters;
  /**
   * All live actors, each before its children and these in start order: for tests and small systems, since it is not
   * bounded. `inspectCluster` is.
   */
  inspect(): readonly ActorSnapshot[];
  /** Stops children in reverse start order, each within its shutdown deadline. */
  shutdown(): Promise<void>;
  /** Resolves when the system has stopped: undefined in order, else the failure that escalated to the root. */
  readonly terminated: Promise<unknown>;
}

/** What happened in a system since its start, counted; see `ActorSystem.counters`. */
export interface RuntimeCounters {
  /** How often each event has happened. */
  readonly events: Readonly<Partial<Record<RuntimeEvent['type'], number>>>;
  /** Messages that were not delivered, by reason. */
  readonly deadLetters: Readonly<Record<DeadLetterReason, number>>;
}

/** One live actor at one moment, as `inspect` shows it. */
export interface ActorSnapshot {
  readonly path: string;
  readonly uid: number;
  /** `uid` of the actor it is a child of; undefined for a top-level one. */
  readonly parentUid: number | undefined;
  readonly incarnation: number;
  /**
   * `busy`: a handler awaits · `restarting`: waits for its backoff or its siblings · `parked`: failed too often,
   * see `unpark`.
   */
  readonly state: 'starting' | 'running' | 'busy' | 'restarting' | 'parked' | 'stopping';
  /** Messages that wait, both lanes together. */
  readonly mailboxDepth: number;
  /** Messages that may wait, on each lane. */
  readonly mailboxCapacity: number;
  /** Messages handled by all its incarnations. */
  readonly processed: number;
  /** Messages handled per second since anybody last called `inspect`; undefined the first time. */
  readonly messagesPerSecond: number | undefined;
  /** Restarts since it was spawned. */
  readonly restarts: number;
  readonly lastFailure?: string | undefined;
  /** The error's stable `code`, else its class. */
  readonly lastFailureCode?: string | undefined;
  /** By the wall clock, in milliseconds since the Unix epoch. */
  readonly lastFailureAtMs?: number | undefined;
}
