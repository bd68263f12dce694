import type { IncomingMessage } from 'node:http';
import { RequestFailure } from '../errors.ts';
import type { Exchange } from './exchange.ts';

export interface PlaceLimits {
  readonly maxConcurrentRequests: number;
  readonly maxHeldBytes: number;
}

/**
 * Bounds the requests that are served at once. A request takes a place only when its body has arrived: a client that
 * sends a head and one byte blocks no other client. Bodies that are still arriving are bounded by the open connections
 * and by half of the bytes that may be held; above that, the body without progress for the longest time is ended.
 */
export class RequestPlaces {
  readonly #limits: PlaceLimits;
  readonly #inside = new Set<Exchange>();
  /** Received bytes of each arriving body, longest without progress first. */
  readonly #arriving = new Map<Exchange, number>();
  #arrivingBytes = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  get inside(): number {
    return this.#inside.size;
  }

  get arriving(): number {
    return this.#arriving.size;
  }

  /** Most bytes of arriving bodies: requests that are served need the rest. */
  get maxArrivingBytes(): number {
    return this.#limits.maxHeldBytes / 2;
  }

  /**
   * Handles a request's head. Without a body the request has arrived; with a body it is refused before the body is sent
   * when all places are taken.
   *
   * @throws RequestFailure 503
   */
  enter(exchange: Exchange): void {
    if (!hasBody(exchange.request)) return this.#take(exchange);
    this.#refuseWhenFull();
    this.#arriving.set(exchange, 0);
  }

  /** Notes the received bytes of the body. */
  progressed(exchange: Exchange, bytes: number): void {
    const known = this.#arriving.get(exchange);
    if (known === undefined) return;
    this.#arrivingBytes += bytes - known;
    this.#arriving.delete(exchange);
    this.#arriving.set(exchange, bytes);
    while (this.#arrivingBytes > this.maxArrivingBytes && this.#arriving.size > 1) this.giveUpSlowest();
  }

  /**
   * The body has arrived: takes a place.
   *
   * @throws RequestFailure 503
   */
  arrived(exchange: Exchange): void {
    if (this.#forget(exchange)) this.#take(exchange);
  }

  leave(exchange: Exchange): void {
    this.#forget(exchange);
    this.#inside.delete(exchange);
  }

  /** Ends the request whose body has made no progress for longest; false where none is arriving. */
  giveUpSlowest(): boolean {
    const [slowest] = this.#arriving.keys();
    if (slowest === undefined) return false;
    this.#forget(slowest);
    const message = 'the request body came too slowly while others needed its place';
    slowest.setHeader('Connection', 'close');
    slowest.breakBody(new RequestFailure(408, 'body-timeout', message));
    return true;
  }

  #forget(exchange: Exchange): boolean {
    const bytes = this.#arriving.get(exchange);
    if (bytes === undefined) return false;
    this.#arrivingBytes -= bytes;
    return this.#arriving.delete(exchange);
  }

  #take(exchange: Exchange): void {
    this.#refuseWhenFull();
    this.#inside.add(exchange);
  }

  #refuseWhenFull(): void {
    const { size } = this.#inside;
    if (size >= this.#limits.maxConcurrentRequests)
      throw new RequestFailure(503, 'gateway-full', `the gateway serves ${size} requests already`, {
        retryAfterMs: 1_000,
      });
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
