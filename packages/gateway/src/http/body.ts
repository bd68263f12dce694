import type { IncomingMessage } from 'node:http';
import { RequestFailure } from '../errors.ts';

/** @throws RequestFailure 413 before a byte is read, where the client says how much it is going to send */
export function refuseAnnouncedBody(request: IncomingMessage, limitBytes: number): void {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes) throw tooLarge(limitBytes);
}

/**
 * The request's body.
 *
 * @throws RequestFailure 413 as soon as more than `limitBytes` came; 400 when the client broke off
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  refuseAnnouncedBody(request, limitBytes);
  return await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (settle: () => void): void => {
      request.off('data', onData);
      request.off('end', onEnd);
      request.off('close', onBroken);
      request.off('error', onBroken);
      settle();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limitBytes) {
        request.pause();
        finish(() => reject(tooLarge(limitBytes)));
      } else chunks.push(chunk);
    };
    const onEnd = (): void =>
      finish(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const onBroken = (): void =>
      finish(() => reject(new RequestFailure(400, 'body-broken', 'unexpected EOF')));
    request.on('data', onData);
    request.once('end', onEnd);
    request.once('close', onBroken);
    // Kept after settling as a no-op: a late socket error must not become an uncaught one.
    request.on('error', onBroken);
    request.on('error', () => undefined);
  });
}

function tooLarge(limitBytes: number): RequestFailure {
  return new RequestFailure(
    413,
    'body-too-large',
    `http: request body too large: the limit is ${limitBytes} bytes`,
  );
}
