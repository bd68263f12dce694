import { InvalidArgumentError } from '../../errors.ts';
import { optionNames, requireKnownOptions } from '../../known-options.ts';
import type { LogSpec } from '../log/log-spec.ts';

/** What a bucket of blobs stores and for how long. */
export interface BlobBucketSpec {
  readonly name: string;
  /** Age after which a blob is removed; 0 is never. @default 0 */
  readonly maxAgeMs?: number;
  /** Bytes of all blobs; a write beyond them is refused. 0 is no limit of this bucket. @default 0 */
  readonly maxBytes?: number;
  /** Bytes of one blob. A limit of the process that writes; an existing bucket is not compared. @default 64 MiB */
  readonly maxBlobBytes?: number;
  /** Servers that keep a copy: 1, 3 or 5. @default 1 */
  readonly replicas?: number;
  /**
   * Longest time of one upload. Chunks of an upload that is older are removed. The same in all processes. Minimum
   * 1_000. @default 600_000
   */
  readonly uploadTimeoutMs?: number;
  /** As in `LogSpec`. @default 1 */
  readonly firstSequence?: number;
}

const specOptions = optionNames<BlobBucketSpec>({
  name: true,
  maxAgeMs: true,
  maxBytes: true,
  maxBlobBytes: true,
  replicas: true,
  uploadTimeoutMs: true,
  firstSequence: true,
});

/** Bytes of one chunk, as the object store of JetStream has by default. */
export const chunkBytes: number = 128 * 1024;
const bucketPattern = /^[A-Za-z0-9_-]{1,64}$/;
const maxNameLength = 200;
const digestPrefix = 'sha256-';

/** The limits that the writing process keeps. */
export interface BlobLimits {
  readonly maxAgeMs: number;
  readonly maxBlobBytes: number;
  readonly uploadTimeoutMs: number;
}

/** Fills in the defaults. @throws InvalidArgumentError naming the field */
export function blobLimits(spec: BlobBucketSpec): BlobLimits {
  requireKnownOptions('spec', spec, specOptions);
  const { maxAgeMs = 0, maxBlobBytes = 64 * 1024 * 1024, uploadTimeoutMs = 600_000 } = spec;
  if (!(Number.isSafeInteger(maxBlobBytes) && maxBlobBytes > 0))
    throw new InvalidArgumentError('spec.maxBlobBytes', 'must be an integer above 0');
  if (!(uploadTimeoutMs >= 1_000))
    throw new InvalidArgumentError('spec.uploadTimeoutMs', 'must be at least 1000');
  return { maxAgeMs, maxBlobBytes, uploadTimeoutMs };
}

/** The log of a bucket. */
export function blobLog(bucket: string): string {
  if (!bucketPattern.test(bucket))
    throw new InvalidArgumentError(
      'bucket',
      `must be 1 to 64 of A-Z a-z 0-9 _ - (got ${JSON.stringify(bucket)})`,
    );
  return `OBJ_${bucket}`;
}

/** The log that fulfils a spec: chunks (C), descriptions (M) and uploads (U; Drover's addition) of the bucket. */
export function blobLogSpec(spec: BlobBucketSpec): LogSpec {
  const { name, maxAgeMs, maxBytes, replicas, firstSequence } = spec;
  return {
    name: blobLog(name),
    subjects: [`$O.${name}.C.>`, `$O.${name}.M.>`, `$O.${name}.U.>`],
    historyPerSubject: 0,
    discard: 'new',
    allowsTtl: true,
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(firstSequence === undefined ? {} : { firstSequence }),
  };
}

/** Subject of the chunks of one upload. */
export function chunkSubject(bucket: string, upload: string): string {
  return `$O.${bucket}.C.${upload}`;
}

/** Subject of the record that says what became of an upload. */
export function uploadSubject(bucket: string, upload: string): string {
  return `$O.${bucket}.U.${upload}`;
}

/** The upload of such a subject. */
export function uploadOf(bucket: string, subject: string): string {
  return subject.slice(`$O.${bucket}.U.`.length);
}

/** Subject of the description of the blob with that name. */
export function descriptionSubject(bucket: string, name: string): string {
  // As the object store's tools encode it: base64 for URLs, padded.
  const encoded = Buffer.from(name, 'utf8').toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  return `$O.${bucket}.M.${encoded}`;
}

/** Name of an immutable blob. */
export function nameOfDigest(digest: string): string {
  return `${digestPrefix}${digest}`;
}

/** @throws InvalidArgumentError for a name that a caller may not choose */
export function requireBlobName(name: string): void {
  if (name.length === 0 || name.length > maxNameLength || hasControlCharacter(name))
    throw new InvalidArgumentError(
      'name',
      `must be 1 to ${maxNameLength} characters without control characters (got ${JSON.stringify(name)})`,
    );
  if (name.startsWith(digestPrefix))
    throw new InvalidArgumentError('name', `must not begin with ${digestPrefix}: these blobs are immutable`);
}

function hasControlCharacter(name: string): boolean {
  return Array.from(name).some((character) => character < ' ' || character === '\u007f');
}
