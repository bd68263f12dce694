import type { ActorRef } from '../actor/actor-ref.ts';
import { Endpoint, isGone } from '../actor/endpoint.ts';
import type { Runtime } from '../system/runtime.ts';
import type { Timer } from '../clock.ts';
import { InvalidArgumentError, StreamCancelledError } from '../errors.ts';
import {
  alivesPerTimeout,
  defaultIdleTimeoutMs,
  type StreamControl,
  type StreamFrame,
} from './stream-frame.ts';

interface Waiting<T> {
  readonly value: T;
  resolve(): void;
  reject(error: Error): void;
}

/** The answering side of a stream: it writes as far as the reader's credit goes, and waits for more. */
export class StreamWriter<T> extends Endpoint<StreamControl> {
  readonly #reader: ActorRef<StreamFrame<T>>;
  readonly #idleTimeoutMs: number;
  readonly #controller = new AbortController();
  #waiting: Waiting<T> | undefined = undefined;
  #written = 0;
  #credit = 0;
  #heardMs: number;
  #timer: Timer;
  #isClosed = false;
  #closing: (() => void) | undefined = undefined;

  constructor(
    runtime: Runtime,
    reader: ActorRef<StreamFrame<T>>,
    idleTimeoutMs: number = defaultIdleTimeoutMs,
  ) {
    super(runtime);
    if (!(Number.isFinite(idleTimeoutMs) && idleTimeoutMs > 0))
      throw new InvalidArgumentError('idleTimeoutMs', 'must be finite and above 0');
    this.#reader = reader;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#heardMs = runtime.clock.now();
    this.#timer = runtime.clock.setTimer(idleTimeoutMs / alivesPerTimeout, this.#look);
    reader.tell(['open', this]);
  }

  /** Aborted when the reader has gone or wants no more, or the stream has failed: stop producing. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Sends an item; the promise resolves when there was credit for it. Write the next one after that.
   *
   * @throws StreamCancelledError when the reader has gone or wants no more, or the stream has failed
   * @throws InvalidArgumentError when the last write still waits, or the stream has ended
   */
  write(value: T): Promise<void> {
    if (this.signal.aborted) return Promise.reject(new StreamCancelledError());
    if (this.#isClosed)
      return Promise.reject(new InvalidArgumentError('write', 'comes after the end of the stream'));
    if (this.#waiting !== undefined)
      return Promise.reject(new InvalidArgumentError('write', 'comes before the last one was sent'));
    if (this.#written < this.#credit) {
      this.#send(value);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { value, resolve, reject };
    });
  }

  /** That was all. */
  end(): void {
    if (this.#isClosed) return;
    this.#reader.tell(['end', this.#written]);
    this.#close();
    this.#rejectWaiting();
  }

  /** There will be no more, for this reason: a stable `code` and a text. */
  fail(code: string, message: string): void {
    if (this.#isClosed) return;
    this.#reader.tell(['error', code, message]);
    this.#cancel();
  }

  /** Takes what the reader says. @internal */
  tell(control: StreamControl): void {
    // From another node anything may come.
    if (this.#isClosed || !Array.isArray(control)) return;
    this.#heardMs = this.runtime.clock.now();
    if (control[0] === 'cancel') return this.#cancel();
    if (Number.isSafeInteger(control[1])) this.#credit = Math.max(this.#credit, control[1]);
    const waiting = this.#waiting;
    if (waiting === undefined || this.#written >= this.#credit) return;
    this.#waiting = undefined;
    this.#send(waiting.value);
    waiting.resolve();
  }

  /** Called once it has ended, however it did; at once when it has. @internal */
  set onClose(done: () => void) {
    // A reader that left before it began says so as soon as it hears of the beginning.
    if (this.#isClosed) done();
    else this.#closing = done;
  }

  refuseFrom(): void {}

  /** @internal */
  nodeGone(node: string, incarnation: number, isReplaced: boolean): void {
    if (isGone(this.#reader.address, node, incarnation, isReplaced)) this.#cancel();
  }

  #send(value: T): void {
    this.#reader.tell(['item', this.#written++, value]);
  }

  readonly #look = (): void => {
    if (this.runtime.clock.now() - this.#heardMs >= this.#idleTimeoutMs) return this.#cancel();
    this.#reader.tell(['alive', this.#written]);
    this.#timer = this.runtime.clock.setTimer(this.#idleTimeoutMs / alivesPerTimeout, this.#look);
  };

  #cancel(): void {
    if (this.#isClosed) return;
    this.#close();
    this.#controller.abort();
    this.#rejectWaiting();
  }

  /** A write that waits for credit gets none any more. */
  #rejectWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(new StreamCancelledError());
  }

  #close(): void {
    this.#isClosed = true;
    this.#timer.cancel();
    this.unpublish();
    this.#closing?.();
  }
}
