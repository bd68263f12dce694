import type { Clock } from '../clock.ts';
import { InvalidArgumentError, StashFullError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import type { StreamFrame, StreamOptions } from '../streaming/stream-frame.ts';
import { StreamWriter } from '../streaming/stream-writer.ts';
import type { ActorCell } from './cell.ts';
import type { ActorContext, AskOptions, WaitOptions } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { Adapter, type AdapterOptions } from './adapter.ts';
import { ActorTimer } from './actor-timer.ts';
import { allowReentrancy } from './handling.ts';
import { askFor } from './ask.ts';
import { fail, kill } from './lifecycle.ts';
import { Envelope, type Guard } from '../actor/envelope.ts';
import { IdleTimer } from './idle-timer.ts';
import type { Props } from '../actor/props.ts';
import type { Reentrancy } from './reentrancy.ts';
import type { TerminationReason } from '../actor/signal.ts';
import type { TableSizes } from '../actor/table-sizes.ts';
import { currentTrace, traced } from '../actor/trace-context.ts';
import type { Wait } from './deadlock-detection.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

interface Extras<M> {
  /** Questions asked by the handlers, newest last; finished questions are removed later. */
  waits: Wait[];
  reentrancy: Reentrancy | undefined;
  timers: Map<string, ActorTimer<M>> | undefined;
  idle: IdleTimer | undefined;
  /** Messages or envelopes. */
  stashed: unknown[] | undefined;
  adapters: Adapter<never, M>[] | undefined;
}

const openOptions = optionNames<{ readonly idleTimeoutMs?: number }>({ idleTimeoutMs: true });
const maxAdapters = 1000;
/** Number of kept questions above which finished ones are searched for and removed. */
const manyWaits = 64;
const none: never[] = [];

/** The context of one incarnation; inert once that has ended. */
export class CellContext<M> implements ActorContext<M>, Guard {
  active = true;
  readonly incarnation: number;
  readonly #cell: ActorCell<M>;
  #controller: AbortController | undefined = undefined;
  /** What few actors use. */
  #extras: Extras<M> | undefined = undefined;

  constructor(cell: ActorCell<M>) {
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
    return this.#cell.runtime.clock;
  }

  get random(): Random {
    return this.#cell.runtime.random;
  }

  get log(): Logger {
    return this.#cell.runtime.log;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (!this.active) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  get trace(): string | undefined {
    return currentTrace();
  }

  get deadline(): number | undefined {
    return this.#cell.currentEnvelope?.ask?.deadline;
  }

  /** Questions asked by the handlers; some may be finished. */
  get waits(): readonly Wait[] {
    return this.#extras === undefined ? none : this.#extras.waits;
  }

  get stashed(): readonly unknown[] {
    return this.#extras?.stashed ?? none;
  }

  /** Records a question that a handler has asked. */
  noteWait(wait: Wait): void {
    const extras = this.#more();
    const { waits } = extras;
    // Nearly always the previous question is finished before the next is asked.
    while (waits.length > 0 && waits[waits.length - 1]?.isOver === true) waits.pop();
    if (waits.length >= manyWaits) extras.waits = waits.filter(({ isOver }) => !isOver);
    extras.waits.push(wait);
  }

  /** What the handling at hand lets in meanwhile. */
  get reentrancy(): Reentrancy | undefined {
    return this.#extras === undefined ? undefined : this.#extras.reentrancy;
  }

  allowReentrancy(accepts: (message: M) => boolean): void {
    if (this.active) allowReentrancy(this.#cell, accepts);
  }

  setReentrancy(reentrancy: Reentrancy | undefined): void {
    this.#more().reentrancy = reentrancy;
  }

  spawn<C>(props: Props<C>, name?: string): ActorRef<C> {
    if (!this.active)
      throw new InvalidArgumentError('context', `of ${this.path} belongs to an incarnation that has ended`);
    return this.#cell.supervisor.spawn(props, name);
  }

  stop(child: ActorRef<never>): void {
    if (this.active) this.#cell.supervisor.stop(requireChild(this.#cell as unknown as ActorCell, child));
  }

  kill(child: ActorRef<never>): void {
    if (this.active) kill(requireChild(this.#cell as unknown as ActorCell, child));
  }

  unpark<C>(child: ActorRef<C>): ActorRef<C> {
    return this.#cell.supervisor.unpark(
      requireChild(this.#cell as unknown as ActorCell, child),
    ) as ActorRef<C>;
  }

  watch(target: ActorRef<never>): void {
    if (this.active) this.#cell.watches.watch(this.#cell as unknown as ActorCell, target);
  }

  unwatch(target: ActorRef<never>): void {
    if (this.active) this.#cell.watches.unwatch(this.#cell as unknown as ActorCell, target);
  }

  link(target: ActorRef<never>): void {
    if (this.active)
      this.#cell.watches.link(this.#cell as unknown as ActorCell, this.#cell.runtime.nearest(target));
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
    const adapters = (this.#more().adapters ??= []);
    if (adapters.length >= maxAdapters)
      throw new InvalidArgumentError(
        'adapt',
        `made ${maxAdapters} refs in one incarnation: make them in setup`,
      );
    adapters.push(adapter);
    return adapter;
  }

  setTimer(key: string, delayMs: number, message: M): void {
    this.#startTimer(key, delayMs, message, false);
  }

  setInterval(key: string, periodMs: number, message: M): void {
    if (!(periodMs > 0)) throw new InvalidArgumentError('periodMs', 'must be above 0');
    this.#startTimer(key, periodMs, message, true);
  }

  cancelTimer(key: string): void {
    this.#extras?.timers?.get(key)?.cancel();
    this.#extras?.timers?.delete(key);
  }

  ask<T, R>(target: ActorRef<T>, make: (replyTo: ActorRef<R>) => T, options: AskOptions<R>): Promise<R> {
    const { runtime } = this.#cell;
    return askFor(
      runtime,
      this.active ? (this.#cell as unknown as ActorCell) : undefined,
      target,
      make,
      options,
    );
  }

  tellOrWait<T>(target: ActorRef<T>, message: T, options: WaitOptions): Promise<void> {
    return this.#cell.runtime.tellOrWait(target, message, options);
  }

  askStream<T, R>(
    target: ActorRef<T>,
    make: (replyTo: ActorRef<StreamFrame<R>>) => T,
    options: StreamOptions,
  ): AsyncIterableIterator<R, undefined> {
    const reader = this.#cell.runtime.askStreamFrom<T, R>(
      this.active ? (this.#cell as unknown as ActorCell) : undefined,
      target,
      make,
      options,
    );
    // A reader that is no more must not go on drawing what a producer makes.
    const { signal } = this;
    const onEnd = () => reader.abandon();
    if (signal.aborted) onEnd();
    else signal.addEventListener('abort', onEnd, { once: true });
    reader.onClose = () => signal.removeEventListener('abort', onEnd);
    return reader;
  }

  openStream<R>(
    replyTo: ActorRef<StreamFrame<R>>,
    options?: { readonly idleTimeoutMs?: number },
  ): StreamWriter<R> {
    if (options !== undefined) requireKnownOptions('openStream', options, openOptions);
    const writer = new StreamWriter<R>(this.#cell.runtime, replyTo, options?.idleTimeoutMs);
    const { signal } = this;
    const onEnd = () => writer.fail('actor-ended', `${this.path} ended before its stream`);
    if (signal.aborted) onEnd();
    else signal.addEventListener('abort', onEnd, { once: true });
    writer.onClose = () => signal.removeEventListener('abort', onEnd);
    return writer;
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
    this.#more().idle = new IdleTimer(this.clock, idleMs, onIdle);
  }

  cancelReceiveTimeout(): void {
    if (this.#extras === undefined) return;
    this.#extras.idle?.cancel();
    this.#extras.idle = undefined;
  }

  stash(message: M): void {
    if (!this.active) return;
    const stashed = (this.#more().stashed ??= []);
    if (stashed.length >= this.#cell.mailbox.capacity) throw new StashFullError(this.path, stashed.length);
    const { currentEnvelope } = this.#cell;
    // A question keeps who asks it, who learns at once when it is never answered.
    const isQuestion = currentEnvelope?.ask !== undefined && currentEnvelope.message === message;
    stashed.push(isQuestion ? currentEnvelope : traced(message, currentTrace()));
  }

  unstashAll(): void {
    if (this.#extras?.stashed === undefined) return;
    const { stashed } = this.#extras;
    this.#extras.stashed = undefined;
    if (stashed.length > 0) this.#cell.putBack(stashed);
  }

  /** Messages were handled: the receive timeout starts again. */
  touch(): void {
    if (this.#extras !== undefined) this.#extras.idle?.touch();
  }

  addSizes(to: TableSizes): void {
    to.timers += this.#extras?.timers?.size ?? 0;
    to.stashed += this.stashed.length;
  }

  /** This incarnation is over: aborts its signal, cancels its timers, makes its late results void. */
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
      if (isStashOverflow(cause)) this.#dropStash();
      this.unstashAll();
      this.#extras = undefined;
    }
    this.#controller?.abort();
  }

  #more(): Extras<M> {
    return (this.#extras ??= {
      waits: [],
      reentrancy: undefined,
      timers: undefined,
      idle: undefined,
      stashed: undefined,
      adapters: undefined,
    });
  }

  #dropStash(): void {
    const { stashed } = this;
    if (this.#extras !== undefined) this.#extras.stashed = undefined;
    for (const item of stashed) this.#cell.drop(item, 'stash-full');
  }

  #startTimer(key: string, delayMs: number, message: M, repeat: boolean): void {
    if (!this.active) return;
    this.cancelTimer(key);
    const timers = (this.#more().timers ??= new Map());
    const timer = new ActorTimer(this.#cell, timers, key, delayMs, message, repeat);
    timers.set(key, timer);
    timer.arm();
  }
}

function requireChild(cell: ActorCell, ref: ActorRef<never>): ActorCell {
  const child = cell.runtime.actorOf(ref);
  if (child?.parent === cell) return child;
  throw new InvalidArgumentError('child', `is not a child of ${cell.path}`);
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
