import { createZstdDecompress } from 'node:zlib';
import { RequestFailure } from '../errors.ts';
import type { Exchange } from './exchange.ts';
import { type JsonLimits, JsonShape } from './json-shape.ts';

/** Ollama's own limit for what a compressed body may become. */
const maxDecompressedBytes = 20 * 1024 * 1024;

export interface BodyLimits extends JsonLimits {
  readonly maxBodyBytes: number;
  readonly maxHeldBytes: number;
}

/** What the bodies of all running requests and their whole answers may take together, and each body alone. */
export class BodyBudget {
  readonly limits: BodyLimits;
  #heldBytes = 0;

  constructor(limits: BodyLimits) {
    this.limits = limits;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** @throws RequestFailure 503 when everything held together becomes too much */
  take(bytes: number): void {
    const { maxHeldBytes } = this.limits;
    if (this.#heldBytes + bytes > maxHeldBytes) {
      const message = `the gateway holds ${this.#heldBytes} bytes of requests and answers, maxHeldBytes is ${maxHeldBytes}`;
      throw new RequestFailure(503, 'gateway-full', message, { retryAfterMs: 1_000 });
    }
    this.#heldBytes += bytes;
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}

/**
 * The request's body; its bytes count against `budget` until the exchange is over.
 *
 * @throws RequestFailure 413 before a byte is read, where the client says how much it is going to send, else as soon
 *   as too much came or its JSON is too complex; 503 when there is too much of all requests, or as many as may be are
 *   served already; 408 when it came too slowly; 400 when the client broke off
 */
export async function readBody(
  exchange: Exchange,
  budget: BodyBudget,
  options: BodyOptions = {},
): Promise<Buffer> {
  const shape = new JsonShape(budget.limits);
  return await readBytes(exchange, budget, (chunk) => shape.take(chunk), options);
}

export interface BodyOptions {
  /**
   * True: what came of a body shorter than announced is the body. Go's decoder does not look beyond the first JSON
   * value, so a whole value in it is answered, and the decoder says what is missing in another. @default false
   */
  readonly takesShort?: boolean;
}

async function readBytes(
  exchange: Exchange,
  budget: BodyBudget,
  look: (chunk: Buffer) => void,
  { takesShort = false }: BodyOptions = {},
): Promise<Buffer> {
  const { request } = exchange;
  const { maxBodyBytes } = budget.limits;
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge(maxBodyBytes);
  const grown = holdFor(exchange, budget);
  exchange.awaitBody();
  const body = await collect(exchange, takesShort, (size, chunk) => {
    if (size > maxBodyBytes) throw tooLarge(maxBodyBytes);
    grown(size);
    exchange.place?.progressed(exchange, size);
    look(chunk);
  });
  exchange.place?.arrived(exchange);
  return body;
}

/**
 * The same, for the routes where Ollama takes a zstd body.
 *
 * @throws RequestFailure as `readBody`, what it becomes counted too; 400 for what is no zstd or becomes too large
 */
export async function readCompressibleBody(
  exchange: Exchange,
  budget: BodyBudget,
  options: BodyOptions = {},
): Promise<Buffer> {
  if (exchange.header('content-encoding') !== 'zstd') return await readBody(exchange, budget, options);
  const bytes = await readBytes(exchange, budget, () => {});
  const grown = holdFor(exchange, budget);
  const shape = new JsonShape(budget.limits);
  return await decompress(bytes, (size, piece) => {
    if (size > maxDecompressedBytes) throw badEncoding('http: request body too large');
    grown(size);
    shape.take(piece);
  });
}

/** Counts something that grows against `budget` until the exchange is over; throws what the budget throws. */
export function holdFor(exchange: Exchange, budget: BodyBudget): (bytes: number) => void {
  let held = 0;
  void exchange.closed.then(() => budget.release(held));
  return (bytes) => {
    if (exchange.isGone) throw broken();
    budget.take(bytes - held);
    held = bytes;
  };
}

/** Piece by piece, so that a small body that becomes a large one is refused before it is large. */
async function decompress(bytes: Buffer, grown: (size: number, piece: Buffer) => void): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    const inflating = createZstdDecompress();
    inflating.end(bytes);
    for await (const piece of inflating) {
      size += (piece as Buffer).length;
      grown(size, piece as Buffer);
      pieces.push(piece as Buffer);
    }
  } catch (error) {
    throw error instanceof RequestFailure ? error : badEncoding('failed to decompress zstd body', error);
  }
  return Buffer.concat(pieces);
}

/** @param grown is told the size so far and throws to stop */
async function collect(
  exchange: Exchange,
  takesShort: boolean,
  grown: (size: number, chunk: Buffer) => void,
): Promise<Buffer> {
  const { request } = exchange;
  return await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let offBroken: (() => void) | undefined;
    const finish = (settle: () => void): void => {
      request.off('data', onData);
      request.off('end', onEnd);
      request.off('close', onBroken);
      offBroken?.();
      settle();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      try {
        grown(size, chunk);
        chunks.push(chunk);
      } catch (error) {
        request.pause();
        finish(() => reject(error));
      }
    };
    const onEnd = (): void =>
      finish(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const onCut = (failure: RequestFailure): void =>
      takesShort && size > 0 && failure.status === 400 ? onEnd() : finish(() => reject(failure));
    const onBroken = (): void => finish(() => reject(broken()));
    request.on('data', onData);
    request.once('end', onEnd);
    offBroken = exchange.onBodyBroken(onCut);
    request.once('close', onBroken);
    // Stays after settling: a late error of the socket must not become an uncaught one.
    request.on('error', onBroken);
  });
}

function tooLarge(limitBytes: number): RequestFailure {
  return new RequestFailure(
    413,
    'body-too-large',
    `http: request body too large: the limit is ${limitBytes} bytes`,
  );
}

function broken(): RequestFailure {
  return new RequestFailure(400, 'body-broken', 'unexpected EOF');
}

function badEncoding(message: string, cause?: unknown): RequestFailure {
  return new RequestFailure(400, 'bad-encoding', message, { cause });
}
