import { RequestFailure } from '../errors.ts';
import { type BodyBudget, holdFor } from './body.ts';
import type { Exchange } from './exchange.ts';

/** Bytes that a streamed body and what is made of it take in memory, whatever its length. */
const streamHeldBytes = 4 * 1024 * 1024;

/**
 * The body of a request in parts, read as fast as they are consumed. To be read once. Its memory counts against
 * `budget` until the exchange is closed.
 *
 * @throws RequestFailure 413 `value-too-large` if it has more than `maxBytes` (before a byte is read, if its length is
 *   announced); 503, 408 and 400 as `readBody`
 */
export async function* streamBody(
  exchange: Exchange,
  budget: BodyBudget,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  const announced = Number(exchange.request.headers['content-length'] ?? Infinity);
  if (announced !== Infinity && announced > maxBytes) throw tooLarge(maxBytes);
  holdFor(exchange, budget)(Math.min(announced, streamHeldBytes));
  exchange.awaitBody();
  const arrival = new BodyArrival(exchange);
  try {
    let size = 0;
    for (let part = await arrival.next(); part !== undefined; part = await arrival.next()) {
      size += part.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      exchange.limit?.bodyProgressed(exchange, Math.min(size, streamHeldBytes));
      yield part;
    }
    exchange.limit?.bodyArrived(exchange);
  } finally {
    arrival.stop();
  }
}

/** Parts of a body that have arrived. The socket is paused while one waits. */
class BodyArrival {
  readonly #exchange: Exchange;
  readonly #parts: Buffer[] = [];
  readonly #offBroken: () => void;
  #isEnded = false;
  #failure: RequestFailure | undefined;
  #wake: () => void = () => {};

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    const { request } = exchange;
    request.on('data', this.#onData);
    request.once('end', this.#onEnd);
    request.once('close', this.#onClose);
    // This listener stays: a late error of the socket must not become an uncaught error.
    request.on('error', this.#onClose);
    this.#offBroken = exchange.onBodyBroken((failure) => this.#fail(failure));
  }

  /** The next part; undefined after the last one. @throws RequestFailure */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const part = this.#parts.shift();
      if (part !== undefined) return part;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isEnded) return undefined;
      this.#exchange.request.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  stop(): void {
    const { request } = this.#exchange;
    request.off('data', this.#onData);
    request.off('end', this.#onEnd);
    request.off('close', this.#onClose);
    this.#offBroken();
    if (!this.#isEnded) request.pause();
  }

  readonly #onData = (part: Buffer): void => {
    this.#parts.push(part);
    this.#exchange.request.pause();
    this.#wake();
  };

  readonly #onEnd = (): void => {
    this.#isEnded = true;
    this.#wake();
  };

  readonly #onClose = (): void => {
    if (!this.#isEnded) this.#fail(new RequestFailure(400, 'body-broken', 'unexpected EOF'));
  };

  #fail(failure: RequestFailure): void {
    this.#failure ??= failure;
    this.#wake();
  }
}

function tooLarge(maxBytes: number): RequestFailure {
  return new RequestFailure(413, 'value-too-large', `the value exceeds the limit of ${maxBytes} bytes`);
}
