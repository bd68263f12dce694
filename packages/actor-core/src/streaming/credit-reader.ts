import type { ActorRef } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import type { CallChain } from '../actor/call-chain.ts';
import { Endpoint, isGone } from '../actor/endpoint.ts';
import { refusal } from '../actor/refusal.ts';
import type { StreamReading } from '../actor/node-ports.ts';
import type { NodeServices } from '../actor/node-services.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { Timer } from '../clock.ts';
import {
  InvalidArgumentError,
  RequestTimeoutError,
  StreamBrokenError,
  StreamCancelledError,
  StreamFailedError,
} from '../errors.ts';
import type { StreamControl, StreamFrame, StreamOptions } from '../actor/stream.ts';
import { signsOfLifePerTimeout, defaultIdleTimeoutMs, defaultWindow } from './stream-limits.ts';
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
 * The asking side of a stream: an async iterable that grants credit as it is read, so that a slow reader slows down
 * only its own producer. Leaving the loop cancels the stream.
 */
export class CreditReader<T> extends Endpoint<StreamFrame<T>> implements StreamReading<T> {
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
  /** Clock milliseconds of the last frame. */
  #receivedMs: number;
  #timer: Timer;
  onClose: (() => void) | undefined = undefined;
  /** Set once the stream has ended; without an error it ended in order. */
  #outcome: { readonly error: Error | undefined } | undefined = undefined;

  /** @throws InvalidArgumentError for an invalid window or timeout */
  constructor(
    node: NodeServices,
    target: ActorRef<never>,
    chain: CallChain | undefined,
    options: StreamOptions,
  ) {
    super(node);
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
    this.#receivedMs = node.clock.now();
    this.#timer = node.clock.setTimer(timeoutMs, () => this.#close(this.#timeout(timeoutMs)));
  }

  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * @throws StreamBrokenError, StreamFailedError, RequestTimeoutError or what an ask throws, after the items before it
   */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#waiting !== undefined) {
      return Promise.reject(new InvalidArgumentError('next', 'was called before the previous call settled'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#deliver();
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

  abandon(): void {
    if (this.#outcome !== undefined) return;
    this.#buffer.length = 0;
    this.#leave(new StreamCancelledError());
  }

  tell(frame: StreamFrame<T>): void {
    // Another node may send anything.
    if (!Array.isArray(frame)) return;
    if (this.#outcome !== undefined) return this.#cancelLate(frame);
    this.#receivedMs = this.node.clock.now();
    switch (frame[0]) {
      case 'open':
        return this.#open(frame[1]);
      case 'item':
        return this.#take(frame[1], frame[2]);
      case 'end':
        return this.#close(frame[1] === this.#received ? undefined : this.#broken(frame[1]));
      case 'alive':
        // The last items of a window were lost. No later item shows the gap, since the producer waits for credit.
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
    // An open stream names the incarnation of its producer.
    if (isGone((this.#control ?? this.target).address, node, incarnation, isReplaced))
      this.refuse('no-such-actor');
  }

  #leave(error: Error | undefined): void {
    if (this.#control !== undefined) {
      this.#control.tell(['cancel'], { lane: 'control' });
      return this.#close(error);
    }
    // The producer is not known yet. It gets the cancel in reply to its opening frame, see `#cancelLate`.
    this.#outcome = { error };
    this.#deliver();
  }

  /** Cancels a stream that opens after its reader left; else the producer waits for credit until its idle timeout. */
  #cancelLate(frame: StreamFrame<T>): void {
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
    this.#timer = this.node.clock.setTimer(this.#idleTimeoutMs / signsOfLifePerTimeout, this.#checkIdle);
  }

  #take(sequence: number, value: T): void {
    // Delivered twice, or not a number.
    if (!Number.isSafeInteger(sequence) || sequence < this.#received) return;
    if (sequence > this.#received) return this.#breakOff(sequence);
    this.#received++;
    this.#buffer.push(value);
    this.#deliver();
  }

  #breakOff(sequence: number): void {
    this.#control?.tell(['cancel'], { lane: 'control' });
    this.#close(this.#broken(sequence));
  }

  /** Settles the waiting `next` with an item, or with the end of the stream. */
  #deliver(): void {
    const waiting = this.#waiting;
    const buffer = this.#buffer;
    const outcome = this.#outcome;
    if (waiting === undefined || (buffer.length === 0 && outcome === undefined)) return;
    this.#waiting = undefined;
    if (buffer.length > 0) {
      const value = buffer.shift() as T;
      this.#read++;
      // Grants half a window at a time: a grant for each item would double the traffic.
      if (this.#read + this.#window - this.#granted >= this.#window / 2) this.#grant();
      waiting.resolve({ done: false, value });
      return;
    }
    // An error is thrown once; after it the iteration has ended.
    this.#outcome = { error: undefined };
    if (outcome?.error === undefined) waiting.resolve({ done: true, value: undefined });
    else waiting.reject(outcome.error);
  }

  #grant(): void {
    this.#granted = this.#read + this.#window;
    this.#control?.tell(['credit', this.#granted], { lane: 'control' });
  }

  readonly #checkIdle = (): void => {
    if (this.node.clock.now() - this.#receivedMs >= this.#idleTimeoutMs)
      return this.#close(this.#timeout(this.#idleTimeoutMs));
    // A sign of life, which also repeats a grant that may be lost.
    this.#control?.tell(['credit', this.#granted], { lane: 'control' });
    this.#timer = this.node.clock.setTimer(this.#idleTimeoutMs / signsOfLifePerTimeout, this.#checkIdle);
  };

  #close(error: Error | undefined): void {
    this.#timer.cancel();
    this.unpublish();
    this.onClose?.();
    if (this.#outcome !== undefined) return;
    this.#outcome = { error };
    this.#deliver();
  }

  #broken(sequence: number): StreamBrokenError {
    return new StreamBrokenError(this.target.address.path, this.#received, sequence);
  }

  #timeout(timeoutMs: number): RequestTimeoutError {
    const { node, path } = this.target.address;
    return new RequestTimeoutError(`${node}/${path}`, timeoutMs);
  }
}
