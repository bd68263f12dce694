import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import type { ActorRef, Sender } from './actor-ref.ts';
import type { AdapterOptions, AskOptions, WaitOptions } from './ask-options.ts';
import type { MailboxOptions } from './mailbox-options.ts';
import type { Signal } from './signal.ts';
import type { StreamFrame, StreamOptions, StreamWriter } from './stream.ts';
import type { RestartType, SupervisionOptions } from './supervision-options.ts';

/*
 * Behaviour, context and recipe of an actor. The three types refer to each other: a behaviour gets a context, a context
 * spawns recipes, and a recipe makes a behaviour.
 */

/**
 * How an actor handles its next message. Made by `receive`, `setup`, and the constants `same`, `stopped`, `unhandled`.
 */
export type Behaviour<M> =
  | {
      readonly kind: 'receive';
      readonly onMessage: MessageHandler<M>;
      readonly onSignal: SignalHandler<M> | undefined;
    }
  | {
      readonly kind: 'setup';
      /** Makes the behaviour of one incarnation. */
      readonly create: (context: ActorContext<M>) => Behaviour<M>;
    }
  | Directive;

/** A behaviour for messages of every type: `same`, `stopped`, `unhandled`. */
export interface Directive {
  readonly kind: 'same' | 'stopped' | 'unhandled';
}

/** The next behaviour; a handler that returns nothing keeps the current behaviour, as `same` does. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is the common case
export type Next<M> = Behaviour<M> | void;

/**
 * Handles one message. While a returned promise is not settled, the actor handles no other message. A rejection, like a
 * throw, is a failure of the actor.
 */
export type MessageHandler<M> = (message: M, context: ActorContext<M>) => Next<M> | Promise<Next<M>>;
/**
 * Handles one signal: the end of a watched actor, or of this incarnation. A returned promise has the same effect as in
 * `MessageHandler`.
 */
export type SignalHandler<M> = (signal: Signal, context: ActorContext<M>) => Next<M> | Promise<Next<M>>;

/** Recipe for an actor: how it starts, and what its supervisor, its mailbox and other nodes may do with it. */
export interface Props<M> {
  /** Makes the first behaviour of each incarnation. */
  readonly create: () => Behaviour<M>;
  /** Bound of the mailbox, and what happens to further messages. @default 1000 messages, then `reject` */
  readonly mailbox?: MailboxOptions | undefined;
  /** When the supervisor restarts the actor: always, after a failure only, or never. @default 'transient' */
  readonly restart?: RestartType | undefined;
  /**
   * When the actor ends by itself, its supervisor may end too: see `SupervisionOptions.autoShutdown`. Not for permanent
   * actors.
   *
   * @default false
   */
  readonly significant?: boolean | undefined;
  /** How the actor supervises its own children. */
  readonly supervision?: SupervisionOptions | undefined;
  /**
   * Schema of the messages that other nodes may send. A message that does not fit is counted, logged once per peer and
   * dropped. Other nodes cannot reach an actor without a protocol.
   */
  readonly protocol?: z.ZodType<M> | undefined;
  /**
   * Decides whether to accept a message from another node, by its sender. Called after `protocol` for each such
   * message, never for messages of this node. A refused message is counted, logged once per peer and dropped as
   * `not-allowed`.
   * @default accepts every node
   */
  readonly accepts?: ((message: M, sender: Sender) => boolean) | undefined;
}

/** What the handlers of an actor can do. Each incarnation has a context of its own. */
export interface ActorContext<M> {
  /** The ref of this actor, valid through all its incarnations. */
  readonly self: ActorRef<M>;
  /** Names from the root, joined by slashes. */
  readonly path: string;
  /** The actor that spawned this actor; undefined for a top-level actor. */
  readonly parent: ActorRef<never> | undefined;
  /** Children in start order: live and parked ones, not those that have ended. */
  readonly children: readonly ActorRef<never>[];
  /** 1 for the first incarnation, +1 at each restart. */
  readonly incarnation: number;
  /** The clock of the system. Use it for all time, so that tests control it. */
  readonly clock: Clock;
  /** The randomness of the system. A seed replays it. */
  readonly random: Random;
  /** The logger of the system. */
  readonly log: Logger;
  /** Aborted when this incarnation ends, for any reason. Pass it to every I/O call. */
  readonly signal: AbortSignal;
  /**
   * W3C traceparent of the current message, also after an `await`; undefined when the message has none. Messages sent
   * meanwhile carry it, on this node and over the bus. Messages of timers have none.
   */
  readonly trace: string | undefined;
  /**
   * Deadline of the current question, in milliseconds of `clock`; undefined when the current message is not a question,
   * or its deadline is not known. The time of a question from another node counts from its arrival. Questions that this
   * handler asks inherit the deadline, see `AskOptions.inheritDeadline`.
   */
  readonly deadline: number | undefined;
  /**
   * While the current handler awaits its promise, the actor also handles the messages that `accepts` returns true for;
   * all others wait until the promise has settled. The declaration holds for the current handler only, and a second
   * declaration meanwhile has no effect. The state of the actor may then change during every `await`.
   */
  allowReentrancy(accepts: (message: M) => boolean): void;
  /** Starts a child. Its name must be unique among its siblings; without `name` a name is generated. */
  spawn<C>(props: Props<C>, name?: string): ActorRef<C>;
  /** Stops a child in order: its current message is finished, then its children stop, then the child itself. */
  stop(child: ActorRef<never>): void;
  /**
   * Ends the incarnation of a child at once: mailbox dropped, late results ignored. Supervision decides as after a
   * failure.
   */
  kill(child: ActorRef<never>): void;
  /**
   * Starts a new actor in the place of a parked child, with a new ref and without counted restarts.
   *
   * @throws InvalidArgumentError for a child that is not parked
   */
  unpark<C>(child: ActorRef<C>): ActorRef<C>;
  /** Sends this actor a `terminated` signal when the target, local or remote, has ended: exactly once. */
  watch(target: ActorRef<never>): void;
  /** Cancels a watch, also when its signal waits in the mailbox. Without a watch nothing happens. */
  unwatch(target: ActorRef<never>): void;
  /**
   * Links this actor and another actor, local or remote (OTP's link): when the incarnation of one fails, is killed or
   * is lost with its node, the incarnation of the other fails with a `DeathPactError`, and the supervisor of each
   * decides. An end in order only dissolves the link. To learn of an end and continue, use `watch`.
   */
  link(target: ActorRef<never>): void;
  /** Dissolves a link, whichever of the two actors made it. */
  unlink(target: ActorRef<never>): void;
  /**
   * A ref to this actor in another protocol. Each message sent to the ref is translated and put into the mailbox of
   * this actor, under the bound of the mailbox. The ref can be asked and watched, and sent to other nodes (with a
   * `protocol`). It ends with this incarnation. `translate` runs when a message arrives, outside of a turn, and must
   * not use the state of the actor; a message for which it throws becomes a dead letter. Make the ref once, in `setup`.
   *
   * @throws InvalidArgumentError when this incarnation has 1000 adapters already
   */
  adapt<T>(translate: (message: T) => M, options?: AdapterOptions<T>): ActorRef<T>;
  /** Starts or restarts the timer `key`, which sends `message` to this actor. The end of the incarnation cancels it. */
  setTimer(key: string, delayMs: number, message: M): void;
  /** As `setTimer`, repeated every `periodMs`. */
  setInterval(key: string, periodMs: number, message: M): void;
  /**
   * Cancels the timer or interval `key`, also when its message waits in the mailbox. Without such a timer nothing
   * happens.
   */
  cancelTimer(key: string): void;
  /**
   * Sends `message` to this actor whenever it has handled nothing for `idleMs`. Replaces an earlier receive timeout.
   */
  setReceiveTimeout(idleMs: number, message: M): void;
  /** Cancels the receive timeout. */
  cancelReceiveTimeout(): void;
  /**
   * Keeps a message for a later behaviour. Holds as many messages as the mailbox. A restart returns the stashed
   * messages to the mailbox, unless the incarnation failed because the stash was full: then they become dead letters
   * with the reason `stash-full`.
   *
   * @throws StashFullError
   */
  stash(message: M): void;
  /** Returns the stashed messages to the front of the mailbox, in order. */
  unstashAll(): void;
  /**
   * Asks another actor. Rejects with `RequestTimeoutError` at the deadline, and earlier when no answer can come: with
   * `ActorNotFoundError`, `MailboxFullError`, or `DeadlockError` when the asked actor waits for this handler.
   */
  ask<T, R>(target: ActorRef<T>, make: (replyTo: ActorRef<R>) => T, options: AskOptions<R>): Promise<R>;
  /** As `ActorSystem.tellOrWait`. */
  tellOrWait<T>(target: ActorRef<T>, message: T, options: WaitOptions): Promise<void>;
  /**
   * Asks for a stream of answers: an async iterable of items in order and without a gap, or an error. The reader grants
   * credit, and leaving the loop cancels the stream. The asked actor answers with `openStream`.
   */
  askStream<T, R>(
    target: ActorRef<T>,
    make: (replyTo: ActorRef<StreamFrame<R>>) => T,
    options: StreamOptions,
  ): AsyncIterableIterator<R, undefined>;
  /** Answers an `askStream`. The stream ends with an error if this incarnation ends first. */
  openStream<R>(
    replyTo: ActorRef<StreamFrame<R>>,
    options?: { readonly idleTimeoutMs?: number },
  ): StreamWriter<R>;
  /** Sends the outcome of a promise to this actor as a message; ignored once this incarnation has ended. */
  pipeToSelf<T>(promise: Promise<T>, onValue: (value: T) => M, onError: (error: unknown) => M): void;
}
