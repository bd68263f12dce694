import type { ActorRef } from '../actor/actor-ref.ts';
import type { Behaviour, Next } from '../actor/actor-context.ts';
import type { Signal } from '../actor/signal.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { BehaviourEffect } from './behaviour-effect.ts';
import { RecordingContext } from './recording-context.ts';

/**
 * Runs a behaviour without an actor system, message by message in the caller's turn, and records its effects as data:
 * the quickest test of one actor's logic. Streams, and everything between actors, need a system and a probe.
 */
export interface BehaviourKit<M> {
  /** `running`, `stopped` by the behaviour itself, or `failed` by a handler that threw. */
  readonly state: 'running' | 'stopped' | 'failed';
  /** The actor's own ref. */
  readonly self: ActorRef<M>;
  /** A ref to pass to the behaviour: a message told to it is recorded as an effect under the name `path`. */
  ref<T>(path: string): ActorRef<T>;
  /**
   * Handles a message, and then the messages that the handler unstashes.
   *
   * @throws what the handler throws
   * @throws InvalidArgumentError when the handler returns a promise (use `runAsync`), or the behaviour has ended
   */
  run(message: M): void;
  /** Same as `run` for a handler that returns a promise: resolves when that promise has settled. */
  runAsync(message: M): Promise<void>;
  /** Delivers a signal to the behaviour. */
  signal(signal: Signal): void;
  /** Effects since the last call, oldest first. */
  takeEffects(): BehaviourEffect<M>[];
}

/**
 * Starts a behaviour in a kit. `setup` runs at once, and its effects are the first ones. `path` is the path of the
 * actor. @default 'actor'
 */
export function runBehaviour<M>(
  behaviour: Behaviour<M>,
  options: { readonly path?: string; readonly log?: Logger } = {},
): BehaviourKit<M> {
  return new Kit<M>(behaviour, new RecordingContext<M>(options.path ?? 'actor', options.log));
}

class Kit<M> implements BehaviourKit<M> {
  state: 'running' | 'stopped' | 'failed' = 'running';
  readonly #context: RecordingContext<M>;
  /** Result of handling `post-stop`. */
  #postStop: unknown = undefined;
  #behaviour: Extract<Behaviour<M>, { kind: 'receive' }> | undefined = undefined;

  constructor(behaviour: Behaviour<M>, context: RecordingContext<M>) {
    this.#context = context;
    this.#guarded(() => this.#become(behaviour));
  }

  get self(): ActorRef<M> {
    return this.#context.self;
  }

  ref<T>(path: string): ActorRef<T> {
    return this.#context.ref<T>(path);
  }

  run(message: M): void {
    for (const next of this.#messagesFrom(message)) {
      const result = this.#guarded(() => this.#current().onMessage(next, this.#context));
      if (result instanceof Promise) throw notSynchronous();
      this.#take(result, next);
      if (this.#postStop instanceof Promise) throw notSynchronous();
    }
  }

  async runAsync(message: M): Promise<void> {
    for (const next of this.#messagesFrom(message)) {
      const result = this.#guarded(() => this.#current().onMessage(next, this.#context));
      try {
        this.#take(await result, next);
        await this.#postStop;
      } catch (error) {
        this.state = 'failed';
        throw error;
      }
    }
  }

  signal(signal: Signal): void {
    const result = this.#guarded(() => this.#current().onSignal?.(signal, this.#context));
    if (result instanceof Promise) throw notSynchronous();
    this.#take(result, undefined);
  }

  takeEffects(): BehaviourEffect<M>[] {
    return this.#context.effects.splice(0);
  }

  /** The message, then the messages that are unstashed while earlier ones are handled. */
  *#messagesFrom(message: M): Generator<M> {
    yield message;
    const { returned } = this.#context;
    while (this.state === 'running' && returned.length > 0) yield returned.shift() as M;
  }

  #current(): Extract<Behaviour<M>, { kind: 'receive' }> {
    if (this.#behaviour === undefined || this.state !== 'running')
      throw new InvalidArgumentError('behaviour', `cannot handle a message: it has ${this.state}`);
    return this.#behaviour;
  }

  #take(next: Next<M>, message: M | undefined): void {
    if (next === undefined || next.kind === 'same') return;
    if (next.kind === 'unhandled') {
      if (message !== undefined) this.#context.effects.push({ type: 'unhandled', message });
      return;
    }
    this.#become(next);
  }

  #become(behaviour: Behaviour<M>): void {
    let next = behaviour;
    while (next.kind === 'setup') next = next.create(this.#context);
    if (next.kind === 'receive') this.#behaviour = next;
    else if (next.kind === 'stopped') this.#stop();
  }

  #stop(): void {
    this.#context.controller.abort();
    this.#postStop = this.#behaviour?.onSignal?.({ type: 'post-stop' }, this.#context);
    this.state = 'stopped';
  }

  #guarded<T>(act: () => T): T {
    const before = this.state;
    try {
      return act();
    } catch (error) {
      if (before === 'running') this.state = 'failed';
      throw error;
    }
  }
}

function notSynchronous(): InvalidArgumentError {
  return new InvalidArgumentError('handler', 'returns a promise: use runAsync');
}
