import type { IncomingMessage } from 'node:http';
import { RequestFailure } from '../errors.ts';

export interface RequestLimits {
  readonly maxConcurrentRequests: number;
  readonly maxHeldBytes: number;
}

/** The part of an exchange that the limit uses. */
export interface LimitedRequest {
  readonly request: IncomingMessage;
  setHeader(name: string, value: string): void;
  /** Ends the wait for the rest of the body; the request is answered with `failure`. */
  breakBody(failure: RequestFailure): void;
}

/**
 * Bounds the requests that are served at once. A request counts only when its body has arrived: a client that sends a
 * head and one byte blocks no other client. Bodies that are still arriving are bounded by the number of open
 * connections and by half of the bytes that may be held. Above this bound, the request whose body has made no progress
 * for the longest time is ended.
 */
export class RequestLimit {
  readonly #limits: RequestLimits;
  readonly #served = new Set<LimitedRequest>();
  /** Received bytes of each arriving body. The body without progress for the longest time is first. */
  readonly #arriving = new Map<LimitedRequest, number>();
  #arrivingBytes = 0;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  /**
   * Handles a request's head. Without a body the request counts at once; with a body it is refused before the body is
   * sent if the limit is reached.
   *
   * @throws RequestFailure 503
   */
  enter(request: LimitedRequest): void {
    if (!hasBody(request.request)) return this.#serve(request);
    this.#refuseWhenFull();
    this.#arriving.set(request, 0);
  }

  /** Records the received bytes of the body. */
  bodyProgressed(request: LimitedRequest, bytes: number): void {
    const known = this.#arriving.get(request);
    if (known === undefined) return;
    this.#arrivingBytes += bytes - known;
    this.#arriving.delete(request);
    this.#arriving.set(request, bytes);
    while (this.#arrivingBytes > this.#maxArrivingBytes && this.#arriving.size > 1) this.endSlowestBody();
  }

  /**
   * The body has arrived: the request counts from now on.
   *
   * @throws RequestFailure 503
   */
  bodyArrived(request: LimitedRequest): void {
    if (this.#forget(request)) this.#serve(request);
  }

  leave(request: LimitedRequest): void {
    this.#forget(request);
    this.#served.delete(request);
  }

  /** Ends the request whose body has made no progress for the longest time; false if no body is arriving. */
  endSlowestBody(): boolean {
    const [slowest] = this.#arriving.keys();
    if (slowest === undefined) return false;
    this.#forget(slowest);
    const message = 'the request body arrived too slowly while other requests needed its place';
    slowest.setHeader('Connection', 'close');
    slowest.breakBody(new RequestFailure(408, 'body-timeout', message));
    return true;
  }

  /** Largest number of bytes of arriving bodies. The other bytes are for the requests that are served. */
  get #maxArrivingBytes(): number {
    return this.#limits.maxHeldBytes / 2;
  }

  #forget(request: LimitedRequest): boolean {
    const bytes = this.#arriving.get(request);
    if (bytes === undefined) return false;
    this.#arrivingBytes -= bytes;
    return this.#arriving.delete(request);
  }

  #serve(request: LimitedRequest): void {
    this.#refuseWhenFull();
    this.#served.add(request);
  }

  #refuseWhenFull(): void {
    const { size } = this.#served;
    if (size >= this.#limits.maxConcurrentRequests)
      throw new RequestFailure(503, 'gateway-full', `the gateway serves ${size} requests already`, {
        retryAfterMs: 1_000,
      });
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
