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

/** What handles the next message. Made by `receive`, `setup`, and the constants `same`, `stopped`, `unhandled`. */
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

/** Nothing returned means `same`. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is the common case
export type Next<M> = Behaviour<M> | void;

/**
 * Handles one message. A returned promise closes the mailbox until it settles (nothing interleaves); its
 * rejection, like a throw, is a failure that the supervisor answers.
 */
export type MessageHandler<M> = (message: M, context: ActorContext<M>) => Next<M> | Promise<Next<M>>;
/**
 * Handles one signal: the end of a watched actor, or of this incarnation. A promise closes the mailbox as a
 * message's does.
 */
export type SignalHandler<M> = (signal: Signal, context: ActorContext<M>) => Next<M> | Promise<Next<M>>;

/** Recipe for an actor. */
export interface Props<M> {
  /** Makes the first behaviour of each incarnation. */
  readonly create: () => Behaviour<M>;
  /** Bound of its mailbox and what happens beyond. @default 1000 messages, then `reject` */
  readonly mailbox?: MailboxOptions | undefined;
  /** When it is started again: always, after a failure only, never. @default 'transient' */
  readonly restart?: RestartType | undefined;
  /**
   * Its ending by itself may end its supervisor: see `SupervisionOptions.autoShutdown`. Not for permanent actors.
   *
   * @default false
   */
  readonly significant?: boolean | undefined;
  /** How it supervises its own children. */
  readonly supervision?: SupervisionOptions | undefined;
  /**
   * What may reach it from other nodes. Checked at the edge of the node; a message that does not fit is counted,
   * logged once per peer and dropped. An actor without one cannot be reached from another node.
   */
  readonly protocol?: z.ZodType<M> | undefined;
  /**
   * Decides whether to accept a message from another node, by its sender. Called after `protocol` for each such message,
   * never for messages of this node. A refused message is counted, logged once per peer and dropped as `not-allowed`.
   * @default accepts every node
   */
  readonly accepts?: ((message: M, sender: Sender) => boolean) | undefined;
}

/** What an actor may do, valid for one incarnation of it. */
export interface ActorContext<M> {
  /** The ref of this actor, valid through all its incarnations. */
  readonly self: ActorRef<M>;
  /** Slash-joined names from the root. */
  readonly path: string;
  /** The actor that spawned this one; undefined for a top-level one. */
  readonly parent: ActorRef<never> | undefined;
  /** Its children in start order, parked ones included; none of those that have ended. */
  readonly children: readonly ActorRef<never>[];
  /** 1 for the first life, +1 at each restart. */
  readonly incarnation: number;
  /** The clock of the system; what an actor measures by. */
  readonly clock: Clock;
  /** The randomness of the system; a seed replays it. */
  readonly random: Random;
  /** The logger of the system. */
  readonly log: Logger;
  /** Aborted when this incarnation ends, for whatever reason. Hand it to every I/O call. */
  readonly signal: AbortSignal;
  /**
   * W3C traceparent of the message in hand, also behind an `await`; undefined when it has none. What is sent meanwhile
   * carries it, here and over the bus. Timers begin without one.
   */
  readonly trace: string | undefined;
  /**
   * Deadline of the question that is being handled, in milliseconds of `clock`; undefined when the current message is
   * not a question, or its deadline is not known. For a question from another node, counted from its arrival. Questions
   * that this handler asks take over the deadline, see `AskOptions.inheritDeadline`.
   */
  readonly deadline: number | undefined;
  /**
   * Lets the messages that `accepts` names in while the handling at hand awaits its promise; all others wait until it
   * has settled. Declared anew by each handling that wants it; while one declaration holds, another one adds nothing.
   * State may have changed behind every `await` then.
   */
  allowReentrancy(accepts: (message: M) => boolean): void;
  /** Starts a child. A name must be unique among siblings; without one a fresh one is made. */
  spawn<C>(props: Props<C>, name?: string): ActorRef<C>;
  /** Stops a child in an orderly way. */
  stop(child: ActorRef<never>): void;
  /** Ends a child's incarnation at once, mailbox dropped, results to come ignored; supervision then decides as after a failure. */
  kill(child: ActorRef<never>): void;
  /**
   * Begins a new life in the place of a parked child, with a clean count and a new ref.
   *
   * @throws InvalidArgumentError for a child that is not parked
   */
  unpark<C>(child: ActorRef<C>): ActorRef<C>;
  /** One-way notice of that actor's end, local or remote: a `terminated` signal, exactly once, never silently missing. */
  watch(target: ActorRef<never>): void;
  /** Takes a watch back: a notice that is not read yet is void too. Nothing happens where there was none. */
  unwatch(target: ActorRef<never>): void;
  /**
   * Shared fate with another actor, local or remote, both ways (OTP's link): when the incarnation of one fails, is
   * killed or is lost with its node, the other one's fails with a `DeathPactError`, and each one's supervisor decides. An
   * end in order only dissolves it. Lasts as long as both incarnations; to learn of an end and go on, `watch` instead.
   */
  link(target: ActorRef<never>): void;
  /** Dissolves a link, whoever of the two made it. */
  unlink(target: ActorRef<never>): void;
  /**
   * A ref in another protocol: what is told to it arrives in this actor's mailbox as what `translate` makes of it, in its
   * turn, under the mailbox's bound. It can be sent to any node (with a `protocol`), asked and watched, and ends with
   * this incarnation. `translate` runs where the message comes in and must not touch the actor's state; what it throws
   * on becomes a dead letter. Make it once, in `setup`.
   *
   * @throws InvalidArgumentError when this incarnation has 1000 of them already
   */
  adapt<T>(translate: (message: T) => M, options?: AdapterOptions<T>): ActorRef<T>;
  /** (Re)starts the timer `key`; its message arrives in this actor's mailbox. A restart or stop cancels it. */
  setTimer(key: string, delayMs: number, message: M): void;
  /** As `setTimer`, again and again. */
  setInterval(key: string, periodMs: number, message: M): void;
  /**
   * Stops the timer or interval `key`, also one whose message waits in the mailbox. Nothing happens where there is
   * none.
   */
  cancelTimer(key: string): void;
  /** `message` arrives whenever this actor has handled nothing for `idleMs`. Replaces an earlier one. */
  setReceiveTimeout(idleMs: number, message: M): void;
  /** Ends what `setReceiveTimeout` began. */
  cancelReceiveTimeout(): void;
  /**
   * Puts a message aside, for a behaviour that can handle it. Bounded by the mailbox's capacity; kept through a restart,
   * unless the incarnation failed because the stash was full: then the stashed messages become dead letters, `stash-full`.
   *
   * @throws StashFullError
   */
  stash(message: M): void;
  /** Returns what was put aside to the front of the mailbox, in order. */
  unstashAll(): void;
  /**
   * Asks another actor; rejects with `RequestTimeoutError` at the deadline, and earlier where no answer can come:
   * `ActorNotFoundError`, `MailboxFullError`, `DeadlockError` when the actor asked waits itself for this handler.
   */
  ask<T, R>(target: ActorRef<T>, make: (replyTo: ActorRef<R>) => T, options: AskOptions<R>): Promise<R>;
  /** As `ActorSystem.tellOrWait`. */
  tellOrWait<T>(target: ActorRef<T>, message: T, options: WaitOptions): Promise<void>;
  /**
   * Asks for many answers: an async iterable with credit, in order and without a gap, or an error. Leaving its loop
   * cancels it. The actor asked answers with `openStream`.
   */
  askStream<T, R>(
    target: ActorRef<T>,
    make: (replyTo: ActorRef<StreamFrame<R>>) => T,
    options: StreamOptions,
  ): AsyncIterableIterator<R, undefined>;
  /** Answers an `askStream`. Ends with an error if this incarnation ends first. */
  openStream<R>(
    replyTo: ActorRef<StreamFrame<R>>,
    options?: { readonly idleTimeoutMs?: number },
  ): StreamWriter<R>;
  /** Turns the outcome of a promise into a message to self; ignored if this incarnation has ended. */
  pipeToSelf<T>(promise: Promise<T>, onValue: (value: T) => M, onError: (error: unknown) => M): void;
}
