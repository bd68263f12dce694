import { BlobDamagedError } from '../../errors.ts';
import type { Log, LogRecord } from '../log/log.ts';
import { type BlobDescription, chunkSequences } from './blob-description.ts';
import { blobLog, chunkSubject } from './blob-spec.ts';
import { ContentHash } from './content-hash.ts';

/** Chunks that are read at once, and held in memory. */
const chunksInFlight = 8;

/**
 * The content of a blob, checked. At most `chunksInFlight` chunks are in memory.
 *
 * @throws BlobDamagedError after the last chunk, or where one is missing
 */
export async function* readBlob(
  log: Log,
  bucket: string,
  description: BlobDescription,
): AsyncGenerator<Uint8Array> {
  const { name, digest, bytes, chunks } = description.entry;
  const hash = new ContentHash();
  let seenBytes = 0;
  let seenChunks = 0;
  for await (const chunk of chunksOf(log, bucket, description)) {
    hash.add(chunk);
    seenBytes += chunk.length;
    seenChunks++;
    // Stops before more is delivered than the blob has.
    if (seenBytes > bytes) throw new BlobDamagedError(bucket, name, 'wrong-digest');
    yield chunk;
  }
  if (seenChunks < chunks || seenBytes < bytes) throw new BlobDamagedError(bucket, name, 'missing-chunks');
  if (hash.digest() !== digest) throw new BlobDamagedError(bucket, name, 'wrong-digest');
}

/** By the sequences in the description; where those do not lead to the chunks, by their subject. */
async function* chunksOf(log: Log, bucket: string, description: BlobDescription): AsyncGenerator<Uint8Array> {
  const { places, upload, entry } = description;
  const subject = chunkSubject(bucket, upload);
  const sequences = places === undefined ? [] : chunkSequences(places, entry.revision);
  let yielded = 0;
  for (let at = 0; at < sequences.length; at += chunksInFlight) {
    const some = sequences.slice(at, at + chunksInFlight);
    const records = await Promise.all(some.map((sequence) => log.read(blobLog(bucket), sequence)));
    if (!records.every((record) => record?.subject === subject)) break;
    for (const { payload } of records as LogRecord[]) {
      yielded++;
      yield payload;
    }
  }
  // A store that was restored from a backup, or a blob of another program: the sequences are others, or not stated.
  if (yielded < entry.chunks) yield* searchChunks(log, bucket, subject, yielded);
}

async function* searchChunks(
  log: Log,
  bucket: string,
  subject: string,
  skipped: number,
): AsyncGenerator<Uint8Array> {
  let index = 0;
  for (let from = 1; ; ) {
    const page = await log.readForward(blobLog(bucket), { from, filter: subject, limit: chunksInFlight });
    for (const { payload } of page.records) if (index++ >= skipped) yield payload;
    if (page.isEnd) return;
    from = page.next;
  }
}
