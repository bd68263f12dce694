import { InvalidArgumentError } from '@drover/actor-core';
import type { FleetError } from '../errors.ts';
import type { FleetCall, FleetHead } from './fleet-client.ts';

/** What a call asks of its session. */
export interface CallOwner {
  /** The consumer took lines worth `count` numbers. */
  consumed(count: number): void;
  cancel(reason: string): void;
  /** The call ended: nothing more will be asked. Called once. */
  ended(): void;
}

interface Batch {
  readonly lines: readonly string[];
  readonly count: number;
}

type NextLines = IteratorResult<readonly string[], undefined>;

/**
 * The caller's half of a session: a head promise and a queue of lines. The queue needs no bound of its own, since
 * the session grants credit only for what left it.
 */
export class PendingCall implements FleetCall {
  readonly head: Promise<FleetHead>;
  readonly lines: AsyncIterable<readonly string[]>;
  readonly #owner: CallOwner;
  readonly #resolveHead: (head: FleetHead) => void;
  readonly #rejectHead: (error: FleetError) => void;
  readonly #batches: Batch[] = [];
  #waiter: PromiseWithResolvers<NextLines> | undefined;
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
    // A caller that only reads `lines` must not bring the process down: they throw the same error.
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

  /** For the session: the first byte is here. */
  begin(head: FleetHead): void {
    this.#headResolved = true;
    this.#resolveHead(head);
  }

  /** For the session: the next lines in order. True when the consumer was waiting for them and has taken them. */
  push(lines: readonly string[], count: number): boolean {
    if (this.#waiter === undefined) {
      this.#batches.push({ lines, count });
      return false;
    }
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter.resolve({ done: false, value: lines });
    return true;
  }

  /** For the session: nothing more will come. What was pushed before is still read first. */
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
  }

  #iterate(): AsyncIterator<readonly string[], undefined> {
    if (this.#iterated) throw new InvalidArgumentError('lines', 'may be iterated once');
    this.#iterated = true;
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
