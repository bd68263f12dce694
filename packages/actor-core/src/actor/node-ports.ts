import type { WaitOptions } from './ask-options.ts';
import type { ActorAddress, ActorRef, MessageLane } from './actor-ref.ts';
import type { Question } from './envelope.ts';
import type { LocalActor } from './local-actor.ts';
import type { NodeServices } from './node-services.ts';
import type { FailureCause, TerminationReason } from './signal.ts';
import type { StreamFrame, StreamOptions, StreamWriter } from './stream.ts';
import type { Wait, WaitingActor } from './waiting-actor.ts';
import type { CallChain } from './call-chain.ts';
import type { LinkSide, WatchRegistration } from './watcher.ts';

/** Finds the actors of this node. */
export interface ActorDirectory {
  /** The actor of this node that a ref means; undefined when there is none, or only another incarnation of the node. */
  find(ref: ActorRef<never>): LocalActor | undefined;
  /** As `find`, parked actors included. */
  findWithParked(ref: ActorRef<never>): LocalActor | undefined;
  /** The actor of this node that handles messages sent to the ref, also through an adapter. */
  findOwner(ref: ActorRef<never>): WaitingActor | undefined;
  /** The ref with the exact address, for an actor of this node; any other ref unchanged. */
  exactRef(ref: ActorRef<never>): ActorRef<never>;
  /** The number of the next actor. */
  nextUid(): number;
  /** Remembers how an actor ended. */
  ended(actor: LocalActor, reason: TerminationReason, cause: FailureCause | undefined): void;
  /** A failure reached the root: the system stops. */
  rootFailed(cause: unknown): void;
}

/** Sends questions, withdraws them, and sends messages whose sender waits for their delivery. */
export interface MessageDelivery {
  /** Sends a question. The asker learns at once when it is not delivered. */
  sendQuestion(
    target: ActorRef<never>,
    message: unknown,
    lane: MessageLane | undefined,
    ask: Question,
    trace: string | undefined,
  ): void;
  /** Removes a question whose asker no longer waits from the mailbox of another node. */
  withdrawQuestion(to: ActorAddress, ask: Question): void;
  /** As `ActorSystem.tellOrWait`. */
  tellOrWait<T>(target: ActorRef<T>, message: T, options: WaitOptions): Promise<void>;
}

/** Registers watches and links. */
export interface WatchRegistry {
  watch(watch: WatchRegistration, address: ActorAddress): void;
  /** Registers one side of a link to an actor that is not alive on this node. */
  link(link: LinkSide): void;
}

/** A stream being read, and the question that asked for it. */
export interface StreamReading<R>
  extends AsyncIterableIterator<R, undefined>,
    Wait,
    ActorRef<StreamFrame<R>> {
  readonly address: ActorAddress;
  /** Called once the stream has ended for the reader. */
  onClose: (() => void) | undefined;
  /** The reader has ended: discards what was not read and cancels the stream. */
  abandon(): void;
}

/** A stream being written. */
export interface StreamWriting<R> extends StreamWriter<R> {
  /** `done` is called once the stream has ended; at once when it has ended already. */
  whenClosed(done: () => void): void;
}

/** Creates the two ends of streams. */
export interface StreamFactory {
  /** The reading end; the caller sends the question that carries it. */
  read<R>(target: ActorRef<never>, chain: CallChain | undefined, options: StreamOptions): StreamReading<R>;
  /** The writing end; tells `replyTo` that the stream is open. */
  write<R>(replyTo: ActorRef<StreamFrame<R>>, idleTimeoutMs: number | undefined): StreamWriting<R>;
}

/** What an actor needs of its node. */
export interface NodePorts extends NodeServices {
  readonly actors: ActorDirectory;
  readonly delivery: MessageDelivery;
  readonly watches: WatchRegistry;
  readonly streams: StreamFactory;
}
