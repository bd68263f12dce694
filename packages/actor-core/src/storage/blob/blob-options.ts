import { InvalidArgumentError } from '../../errors.ts';
import { optionNames, requireKnownOptions } from '../../known-options.ts';
import type { PutBlobOptions } from './blob.ts';

const putOptions = optionNames<PutBlobOptions & { readonly revision?: number }>({
  ttlMs: true,
  metadata: true,
  signal: true,
  revision: true,
});
const maxMetadataBytes = 16 * 1024;

/** @throws InvalidArgumentError naming the option */
export function checkMetadata(options: PutBlobOptions): void {
  requireKnownOptions('options', options, putOptions);
  const { ttlMs, metadata } = options;
  if (ttlMs !== undefined && !(ttlMs >= 1_000))
    throw new InvalidArgumentError('options.ttlMs', 'must be at least 1000');
  if (metadata !== undefined && JSON.stringify(metadata).length > maxMetadataBytes)
    throw new InvalidArgumentError('options.metadata', `must be at most ${maxMetadataBytes} bytes of JSON`);
}

/** When a blob counts as removed. Its chunks, which are written from `beginMs` on, are there until then. */
export function expiryOf(beginMs: number, maxAgeMs: number, ttlMs: number | undefined): number | undefined {
  const livesMs = Math.min(maxAgeMs === 0 ? Infinity : maxAgeMs, ttlMs ?? Infinity);
  return livesMs === Infinity ? undefined : beginMs + livesMs;
}

/** Does a blob that is there last for (nearly) as long as a new one would? */
export function livesLongEnough(
  presentMs: number | undefined,
  wantedMs: number | undefined,
  nowMs: number,
): boolean {
  if (presentMs === undefined) return true;
  if (wantedMs === undefined) return false;
  return presentMs - nowMs >= 0.9 * (wantedMs - nowMs);
}
