import type { Clock } from '@drover/actor-core';
import { RequestFailure } from '../errors.ts';
import { KeptStream } from './kept-stream.ts';

/** Who may read an answer again. */
export interface Owner {
  readonly keyId: string;
  readonly tenant: string;
}

/** A request whose client may leave. */
export interface KeptRequest {
  readonly stream: KeptStream;
  /** Aborted when nobody has read for too long. */
  readonly signal: AbortSignal;
  /** Forgets the answer. */
  end(how: 'over' | 'left'): void;
  /**
   * Resolves when the answer is not kept here any more. `over`: nobody read it for too long · `left`: this gateway
   * stops.
   */
  readonly forgotten: Promise<'over' | 'left'>;
  /** A reader comes. Returns the function that it calls when it leaves. */
  attach(): () => void;
}

/** Answers that are kept at the same time. */
const maxKept = 1_000;

/** The request ids in use at this gateway, and the answers that are kept for clients that left. */
export class KeptStreams {
  readonly #clock: Clock;
  /** How many requests have each id. */
  readonly #running = new Map<string, number>();
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Takes an id for a request. Returns the function that gives it back. Requests that are not kept may share an id.
   *
   * @throws RequestFailure 409 while a kept request has the id, and for a request to keep whose id any other has
   */
  claim(requestId: string, isToKeep: boolean): () => void {
    const others = this.#running.get(requestId) ?? 0;
    if (this.#kept.has(requestId) || (isToKeep && others > 0))
      throw new RequestFailure(409, 'request-id-in-use', `another request has the id ${requestId}`);
    this.#running.set(requestId, others + 1);
    return () => {
      const left = (this.#running.get(requestId) ?? 1) - 1;
      if (left > 0) this.#running.set(requestId, left);
      else this.#running.delete(requestId);
    };
  }

  /** Keeps the answer to a request until nobody has read it for `keepMs`. @throws RequestFailure 503 for too many */
  keep(requestId: string, owner: Owner, keepMs: number, isResumed = false): KeptRequest {
    if (this.#kept.size >= maxKept)
      throw new RequestFailure(503, 'gateway-full', `${maxKept} answers are kept here`, {
        retryAfterMs: 1_000,
      });
    const forget = () => this.#kept.delete(requestId);
    const kept = new Kept({ clock: this.#clock, owner, keepMs, isResumed }, forget);
    this.#kept.set(requestId, kept);
    return kept;
  }

  /** Undefined for an answer that is not kept, or is of another key. */
  find(requestId: string, owner: Owner): KeptRequest | undefined {
    const kept = this.#kept.get(requestId);
    return kept?.owner.keyId === owner.keyId && kept.owner.tenant === owner.tenant ? kept : undefined;
  }

  /** Ends what is kept here. The requests go on at their hosts, for the gateway to which their clients come back. */
  close(): void {
    for (const kept of this.#kept.values()) kept.end('left');
  }
}

class Kept implements KeptRequest {
  readonly stream: KeptStream;
  readonly owner: Owner;
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #onForgotten: () => void;
  readonly #abort = new AbortController();
  readonly #forgotten = Promise.withResolvers<'over' | 'left'>();
  #readers = 0;
  #timer: { cancel(): void } | undefined;

  constructor(
    {
      clock,
      owner,
      keepMs,
      isResumed,
    }: {
      readonly clock: Clock;
      readonly owner: Owner;
      readonly keepMs: number;
      readonly isResumed: boolean;
    },
    onForgotten: () => void,
  ) {
    this.stream = new KeptStream(isResumed);
    this.#clock = clock;
    this.owner = owner;
    this.#keepMs = keepMs;
    this.#onForgotten = onForgotten;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get forgotten(): Promise<'over' | 'left'> {
    return this.#forgotten.promise;
  }

  attach(): () => void {
    this.#readers += 1;
    this.#timer?.cancel();
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      this.#readers -= 1;
      if (this.#readers === 0) this.#timer = this.#clock.setTimer(this.#keepMs, () => this.end('over'));
    };
  }

  end(how: 'over' | 'left'): void {
    this.#timer?.cancel();
    this.#onForgotten();
    if (how === 'over')
      this.#abort.abort(new Error('nobody read the answer for the time that was asked for'));
    this.stream.end();
    this.#forgotten.resolve(how);
  }
}
