import { createHash } from 'node:crypto';
import { OllamaError } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { sendNativeError } from '../http/reply.ts';
import type { Services } from '../services.ts';

const DIGEST = /^sha256[:-][0-9a-fA-F]{64}$/;

/** HEAD /api/blobs/:digest: whether a file with that digest is there. */
export function hasBlob(exchange: Exchange, services: Services): void {
  const digest = digestOf(exchange);
  if (!DIGEST.test(digest)) return exchange.send(400, null, '');
  exchange.send(isKnown(digest, services) ? 200 : 404, null, '');
}

/** POST /api/blobs/:digest: uploads a file, of which only the digest is kept. */
export async function uploadBlob(exchange: Exchange, services: Services): Promise<void> {
  const digest = digestOf(exchange);
  const refuse = (text: string): void => sendNativeError(exchange, new OllamaError(400, text), false);
  if (!DIGEST.test(digest)) return refuse('invalid digest format');
  if (isKnown(digest, services)) {
    exchange.request.resume();
    return exchange.send(200, null, '');
  }
  const hash = createHash('sha256');
  for await (const part of exchange.request) hash.update(part as Buffer);
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== digest) return refuse(`digest mismatch, expected "${digest}", got "${found}"`);
  services.disk.state.blobs = [...services.disk.state.blobs, digest];
  services.disk.save();
  exchange.send(201, null, '');
}

function digestOf({ path }: Exchange): string {
  return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
}

function isKnown(digest: string, { disk, modelStore }: Services): boolean {
  return (
    disk.state.blobs.includes(digest) || modelStore.list().some(({ blob }) => `sha256:${blob}` === digest)
  );
}
