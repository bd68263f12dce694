import type { ActorRef } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import type { CallChain } from '../actor/call-chain.ts';
import { Endpoint, isGone } from '../actor/endpoint.ts';
import type { Question } from '../actor/envelope.ts';
import { refusal } from '../cell/pending-ask.ts';
import type { Runtime } from '../system/runtime.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { Timer } from '../clock.ts';
import {
  InvalidArgumentError,
  RequestTimeoutError,
  StreamBrokenError,
  StreamCancelledError,
  StreamFailedError,
} from '../errors.ts';
import {
  alivesPerTimeout,
  defaultIdleTimeoutMs,
  defaultWindow,
  type StreamControl,
  type StreamFrame,
  type StreamOptions,
} from './stream-frame.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const streamOptions = optionNames<StreamOptions>({
  timeoutMs: true,
  idleTimeoutMs: true,
  window: true,
  lane: true,
});

interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The asking side of a stream: an async iterable that grants credit as it is read, so that a slow reader stops its
 * producer and nobody else. Leaving the loop cancels the stream.
 */
export class StreamReader<T>
  extends Endpoint<StreamFrame<T>>
  implements AsyncIterableIterator<T, undefined>, Question
{
  readonly chain: CallChain | undefined;
  readonly target: ActorRef<never>;
  readonly timeoutMs: number;
  readonly #idleTimeoutMs: number;
  readonly #window: number;
  readonly #buffer: T[] = [];
  #control: ActorRef<StreamControl> | undefined = undefined;
  #waiting: Waiting<T> | undefined = undefined;
  #received = 0;
  #read = 0;
  #granted = 0;
  #heardMs: number;
  #timer: Timer;
  /** Called once nothing more is expected of it. @internal */
  onClose: (() => void) | undefined = undefined;
  /** How it ended, once it has; `undefined` in it means in order. */
  #outcome: { readonly error: Error | undefined } | undefined = undefined;

  /** @throws InvalidArgumentError for a window or a timeout that cannot be */
  constructor(
    runtime: Runtime,
    target: ActorRef<never>,
    chain: CallChain | undefined,
    options: StreamOptions,
  ) {
    super(runtime);
    requireKnownOptions('askStream', options, streamOptions);
    const { timeoutMs, window = defaultWindow, idleTimeoutMs = defaultIdleTimeoutMs } = options;
    if (!(Number.isInteger(window) && window >= 1))
      throw new InvalidArgumentError('window', 'must be a whole number of at least 1');
    if (!(Number.isFinite(timeoutMs) && timeoutMs >= 0))
      throw new InvalidArgumentError('timeoutMs', 'must be finite and at least 0');
    if (!(Number.isFinite(idleTimeoutMs) && idleTimeoutMs > 0))
      throw new InvalidArgumentError('idleTimeoutMs', 'must be finite and above 0');
    this.target = target;
    this.timeoutMs = timeoutMs;
    this.chain = chain;
    this.#window = window;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#heardMs = runtime.clock.now();
    this.#timer = runtime.clock.setTimer(timeoutMs, () => this.#close(this.#timeout(timeoutMs)));
  }

  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws StreamBrokenError, StreamFailedError, RequestTimeoutError or what an ask throws, after the items before it */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#waiting !== undefined) {
      return Promise.reject(new InvalidArgumentError('next', 'was called before the last one settled'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#hand();
    });
  }

  /** Cancels the stream: what `break` in a `for await` does. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#buffer.length = 0;
    if (this.#outcome === undefined) {
      this.#leave(undefined);
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Whoever reads it has ended: nothing more comes, and no end that could pass for the stream's. @internal */
  abandon(): void {
    if (this.#outcome !== undefined) return;
    this.#buffer.length = 0;
    this.#leave(new StreamCancelledError());
  }

  tell(frame: StreamFrame<T>): void {
    // From another node anything may come.
    if (!Array.isArray(frame)) return;
    if (this.#outcome !== undefined) return this.#turnAway(frame);
    this.#heardMs = this.runtime.clock.now();
    switch (frame[0]) {
      case 'open':
        return this.#open(frame[1]);
      case 'item':
        return this.#take(frame[1], frame[2]);
      case 'end':
        return this.#close(frame[1] === this.#received ? undefined : this.#broken(frame[1]));
      case 'alive':
        // The last items of a window were lost: no later one will ever show the gap, for the producer waits for credit.
        return frame[1] > this.#received ? this.#breakOff(frame[1]) : undefined;
      case 'error':
        return this.#close(new StreamFailedError(frame[1], frame[2]));
      default:
    }
  }

  refuse(reason: DeadLetterReason, error: Error = refusal(this.target.address, reason)): void {
    this.#close(error);
  }

  refuseFrom(node: string, reason: DeadLetterReason, error?: Error): void {
    if (this.target.address.node === node) this.refuse(reason, error);
  }

  nodeGone(node: string, incarnation: number, isReplaced: boolean): void {
    // Once it has begun it is known which life of the node it comes from.
    if (isGone((this.#control ?? this.target).address, node, incarnation, isReplaced))
      this.refuse('no-such-actor');
  }

  #leave(error: Error | undefined): void {
    if (this.#control !== undefined) {
      this.#control.tell(['cancel'], { lane: 'control' });
      return this.#close(error);
    }
    // Nobody is there yet who could be told: that is made up for once the producer says that it begins.
    this.#outcome = { error };
    this.#hand();
  }

  /** Left before it began: without a word the producer would wait for credit until it takes the silence for an end. */
  #turnAway(frame: StreamFrame<T>): void {
    if (frame[0] !== 'open' || this.#control !== undefined || !(frame[1] instanceof BaseRef)) return;
    this.#control = frame[1];
    this.#control.tell(['cancel'], { lane: 'control' });
    this.#close(undefined);
  }

  #open(control: ActorRef<StreamControl>): void {
    if (this.#control !== undefined || !(control instanceof BaseRef)) return;
    this.#control = control;
    this.#timer.cancel();
    this.#grant();
    this.#timer = this.runtime.clock.setTimer(this.#idleTimeoutMs / alivesPerTimeout, this.#look);
  }

  #take(sequence: number, value: T): void {
    // One that was delivered twice, or no number at all.
    if (!Number.isSafeInteger(sequence) || sequence < this.#received) return;
    if (sequence > this.#received) return this.#breakOff(sequence);
    this.#received++;
    this.#buffer.push(value);
    this.#hand();
  }

  #breakOff(sequence: number): void {
    this.#control?.tell(['cancel'], { lane: 'control' });
    this.#close(this.#broken(sequence));
  }

  /** Gives whoever waits what there is: an item, else the end. */
  #hand(): void {
    const waiting = this.#waiting;
    const buffer = this.#buffer;
    const outcome = this.#outcome;
    if (waiting === undefined || (buffer.length === 0 && outcome === undefined)) return;
    this.#waiting = undefined;
    if (buffer.length > 0) {
      const value = buffer.shift() as T;
      this.#read++;
      // Half a window at a time: a word of credit for each item would double the traffic.
      if (this.#read + this.#window - this.#granted >= this.#window / 2) this.#grant();
      waiting.resolve({ done: false, value });
      return;
    }
    // An error is told once; after it the iteration is simply over.
    this.#outcome = { error: undefined };
    if (outcome?.error === undefined) waiting.resolve({ done: true, value: undefined });
    else waiting.reject(outcome.error);
  }

  #grant(): void {
    this.#granted = this.#read + this.#window;
    this.#control?.tell(['credit', this.#granted], { lane: 'control' });
  }

  readonly #look = (): void => {
    if (this.runtime.clock.now() - this.#heardMs >= this.#idleTimeoutMs)
      return this.#close(this.#timeout(this.#idleTimeoutMs));
    // Says that the reader is there, and makes up for credit that was lost.
    this.#control?.tell(['credit', this.#granted], { lane: 'control' });
    this.#timer = this.runtime.clock.setTimer(this.#idleTimeoutMs / alivesPerTimeout, this.#look);
  };

  #close(error: Error | undefined): void {
    this.#timer.cancel();
    this.unpublish();
    this.onClose?.();
    if (this.#outcome !== undefined) return;
    this.#outcome = { error };
    this.#hand();
  }

  #broken(sequence: number): StreamBrokenError {
    return new StreamBrokenError(this.target.address.path, this.#received, sequence);
  }

  #timeout(timeoutMs: number): RequestTimeoutError {
    const { node, path } = this.target.address;
    return new RequestTimeoutError(`${node}/${path}`, timeoutMs);
  }
}
