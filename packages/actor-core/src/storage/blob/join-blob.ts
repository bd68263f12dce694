import type { BlobReading } from './blob.ts';

/** The content of a blob in one piece. @throws BlobDamagedError */
export async function joinBlob({ entry, chunks }: BlobReading): Promise<Uint8Array> {
  const whole = new Uint8Array(entry.bytes);
  let at = 0;
  for await (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
