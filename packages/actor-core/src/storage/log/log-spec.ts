import { InvalidArgumentError } from '../../errors.ts';
import { optionNames, requireKnownOptions } from '../../known-options.ts';

/** What a log stores and for how long: the guarantees that its users build on. */
export interface LogSpec {
  readonly name: string;
  /** Subjects it stores, wildcards allowed. No two logs store the same subject. */
  readonly subjects: readonly string[];
  /** Newest records kept of each subject; 0 keeps all. @default 1 */
  readonly historyPerSubject?: number;
  /** Servers that keep a copy: 1, 3 or 5. @default 1 */
  readonly replicas?: number;
  /** Age after which a record is removed; 0 is never. @default 0 */
  readonly maxAgeMs?: number;
  /** Bytes of all records; 0 is no limit of this log. @default 0 */
  readonly maxBytes?: number;
  /** Bytes of one record; 0 is the limit of the bus alone. @default 0 */
  readonly maxRecordBytes?: number;
  /** What happens at `maxBytes`: the oldest records are removed, or new ones are refused. @default 'old' */
  readonly discard?: 'old' | 'new';
  /** `queue`: a record is removed once its consumer acknowledged it. @default 'limits' */
  readonly retention?: 'limits' | 'queue';
  /** Records may be appended for a later instant. @default false */
  readonly allowsDelay?: boolean;
  /** Records may have a time to live. @default false */
  readonly allowsTtl?: boolean;
  /**
   * How long a marker stays after the time to live of the newest record of a subject is over. 0 leaves no marker, and
   * followers are not informed of the end. Minimum 1_000. nats-server raises each time to live to this value when more
   * than one record is kept per subject (measured, 2.15.1). @default 0
   */
  readonly markerTtlMs?: number;
  /**
   * How long a message id is remembered, at most `maxAgeMs`. Longer than any writer repeats an attempt. Each id takes
   * some 100 bytes of the server's memory: at 20,000 writes a second 60 MB for 30 s. @default 30_000
   */
  readonly dedupeMs?: number;
  /** Prefix of the subjects on which each accepted record is announced to followers. @default none */
  readonly feed?: string;
  /** Announcements are without payloads. @default false */
  readonly feedHeadersOnly?: boolean;
  /**
   * Sequence of the first record of a new log. A number that grows from one creation to the next (the wall clock)
   * keeps the sequences of a log that was lost from being issued again. @default 1
   */
  readonly firstSequence?: number;
}

/** What bounds the records of a log. 0 is no limit. */
export type LogLimits = Required<Pick<LogSpec, 'maxAgeMs' | 'maxBytes'>>;

/** A spec with every field stated. */
export type FullLogSpec = Required<LogSpec>;

/** Facts about an existing log, from its leader. */
export interface LogInfo {
  readonly spec: FullLogSpec;
  /** Identity of the log: another value under the same name is another log (RFC 3339 instant of its creation). */
  readonly created: string;
  /** Sequence of the oldest record that is left; one above `lastSequence` where none is. */
  readonly firstSequence: number;
  /** Sequence of the newest record ever accepted; one below `spec.firstSequence` where there was none. */
  readonly lastSequence: number;
  readonly records: number;
  readonly bytes: number;
  /** Servers that have all records: below `spec.replicas` while a server is away or behind. */
  readonly copies: number;
  /** Instant of the answer by the server's wall clock, milliseconds since the epoch. */
  readonly answeredAtMs: number;
}

const specOptions = optionNames<LogSpec>({
  name: true,
  subjects: true,
  historyPerSubject: true,
  replicas: true,
  maxAgeMs: true,
  maxBytes: true,
  maxRecordBytes: true,
  discard: true,
  retention: true,
  allowsDelay: true,
  allowsTtl: true,
  markerTtlMs: true,
  dedupeMs: true,
  feed: true,
  feedHeadersOnly: true,
  firstSequence: true,
});

const defaultDedupeMs = 30_000;

/** Fields in which an existing log must agree with the spec. `firstSequence` concerns new logs only. */
const compared = [
  'historyPerSubject',
  'replicas',
  'maxAgeMs',
  'maxBytes',
  'maxRecordBytes',
  'discard',
  'retention',
  'allowsDelay',
  'allowsTtl',
  'markerTtlMs',
  'dedupeMs',
  'feed',
  'feedHeadersOnly',
] as const;

/** Fills in the defaults. @throws InvalidArgumentError for an unknown field or a contradiction, naming the field */
export function resolveLogSpec(spec: LogSpec): FullLogSpec {
  requireKnownOptions('spec', spec, specOptions);
  if (spec.subjects.length === 0) throw new InvalidArgumentError('spec.subjects', 'must name at least one');
  const markerTtlMs = spec.markerTtlMs ?? 0;
  if (markerTtlMs !== 0 && markerTtlMs < 1_000)
    throw new InvalidArgumentError('spec.markerTtlMs', 'must be 0 or at least 1000');
  if (markerTtlMs !== 0 && spec.allowsTtl !== true)
    throw new InvalidArgumentError('spec.markerTtlMs', 'needs allowsTtl');
  return {
    name: spec.name,
    subjects: spec.subjects,
    historyPerSubject: spec.historyPerSubject ?? 1,
    replicas: spec.replicas ?? 1,
    maxAgeMs: spec.maxAgeMs ?? 0,
    maxBytes: spec.maxBytes ?? 0,
    maxRecordBytes: spec.maxRecordBytes ?? 0,
    discard: spec.discard ?? 'old',
    retention: spec.retention ?? 'limits',
    allowsDelay: spec.allowsDelay ?? false,
    allowsTtl: spec.allowsTtl ?? false,
    markerTtlMs,
    dedupeMs: dedupeOf(spec),
    feed: spec.feed ?? '',
    feedHeadersOnly: spec.feedHeadersOnly ?? false,
    firstSequence: spec.firstSequence ?? 1,
  };
}

/** The server refuses to remember a message id for longer than the records live. */
function dedupeOf({ dedupeMs = defaultDedupeMs, maxAgeMs = 0 }: LogSpec): number {
  return maxAgeMs === 0 ? dedupeMs : Math.min(dedupeMs, maxAgeMs);
}

/** Does the existing log announce nothing, although the spec wants a feed? `ensure` adds the feed. */
export function lacksFeed(spec: LogSpec, existing: FullLogSpec): boolean {
  return (spec.feed ?? '') !== '' && existing.feed === '';
}

/**
 * Compares a spec with an existing log. Fields that the spec leaves out are not compared: an operator may have raised
 * the replicas.
 *
 * @throws InvalidArgumentError naming the first field in which they differ
 */
export function requireSameLog(spec: LogSpec, existing: FullLogSpec): void {
  const missing = spec.subjects.filter((subject) => !existing.subjects.includes(subject));
  if (missing.length > 0)
    throw new InvalidArgumentError(
      'spec.subjects',
      `differ from those of the existing log ${spec.name} (missing ${missing.join(', ')})`,
    );
  for (const field of compared) {
    const wanted = spec[field];
    if (wanted !== undefined && wanted !== existing[field])
      throw new InvalidArgumentError(
        `spec.${field}`,
        `is ${wanted}, but the existing log ${spec.name} has ${existing[field]}: ask for that, or change the log`,
      );
  }
}
