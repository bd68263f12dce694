import { InvalidArgumentError } from '../../errors.ts';
import { optionNames, requireKnownOptions } from '../../known-options.ts';
import type { LogSpec } from '../log/log-spec.ts';

/** What a bucket stores and for how long. */
export interface BucketSpec {
  readonly name: string;
  /** Newest values kept of each key. Keys with a time to live need 1. @default 1 */
  readonly history?: number;
  /** Age after which a value is removed, counted from its last write; 0 is never. @default 0 */
  readonly maxAgeMs?: number;
  /** Bytes of all values; a write beyond them is refused. 0 is no limit of this bucket. @default 0 */
  readonly maxBytes?: number;
  /** Bytes of one value. 0 is the limit of the bus alone. @default 0 */
  readonly maxValueBytes?: number;
  /** Servers that keep a copy: 1, 3 or 5. @default 1 */
  readonly replicas?: number;
  /** Prefix of the subjects on which changes are announced. @default none: the bucket cannot be watched */
  readonly feed?: string;
  /** As in `LogSpec`. @default 1 */
  readonly firstRevision?: number;
}

const specOptions = optionNames<BucketSpec>({
  name: true,
  history: true,
  maxAgeMs: true,
  maxBytes: true,
  maxValueBytes: true,
  replicas: true,
  feed: true,
  firstRevision: true,
});

/** How long a marker of an expired key stays, so that watchers that were disconnected see the end of the key. */
const markerTtlMs = 60_000;
const namePattern = /^[A-Za-z0-9_-]{1,128}$/;
const keyPattern = /^[-/_=A-Za-z0-9]+(\.[-/_=A-Za-z0-9]+)*$/;
const keyFilterPattern = /^(?:(?:[-/_=A-Za-z0-9]+|\*)\.)*(?:[-/_=A-Za-z0-9]+|\*|>)$/;

/** The log of a bucket. Names and headers are those of JetStream's key-value convention (ADR-8), for its tools. */
export function bucketLog(bucket: string): string {
  if (!namePattern.test(bucket))
    throw new InvalidArgumentError(
      'bucket',
      `must be 1 to 128 of A-Z a-z 0-9 _ - (got ${JSON.stringify(bucket)})`,
    );
  return `KV_${bucket}`;
}

/** Subject of a key. @throws InvalidArgumentError if it is not a valid key */
export function keySubject(bucket: string, key: string): string {
  if (!keyPattern.test(key))
    throw new InvalidArgumentError(
      'key',
      `must be tokens of A-Z a-z 0-9 - / _ = (got ${JSON.stringify(key)})`,
    );
  return `$KV.${bucket}.${key}`;
}

/** Subjects of the keys under a filter, in which `*` and a last `>` are wildcards. @throws InvalidArgumentError */
export function keyFilter(bucket: string, filter: string): string {
  if (!keyFilterPattern.test(filter))
    throw new InvalidArgumentError('filter', `is no key pattern (got ${JSON.stringify(filter)})`);
  return `$KV.${bucket}.${filter}`;
}

/** The key of a subject of the bucket. */
export function keyOf(bucket: string, subject: string): string {
  return subject.slice(`$KV.${bucket}.`.length);
}

/** The log that fulfils a bucket spec. @throws InvalidArgumentError for an unknown field */
export function bucketLogSpec(spec: BucketSpec): LogSpec {
  requireKnownOptions('spec', spec, specOptions);
  const { history = 1, maxAgeMs, maxBytes, maxValueBytes, replicas, feed, firstRevision } = spec;
  return {
    name: bucketLog(spec.name),
    subjects: [`$KV.${spec.name}.>`],
    historyPerSubject: history,
    discard: 'new',
    allowsTtl: true,
    // With more than one value for each key the server raises every time to live to that of the marker.
    ...(history === 1 ? { markerTtlMs } : {}),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(maxValueBytes === undefined ? {} : { maxRecordBytes: maxValueBytes }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(feed === undefined ? {} : { feed }),
    ...(firstRevision === undefined ? {} : { firstSequence: firstRevision }),
  };
}
