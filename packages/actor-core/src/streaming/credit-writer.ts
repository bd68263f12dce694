import type { ActorRef } from '../actor/actor-ref.ts';
import { Endpoint, isGone } from '../actor/endpoint.ts';
import type { StreamWriting } from '../actor/node-ports.ts';
import type { NodeServices } from '../actor/node-services.ts';
import type { Timer } from '../clock.ts';
import { InvalidArgumentError, StreamCancelledError } from '../errors.ts';
import type { StreamControl, StreamFrame } from '../actor/stream.ts';
import { signsOfLifePerTimeout, defaultIdleTimeoutMs } from './stream-limits.ts';

interface Waiting<T> {
  readonly value: T;
  resolve(): void;
  reject(error: Error): void;
}

/** The answering side of a stream. Writes as far as the reader's credit goes, then waits for more credit. */
export class CreditWriter<T> extends Endpoint<StreamControl> implements StreamWriting<T> {
  readonly #reader: ActorRef<StreamFrame<T>>;
  readonly #idleTimeoutMs: number;
  readonly #controller = new AbortController();
  #waiting: Waiting<T> | undefined = undefined;
  #written = 0;
  #credit = 0;
  /** Clock milliseconds of the last message of the reader. */
  #receivedMs: number;
  #timer: Timer;
  #isClosed = false;
  #closing: (() => void) | undefined = undefined;

  constructor(
    node: NodeServices,
    reader: ActorRef<StreamFrame<T>>,
    idleTimeoutMs: number = defaultIdleTimeoutMs,
  ) {
    super(node);
    if (!(Number.isFinite(idleTimeoutMs) && idleTimeoutMs > 0))
      throw new InvalidArgumentError('idleTimeoutMs', 'must be finite and above 0');
    this.#reader = reader;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#receivedMs = node.clock.now();
    this.#timer = node.clock.setTimer(idleTimeoutMs / signsOfLifePerTimeout, this.#checkIdle);
    reader.tell(['open', this]);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

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

  end(): void {
    if (this.#isClosed) return;
    this.#reader.tell(['end', this.#written]);
    this.#close();
    this.#rejectWaiting();
  }

  fail(code: string, message: string): void {
    if (this.#isClosed) return;
    this.#reader.tell(['error', code, message]);
    this.#cancel();
  }

  tell(control: StreamControl): void {
    // Another node may send anything.
    if (this.#isClosed || !Array.isArray(control)) return;
    this.#receivedMs = this.node.clock.now();
    if (control[0] === 'cancel') return this.#cancel();
    if (Number.isSafeInteger(control[1])) this.#credit = Math.max(this.#credit, control[1]);
    const waiting = this.#waiting;
    if (waiting === undefined || this.#written >= this.#credit) return;
    this.#waiting = undefined;
    this.#send(waiting.value);
    waiting.resolve();
  }

  whenClosed(done: () => void): void {
    // A reader that left before the stream was opened cancels as soon as it receives the opening frame.
    if (this.#isClosed) done();
    else this.#closing = done;
  }

  refuseFrom(): void {}

  nodeGone(node: string, incarnation: number, isReplaced: boolean): void {
    if (isGone(this.#reader.address, node, incarnation, isReplaced)) this.#cancel();
  }

  #send(value: T): void {
    this.#reader.tell(['item', this.#written++, value]);
  }

  readonly #checkIdle = (): void => {
    if (this.node.clock.now() - this.#receivedMs >= this.#idleTimeoutMs) return this.#cancel();
    this.#reader.tell(['alive', this.#written]);
    this.#timer = this.node.clock.setTimer(this.#idleTimeoutMs / signsOfLifePerTimeout, this.#checkIdle);
  };

  #cancel(): void {
    if (this.#isClosed) return;
    this.#close();
    this.#controller.abort();
    this.#rejectWaiting();
  }

  /** Rejects the write that waits for credit. */
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
