import { InvalidArgumentError } from '@drover/actor-core';
import type { FleetError } from '../errors.ts';
import type { FleetCall, FleetHead, TakeBatch } from './fleet-client.ts';

/** Calls from a `PendingCall` to its session. */
export interface CallOwner {
  /** The consumer took lines with `count` numbers in all. */
  consumed(count: number): void;
  cancel(reason: string): void;
  /** The call ended. Called once; no other function is called after it. */
  ended(): void;
}

interface Batch {
  readonly lines: readonly string[];
  readonly count: number;
}

/** The reader of `forEachBatch`. */
interface Taker extends PromiseWithResolvers<void> {
  readonly take: TakeBatch;
  /** The last lines are still being taken. */
  busy: boolean;
}

type NextLines = IteratorResult<readonly string[], undefined>;

/**
 * The caller's side of a call: the promise of the head and a queue of lines. The queue needs no limit, because the
 * session grants credit only for lines that have left the queue.
 */
export class PendingCall implements FleetCall {
  readonly head: Promise<FleetHead>;
  readonly lines: AsyncIterable<readonly string[]>;
  /** One session has one host at a time: see `ContinuedCall`. */
  readonly continuedBy: readonly string[] = [];
  readonly #owner: CallOwner;
  readonly #resolveHead: (head: FleetHead) => void;
  readonly #rejectHead: (error: FleetError) => void;
  readonly #batches: Batch[] = [];
  #waiter: PromiseWithResolvers<NextLines> | undefined;
  #taker: Taker | undefined;
  #headResolved = false;
  #ended = false;
  #error: FleetError | undefined;
  #iterated = false;

  constructor(owner: CallOwner) {
    this.#owner = owner;
    const { promise, resolve, reject } = Promise.withResolvers<FleetHead>();
    this.head = promise;
    this.#resolveHead = resolve;
    this.#rejectHead = reject;
    // Prevents an unhandled rejection if the caller reads only `lines`, which throw the same error.
    promise.catch(() => {});
    this.lines = { [Symbol.asyncIterator]: () => this.#iterate() };
  }

  get ended(): boolean {
    return this.#ended;
  }

  get headResolved(): boolean {
    return this.#headResolved;
  }

  cancel(reason: string): void {
    if (!this.#ended) this.#owner.cancel(reason);
  }

  /** Called by the session with the first byte. */
  begin(head: FleetHead): void {
    this.#headResolved = true;
    this.#resolveHead(head);
  }

  /** Called by the session with the next lines. Returns true if the consumer was waiting and has taken the lines. */
  push(lines: readonly string[], count: number): boolean {
    const taker = this.#taker;
    if (taker !== undefined && !taker.busy) {
      // Nothing is queued while the reader is not busy.
      this.#give(taker, lines);
      return true;
    }
    if (this.#waiter === undefined) {
      this.#batches.push({ lines, count });
      return false;
    }
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter.resolve({ done: false, value: lines });
    return true;
  }

  /** Called by the session at the end. Lines that were pushed before are read first. */
  finish(error?: FleetError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#owner.ended();
    if (error !== undefined) this.#rejectHead(error);
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (error === undefined) waiter?.resolve({ done: true, value: undefined });
    else waiter?.reject(error);
    if (this.#taker !== undefined) this.#giveQueued(this.#taker);
  }

  forEachBatch(take: TakeBatch): Promise<void> {
    this.#beginReading();
    const taker: Taker = { take, busy: false, ...Promise.withResolvers<void>() };
    this.#taker = taker;
    this.#giveQueued(taker);
    return taker.promise;
  }

  #give(taker: Taker, lines: readonly string[]): void {
    try {
      const taken = taker.take(lines);
      if (taken === undefined) return;
      taker.busy = true;
      void this.#giveMoreAfter(taken, taker);
    } catch (error) {
      this.#leave(taker, error);
    }
  }

  async #giveMoreAfter(taken: Promise<void>, taker: Taker): Promise<void> {
    try {
      await taken;
    } catch (error) {
      this.#leave(taker, error);
      return;
    }
    taker.busy = false;
    this.#giveQueued(taker);
  }

  /** Passes on what is queued, and the end after it. */
  #giveQueued(taker: Taker): void {
    while (this.#taker === taker && !taker.busy) {
      const batch = this.#batches.shift();
      if (batch === undefined) break;
      if (!this.#ended) this.#owner.consumed(batch.count);
      this.#give(taker, batch.lines);
    }
    if (this.#taker !== taker || taker.busy || !this.#ended) return;
    this.#taker = undefined;
    if (this.#error === undefined) taker.resolve();
    else taker.reject(this.#error);
  }

  #leave(taker: Taker, error: unknown): void {
    this.#taker = undefined;
    this.#batches.length = 0;
    this.cancel('the reader left');
    taker.reject(error);
  }

  #beginReading(): void {
    if (this.#iterated) throw new InvalidArgumentError('lines', 'may be iterated once');
    this.#iterated = true;
  }

  #iterate(): AsyncIterator<readonly string[], undefined> {
    this.#beginReading();
    return {
      next: () => this.#next(),
      return: () => {
        this.#batches.length = 0;
        this.cancel('the reader left');
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #next(): Promise<NextLines> {
    const batch = this.#batches.shift();
    if (batch !== undefined) {
      if (!this.#ended) this.#owner.consumed(batch.count);
      return Promise.resolve({ done: false, value: batch.lines });
    }
    if (this.#ended) {
      const error = this.#error;
      this.#error = undefined;
      return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
    }
    if (this.#waiter !== undefined)
      throw new InvalidArgumentError('lines', 'must be read one after the other');
    this.#waiter = Promise.withResolvers<NextLines>();
    return this.#waiter.promise;
  }
}
