import { createZstdDecompress } from 'node:zlib';
import { RequestFailure } from '../errors.ts';
import type { Exchange } from './exchange.ts';
import { onDisconnectHeader } from './on-disconnect.ts';
import { type JsonLimits, JsonShape } from './json-shape.ts';

/** Ollama's own limit for the size of a decompressed body. */
const maxDecompressedBytes = 20 * 1024 * 1024;

export interface BodyLimits extends JsonLimits {
  readonly maxBodyBytes: number;
  readonly maxHeldBytes: number;
}

/** Memory limits: of the bodies of all running requests and their whole answers together, and of each body. */
export class BodyBudget {
  readonly limits: BodyLimits;
  #heldBytes = 0;

  constructor(limits: BodyLimits) {
    this.limits = limits;
  }

  /** @throws RequestFailure 503 if all held bytes together would exceed the limit */
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
 * Reads the body of a request. Its bytes count against `budget` until the exchange is closed.
 *
 * @throws RequestFailure 413 if the body is too large (before a byte is read, if its length is announced) or its JSON
 *   is too complex; 503 if all requests together hold too much or too many requests are served; 408 if it arrives too
 *   slowly; 400 if the client breaks off
 */
export async function readBody(
  exchange: Exchange,
  budget: BodyBudget,
  options: BodyOptions = {},
): Promise<Buffer> {
  const shape = new JsonShape(budget.limits);
  return await readBytes(exchange, budget, (chunk) => shape.take(chunk), options);
}

/** Reads a body that is not JSON, as `readBody` does. @throws RequestFailure as `readBody` */
export async function readPlainBody(exchange: Exchange, budget: BodyBudget): Promise<Buffer> {
  return await readBytes(exchange, budget, () => {});
}

export interface BodyOptions {
  /**
   * True: if less than the announced body arrives, that part is the body. Go's decoder does not read beyond the first
   * JSON value: a complete value is served, and for an incomplete one the decoder reports what is missing.
   * @default false
   */
  readonly takesShort?: boolean;
}

async function readBytes(
  exchange: Exchange,
  budget: BodyBudget,
  inspect: (chunk: Buffer) => void,
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
    exchange.limit?.bodyProgressed(exchange, size);
    inspect(chunk);
  });
  exchange.limit?.bodyArrived(exchange);
  if (exchange.header(onDisconnectHeader) !== undefined) exchange.sentBody = body;
  return body;
}

/**
 * Reads a body as `readBody` does, for the routes where Ollama accepts zstd compression.
 *
 * @throws RequestFailure as `readBody`, with the decompressed bytes counted too; 400 if the body is not zstd or becomes
 *   too large
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

/**
 * Returns a function that reports the current size of a growing buffer to `budget`, until the exchange is closed. The
 * function throws what the budget throws.
 */
export function holdFor(
  exchange: Pick<Exchange, 'closed' | 'isGone'>,
  budget: BodyBudget,
): (bytes: number) => void {
  let held = 0;
  void exchange.closed.then(() => budget.release(held));
  return (bytes) => {
    if (exchange.isGone) throw broken();
    budget.take(bytes - held);
    held = bytes;
  };
}

/** Decompresses piece by piece, so that a small body that expands too much is refused early. */
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

/** @param grown called with the size so far and the new chunk; may throw to stop the reading */
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
    // This listener stays after the promise has settled: a late error of the socket must not become an uncaught error.
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
