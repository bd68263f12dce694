import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import type { StreamFrame, StreamOptions } from '../streaming/stream-frame.ts';
import type { StreamWriter } from '../streaming/stream-writer.ts';
import type { ActorRef, MessageLane } from './actor-ref.ts';
import type { AdapterOptions } from '../cell/adapter.ts';
import type { Props } from './props.ts';

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

/** How long `tellOrWait` may wait for room, and for whom it is sent. */
export interface WaitOptions {
  /** Mandatory: no wait is unbounded. */
  readonly timeoutMs: number;
  /** As `TellOptions.trace`. */
  readonly trace?: string | undefined;
}

/** How long an answer may take, and how the question travels. */
export interface AskOptions<R = unknown> {
  /** Mandatory: no wait is unbounded. */
  readonly timeoutMs: number;
  /** As `TellOptions.lane`. @default 'data' */
  readonly lane?: MessageLane;
  /**
   * What an answer from another node must look like: one that does not fails the question with `AnswerMismatchError`.
   * Without it an answer is taken as it comes. Answers within a node are not checked.
   */
  readonly reply?: z.ZodType<R> | undefined;
  /** As `TellOptions.trace`. */
  readonly trace?: string | undefined;
  /**
   * Cancels the question: the ask rejects with `AskCancelledError`, and a question still in a mailbox is not started. A
   * handler that has started continues; its answer is counted as late.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Limits a question asked by a handler to the time left until the deadline of the question being handled. Used by
   * `ActorContext.ask` only.
   *
   * @default true
   */
  readonly inheritDeadline?: boolean | undefined;
}
