import type { ActorContext } from '../actor/actor-context.ts';
import type { AskOptions } from '../actor/ask-options.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { Props } from '../actor/actor-context.ts';
import type { Clock } from '../clock.ts';
import { InvalidArgumentError } from '../errors.ts';
import { type Logger, silentLogger } from '../logger.ts';
import type { Random } from '../random.ts';
import { seededRandom } from '../random/seeded-random.ts';
import { type BehaviourEffect, RecordedRef } from './behaviour-effect.ts';
import { ManualClock } from './manual-clock.ts';

/** A context that performs nothing: each call is recorded as an effect. */
export class RecordingContext<M> implements ActorContext<M> {
  readonly effects: BehaviourEffect<M>[] = [];
  readonly path: string;
  readonly self: ActorRef<M>;
  readonly incarnation = 1;
  readonly parent: ActorRef<never> | undefined = undefined;
  readonly children: ActorRef<never>[] = [];
  readonly clock: Clock = new ManualClock();
  readonly random: Random = seededRandom(1);
  readonly log: Logger;
  readonly trace: string | undefined = undefined;
  readonly deadline: number | undefined = undefined;
  readonly controller: AbortController = new AbortController();
  stashed: M[] = [];
  /** Messages that `unstashAll` returned; the kit handles them next. */
  readonly returned: M[] = [];
  #uids = 0;

  constructor(path: string, log: Logger = silentLogger) {
    this.path = path;
    this.log = log;
    this.self = this.ref<M>(path);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  ref<T>(path: string): ActorRef<T> {
    return new RecordedRef<T>(path, ++this.#uids, (message, options) =>
      this.#note({ type: 'told', to: path, message, lane: options?.lane ?? 'data' }),
    );
  }

  allowReentrancy(accepts: (message: M) => boolean): void {
    this.#note({ type: 'reentrancy-allowed', accepts });
  }

  spawn<C>(props: Props<C>, name = `child-${this.#uids + 1}`): ActorRef<C> {
    this.#note({ type: 'spawned', name, props: props as unknown as Props<never> });
    const child = this.ref<C>(`${this.path}/${name}`);
    this.children.push(child);
    return child;
  }

  stop(child: ActorRef<never>): void {
    this.#note({ type: 'stopped-child', path: child.address.path });
  }

  kill(child: ActorRef<never>): void {
    this.#note({ type: 'killed-child', path: child.address.path });
  }

  unpark<C>(child: ActorRef<C>): ActorRef<C> {
    this.#note({ type: 'unparked-child', path: child.address.path });
    return this.ref<C>(child.address.path);
  }

  watch(target: ActorRef<never>): void {
    this.#note({ type: 'watched', path: target.address.path });
  }

  unwatch(target: ActorRef<never>): void {
    this.#note({ type: 'unwatched', path: target.address.path });
  }

  link(target: ActorRef<never>): void {
    this.#note({ type: 'linked', path: target.address.path });
  }

  unlink(target: ActorRef<never>): void {
    this.#note({ type: 'unlinked', path: target.address.path });
  }

  adapt<T>(translate: (message: T) => M): ActorRef<T> {
    return new RecordedRef<T>(`${this.path}/$adapter`, ++this.#uids, (message, options) =>
      this.self.tell(translate(message), options),
    );
  }

  setTimer(key: string, delayMs: number, message: M): void {
    this.#note({ type: 'timer-set', key, afterMs: delayMs, message });
  }

  setInterval(key: string, periodMs: number, message: M): void {
    this.#note({ type: 'interval-set', key, afterMs: periodMs, message });
  }

  cancelTimer(key: string): void {
    this.#note({ type: 'timer-cancelled', key });
  }

  setReceiveTimeout(idleMs: number, message: M): void {
    this.#note({ type: 'receive-timeout-set', idleMs, message });
  }

  cancelReceiveTimeout(): void {
    this.#note({ type: 'receive-timeout-cancelled' });
  }

  stash(message: M): void {
    this.stashed.push(message);
    this.#note({ type: 'stashed', message });
  }

  unstashAll(): void {
    const messages = this.stashed;
    this.stashed = [];
    this.returned.push(...messages);
    this.#note({ type: 'unstashed', messages });
  }

  ask<T, R>(target: ActorRef<T>, make: (replyTo: ActorRef<R>) => T, options: AskOptions<R>): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const replyTo = new RecordedRef<R>('$ask', ++this.#uids, (answer) => resolve(answer));
      const { timeoutMs } = options;
      const to = target.address.path;
      this.#note({ type: 'asked', to, message: make(replyTo), timeoutMs, fail: reject });
    });
  }

  tellOrWait<T>(target: ActorRef<T>, message: T): Promise<void> {
    target.tell(message);
    return Promise.resolve();
  }

  askStream(): never {
    throw new InvalidArgumentError(
      'askStream',
      'needs an actor system: test this behaviour in one, with a probe',
    );
  }

  openStream(): never {
    throw new InvalidArgumentError(
      'openStream',
      'needs an actor system: test this behaviour in one, with a probe',
    );
  }

  pipeToSelf<T>(promise: Promise<T>, onValue: (value: T) => M, onError: (error: unknown) => M): void {
    promise.then(
      (value) => this.self.tell(onValue(value)),
      (error: unknown) => this.self.tell(onError(error)),
    );
  }

  #note(effect: BehaviourEffect<M>): void {
    this.effects.push(effect);
  }
}
