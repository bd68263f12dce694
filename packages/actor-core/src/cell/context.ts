import type { AdapterOptions, AskOptions, WaitOptions } from '../actor/ask-options.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { Envelope } from '../actor/envelope.ts';
import type { LocalActor } from '../actor/local-actor.ts';
import type { Props } from '../actor/actor-context.ts';
import type { TerminationReason } from '../actor/signal.ts';
import type { StreamFrame, StreamOptions, StreamWriter } from '../actor/stream.ts';
import type { TableSizes } from '../actor/table-sizes.ts';
import { currentTrace, traced } from '../actor/trace-context.ts';
import type { Wait } from '../actor/waiting-actor.ts';
import type { Clock } from '../clock.ts';
import { InvalidArgumentError, StashFullError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import { ActorTimer } from './actor-timer.ts';
import { Adapter } from './adapter.ts';
import { askFor } from './ask.ts';
import type { CellState, IncarnationContext } from './cell-state.ts';
import { refuseCycle } from './deadlock-detection.ts';
import { allowReentrancy, callChain } from './handling.ts';
import { IdleTimer } from './idle-timer.ts';
import { fail } from './lifecycle.ts';
import { LocalRef } from './local-ref.ts';
import type { Reentrancy } from './reentrancy.ts';

/** What few actors use, created on demand. */
interface Extras<M> {
  /** Questions asked by the handlers, newest last; questions that are over are removed later. */
  waits: Wait[];
  reentrancy: Reentrancy | undefined;
  timers: Map<string, ActorTimer<M>> | undefined;
  receiveTimeout: IdleTimer | undefined;
  /** Messages or envelopes. */
  stashed: unknown[] | undefined;
  adapters: Adapter<never, M>[] | undefined;
}

const openOptions = optionNames<{ readonly idleTimeoutMs?: number }>({ idleTimeoutMs: true });
/** Most adapters of one incarnation. */
const maxAdapters = 1000;
/** Number of recorded questions above which those that are over are removed. */
const manyWaits = 64;
const none: never[] = [];
/** Reason of every signal. Without one, each abort creates an error with a stack. */
const ended = new DOMException('the actor has ended', 'AbortError');

/**
 * The context of one incarnation; without effect once the incarnation has ended.
 *
 * Its private methods are static, since a private instance method costs 8 bytes in every context.
 */
export class CellContext<M> implements IncarnationContext<M> {
  active = true;
  readonly incarnation: number;
  readonly #cell: CellState<M>;
  #controller: AbortController | undefined = undefined;
  #extras: Extras<M> | undefined = undefined;

  constructor(cell: CellState<M>) {
    this.#cell = cell;
    this.incarnation = cell.incarnation;
  }

  get self(): ActorRef<M> {
    return this.#cell.ref;
  }

  get path(): string {
    return this.#cell.path;
  }

  get parent(): ActorRef<never> | undefined {
    const { parent } = this.#cell;
    return parent?.parent === undefined ? undefined : parent.ref;
  }

  get children(): readonly ActorRef<never>[] {
    return this.active ? Array.from(this.#cell.children, ({ ref }) => ref) : none;
  }

  get clock(): Clock {
    return this.#cell.node.clock;
  }

  get random(): Random {
    return this.#cell.node.random;
  }

  get log(): Logger {
    return this.#cell.node.log;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (!this.active) this.#controller.abort(ended);
    }
    return this.#controller.signal;
  }

  get trace(): string | undefined {
    return currentTrace();
  }

  get deadline(): number | undefined {
    return this.#cell.currentEnvelope?.ask?.deadline;
  }

  get waits(): readonly Wait[] {
    return this.#extras === undefined ? none : this.#extras.waits;
  }

  get stashed(): readonly unknown[] {
    return this.#extras?.stashed ?? none;
  }

  noteWait(wait: Wait): void {
    const extras = CellContext.#more(this);
    const { waits } = extras;
    // Nearly always the previous question is over before the next question is asked.
    while (waits.length > 0 && waits[waits.length - 1]?.isOver === true) waits.pop();
    if (waits.length >= manyWaits) extras.waits = waits.filter(({ isOver }) => !isOver);
    extras.waits.push(wait);
  }

  get reentrancy(): Reentrancy | undefined {
    return this.#extras === undefined ? undefined : this.#extras.reentrancy;
  }

  allowReentrancy(accepts: (message: M) => boolean): void {
    if (this.active) allowReentrancy(this.#cell, accepts);
  }

  setReentrancy(reentrancy: Reentrancy | undefined): void {
    CellContext.#more(this).reentrancy = reentrancy;
  }

  spawn<C>(props: Props<C>, name?: string): ActorRef<C> {
    if (!this.active)
      throw new InvalidArgumentError('context', `of ${this.path} belongs to an incarnation that has ended`);
    return this.#cell.spawn(props, name);
  }

  stop(child: ActorRef<never>): void {
    if (this.active) this.#cell.stopChild(CellContext.#requireChild(this, child));
  }

  kill(child: ActorRef<never>): void {
    if (this.active) CellContext.#requireChild(this, child).kill();
  }

  unpark<C>(child: ActorRef<C>): ActorRef<C> {
    return this.#cell.unparkChild(CellContext.#requireChild(this, child)) as ActorRef<C>;
  }

  watch(target: ActorRef<never>): void {
    if (this.active) this.#cell.watches.watch(this.#cell, target);
  }

  unwatch(target: ActorRef<never>): void {
    if (this.active) this.#cell.watches.unwatch(this.#cell, target);
  }

  link(target: ActorRef<never>): void {
    if (this.active) this.#cell.watches.link(this.#cell, target);
  }

  unlink(target: ActorRef<never>): void {
    if (this.active) this.#cell.watches.unlink(target.address);
  }

  adapt<T>(translate: (message: T) => M, options: AdapterOptions<T> = {}): ActorRef<T> {
    const adapter = new Adapter<T, M>(this.#cell, translate, options);
    if (!this.active) {
      adapter.close();
      return adapter;
    }
    const adapters = (CellContext.#more(this).adapters ??= []);
    if (adapters.length >= maxAdapters)
      throw new InvalidArgumentError(
        'adapt',
        `made ${maxAdapters} refs in one incarnation: make them in setup`,
      );
    adapters.push(adapter);
    return adapter;
  }

  setTimer(key: string, delayMs: number, message: M): void {
    CellContext.#startTimer(this, key, delayMs, message, false);
  }

  setInterval(key: string, periodMs: number, message: M): void {
    if (!(periodMs > 0)) throw new InvalidArgumentError('periodMs', 'must be above 0');
    CellContext.#startTimer(this, key, periodMs, message, true);
  }

  cancelTimer(key: string): void {
    this.#extras?.timers?.get(key)?.cancel();
    this.#extras?.timers?.delete(key);
  }

  ask<T, R>(target: ActorRef<T>, make: (replyTo: ActorRef<R>) => T, options: AskOptions<R>): Promise<R> {
    const asker = this.active ? this.#cell : undefined;
    return askFor(this.#cell.node, asker, target, make, options);
  }

  tellOrWait<T>(target: ActorRef<T>, message: T, options: WaitOptions): Promise<void> {
    return this.#cell.node.delivery.tellOrWait(target, message, options);
  }

  askStream<T, R>(
    target: ActorRef<T>,
    make: (replyTo: ActorRef<StreamFrame<R>>) => T,
    options: StreamOptions,
  ): AsyncIterableIterator<R, undefined> {
    const cell = this.#cell;
    const { streams, delivery, actors } = cell.node;
    const reader = streams.read<R>(target, this.active ? callChain(cell) : undefined, options);
    if (this.active) this.noteWait(reader);
    delivery.sendQuestion(target, make(reader), options.lane, reader, currentTrace());
    if (this.active && cell.state === 'busy' && !cell.inTurn) refuseCycle(actors, reader);
    // Without a reader the producer must stop.
    reader.onClose = CellContext.#onEnd(this, () => reader.abandon());
    return reader;
  }

  openStream<R>(
    replyTo: ActorRef<StreamFrame<R>>,
    options?: { readonly idleTimeoutMs?: number },
  ): StreamWriter<R> {
    if (options !== undefined) requireKnownOptions('openStream', options, openOptions);
    const writer = this.#cell.node.streams.write<R>(replyTo, options?.idleTimeoutMs);
    writer.whenClosed(
      CellContext.#onEnd(this, () => writer.fail('actor-ended', `${this.path} ended before its stream`)),
    );
    return writer;
  }

  /** Calls `end` when this incarnation ends, at once when it has ended. Returns the unsubscriber. */
  static #onEnd<M>(context: CellContext<M>, end: () => void): () => void {
    const { signal } = context;
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    return () => signal.removeEventListener('abort', end);
  }

  pipeToSelf<T>(promise: Promise<T>, onValue: (value: T) => M, onError: (error: unknown) => M): void {
    const pipe = (make: () => M) => {
      if (!this.active) return;
      try {
        this.#cell.force(new Envelope(make(), undefined, this, undefined, currentTrace()));
      } catch (error) {
        fail(this.#cell, error);
      }
    };
    promise.then(
      (value) => pipe(() => onValue(value)),
      (error: unknown) => pipe(() => onError(error)),
    );
  }

  claim(): boolean {
    return this.active;
  }

  setReceiveTimeout(idleMs: number, message: M): void {
    if (!(Number.isFinite(idleMs) && idleMs > 0))
      throw new InvalidArgumentError('idleMs', 'must be finite and above 0');
    this.cancelReceiveTimeout();
    if (!this.active) return;
    const onIdle = () => {
      if (this.#cell.state !== 'busy') this.#cell.force(new Envelope(message, undefined, this, undefined));
    };
    CellContext.#more(this).receiveTimeout = new IdleTimer(this.clock, idleMs, onIdle);
  }

  cancelReceiveTimeout(): void {
    if (this.#extras === undefined) return;
    this.#extras.receiveTimeout?.cancel();
    this.#extras.receiveTimeout = undefined;
  }

  stash(message: M): void {
    if (!this.active) return;
    const stashed = (CellContext.#more(this).stashed ??= []);
    if (stashed.length >= this.#cell.mailbox.capacity) throw new StashFullError(this.path, stashed.length);
    const { currentEnvelope } = this.#cell;
    // A question keeps its asker, which learns at once when the question is never answered.
    const isQuestion = currentEnvelope?.ask !== undefined && currentEnvelope.message === message;
    stashed.push(isQuestion ? currentEnvelope : traced(message, currentTrace()));
  }

  unstashAll(): void {
    if (this.#extras?.stashed === undefined) return;
    const { stashed } = this.#extras;
    this.#extras.stashed = undefined;
    if (stashed.length > 0) this.#cell.putBack(stashed);
  }

  touch(): void {
    if (this.#extras !== undefined) this.#extras.receiveTimeout?.touch();
  }

  addSizes(to: TableSizes): void {
    to.timers += this.#extras?.timers?.size ?? 0;
    to.stashed += this.stashed.length;
  }

  end(reason: TerminationReason = 'stopped', cause?: unknown): void {
    if (!this.active) return;
    this.active = false;
    this.#cell.incarnationEnded(reason, cause);
    if (this.#extras !== undefined) {
      if (this.#extras.timers !== undefined) for (const timer of this.#extras.timers.values()) timer.cancel();
      this.cancelReceiveTimeout();
      this.#extras.reentrancy?.close();
      if (this.#extras.adapters !== undefined) for (const adapter of this.#extras.adapters) adapter.close();
      // The next incarnation receives the stashed messages first. Not when the stash overflowed: the same messages
      // would overflow the stash of each next incarnation.
      if (isStashOverflow(cause)) CellContext.#dropStash(this);
      this.unstashAll();
      this.#extras = undefined;
    }
    this.#controller?.abort(ended);
  }

  static #more<M>(context: CellContext<M>): Extras<M> {
    return (context.#extras ??= {
      waits: [],
      reentrancy: undefined,
      timers: undefined,
      receiveTimeout: undefined,
      stashed: undefined,
      adapters: undefined,
    });
  }

  static #dropStash<M>(context: CellContext<M>): void {
    const { stashed } = context;
    if (context.#extras !== undefined) context.#extras.stashed = undefined;
    for (const item of stashed) context.#cell.drop(item, 'stash-full');
  }

  static #startTimer<M>(
    context: CellContext<M>,
    key: string,
    delayMs: number,
    message: M,
    repeat: boolean,
  ): void {
    if (!context.active) return;
    context.cancelTimer(key);
    const timers = (CellContext.#more(context).timers ??= new Map());
    const timer = new ActorTimer(context.#cell, timers, key, delayMs, message, repeat);
    timers.set(key, timer);
    timer.arm();
  }

  static #requireChild<M>(context: CellContext<M>, ref: ActorRef<never>): LocalActor {
    const cell = context.#cell;
    const child = ref instanceof LocalRef ? ref.actor : cell.node.actors.findWithParked(ref);
    if (child?.parent === cell) return child;
    throw new InvalidArgumentError('child', `is not a child of ${cell.path}`);
  }
}

/** Depth to which `cause` chains are followed. */
const maxCauses = 8;

function isStashOverflow(cause: unknown): boolean {
  let error = cause;
  for (let i = 0; i < maxCauses && error instanceof Error; i++) {
    if (error instanceof StashFullError) return true;
    error = error.cause;
  }
  return false;
}
