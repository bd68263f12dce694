import type { LogRecord } from '../log/log.ts';
import type { BlobEntry } from './blob.ts';

/** Where the chunks of a blob are, beside their subject: reading them by sequence needs no search. */
export interface ChunkPlaces {
  /** First sequence and number of chunks with consecutive sequences. */
  readonly runs: readonly (readonly [first: number, count: number])[];
  /** Chunks in the batch of the description itself: how far before its sequence they begin, and their number. */
  readonly tail: readonly [before: number, count: number];
}

/** The description of a blob, as it is stored. */
export interface BlobDescription {
  /** The upload that stored its chunks. */
  readonly upload: string;
  readonly places: ChunkPlaces | undefined;
  readonly entry: BlobEntry;
}

/** What a description says. */
export interface Described {
  readonly bucket: string;
  readonly name: string;
  readonly upload: string;
  readonly digest: string;
  readonly bytes: number;
  readonly chunks: number;
  readonly chunkBytes: number;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly expiresAtMs: number | undefined;
  readonly places: ChunkPlaces;
}

/** JSON of a description in JetStream's object store (ADR-20). The field `drover` is ours; it only grows. */
interface ObjectInfo {
  readonly name: string;
  readonly bucket: string;
  readonly nuid: string;
  readonly size: number;
  readonly chunks: number;
  /** `SHA-256=` and the digest in padded base64 for URLs. */
  readonly digest?: string;
  readonly deleted?: boolean;
  readonly options?: { readonly max_chunk_size?: number };
  readonly metadata?: Readonly<Record<string, string>>;
  readonly drover?: {
    readonly expiresAtMs?: number;
    readonly runs?: ChunkPlaces['runs'];
    readonly tail?: ChunkPlaces['tail'];
  };
}

const digestPrefix = 'SHA-256=';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeDescription(described: Described): Uint8Array {
  const { name, bucket, upload, digest, bytes, chunks, metadata, expiresAtMs, places } = described;
  const info: ObjectInfo = {
    name,
    bucket,
    nuid: upload,
    size: bytes,
    chunks,
    digest: `${digestPrefix}${padded(Buffer.from(digest, 'hex'))}`,
    options: { max_chunk_size: described.chunkBytes },
    ...(metadata === undefined ? {} : { metadata }),
    drover: { ...places, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) },
  };
  return encoder.encode(JSON.stringify(info));
}

/** The description that says: there is no blob of this name any more. */
export function encodeRemoval(bucket: string, name: string, upload: string): Uint8Array {
  const info: ObjectInfo = { name, bucket, nuid: upload, size: 0, chunks: 0, deleted: true };
  return encoder.encode(JSON.stringify(info));
}

/** Undefined for a removal, and for what is no description. */
export function decodeDescription(record: LogRecord): BlobDescription | undefined {
  const info = parse(record.payload);
  if (info === undefined || info.deleted === true) return undefined;
  const { name, nuid: upload, size, chunks, digest = '', metadata = {}, drover } = info;
  return {
    upload,
    places: drover?.tail === undefined ? undefined : { runs: drover.runs ?? [], tail: drover.tail },
    entry: {
      name,
      digest: Buffer.from(digest.slice(digestPrefix.length), 'base64url').toString('hex'),
      bytes: size,
      chunks,
      revision: record.sequence,
      storedAtMs: record.acceptedAtMs,
      expiresAtMs: drover?.expiresAtMs,
      metadata,
    },
  };
}

/** Sequences of all chunks, in order. */
export function chunkSequences({ runs, tail }: ChunkPlaces, revision: number): number[] {
  const [before, count] = tail;
  const all: readonly (readonly [number, number])[] = [...runs, [revision - before, count]];
  return all.flatMap(([first, length]) => Array.from({ length }, (_, index) => first + index));
}

function padded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

function parse(payload: Uint8Array): ObjectInfo | undefined {
  try {
    const info = JSON.parse(decoder.decode(payload)) as Partial<ObjectInfo> | null;
    const isDescription =
      typeof info?.name === 'string' &&
      typeof info.bucket === 'string' &&
      Number.isSafeInteger(info.size) &&
      Number.isSafeInteger(info.chunks);
    return isDescription ? (info as ObjectInfo) : undefined;
  } catch {
    return undefined;
  }
}
