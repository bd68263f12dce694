import { parseInstant } from './jetstream-record.ts';
import type { FullLogSpec, LogInfo } from './log-spec.ts';

/** The part of a stream's configuration that a log decides (ADR-1 and later). */
export interface StreamConfig {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly max_msgs_per_subject: number;
  readonly num_replicas: number;
  readonly max_age: number;
  readonly duplicate_window: number;
  readonly max_bytes: number;
  readonly max_msg_size: number;
  readonly discard: 'old' | 'new';
  readonly retention: 'limits' | 'workqueue' | 'interest';
  readonly allow_msg_schedules?: boolean;
  readonly allow_msg_ttl?: boolean;
  readonly subject_delete_marker_ttl?: number;
  readonly republish?: { readonly src: string; readonly dest: string; readonly headers_only?: boolean };
  readonly first_seq?: number;
}

/** A reply of `STREAM.INFO` and `STREAM.CREATE`. */
export interface StreamInfo {
  readonly config: StreamConfig;
  readonly created: string;
  /** Instant of the reply, RFC 3339. */
  readonly ts?: string;
  /** Where it is; absent on a server without a cluster. */
  readonly cluster?: {
    readonly leader?: string;
    readonly replicas?: readonly { readonly current?: boolean; readonly offline?: boolean }[];
  };
  readonly state: {
    readonly messages: number;
    readonly bytes: number;
    readonly first_seq: number;
    readonly last_seq: number;
    /** Records by subject, where asked for. */
    readonly subjects?: Readonly<Record<string, number>>;
  };
}

const nanosecondsPerMs = 1_000_000;

/** The stream that fulfils a spec. */
export function streamConfigOf(spec: FullLogSpec): StreamConfig & Readonly<Record<string, unknown>> {
  return {
    name: spec.name,
    subjects: spec.subjects,
    max_msgs_per_subject: orUnlimited(spec.historyPerSubject),
    num_replicas: spec.replicas,
    max_age: spec.maxAgeMs * nanosecondsPerMs,
    max_bytes: orUnlimited(spec.maxBytes),
    max_msg_size: orUnlimited(spec.maxRecordBytes),
    discard: spec.discard,
    retention: spec.retention === 'queue' ? 'workqueue' : 'limits',
    storage: 'file',
    duplicate_window: spec.dedupeMs * nanosecondsPerMs,
    // A direct read may be answered by a replica that lags behind; decisions are never made on such a read (ADR-8).
    allow_direct: false,
    allow_atomic: true,
    allow_rollup_hdrs: true,
    ...(spec.allowsDelay ? { allow_msg_schedules: true } : {}),
    ...(spec.allowsTtl ? { allow_msg_ttl: true } : {}),
    ...(spec.markerTtlMs > 0 ? { subject_delete_marker_ttl: spec.markerTtlMs * nanosecondsPerMs } : {}),
    ...(spec.feed === '' ? {} : feedConfigOf(spec)),
    ...(spec.firstSequence === 1 ? {} : { first_seq: spec.firstSequence }),
  };
}

/** The part of the configuration that makes the server announce accepted records. */
export function feedConfigOf({
  feed,
  feedHeadersOnly,
}: Pick<FullLogSpec, 'feed' | 'feedHeadersOnly'>): Required<Pick<StreamConfig, 'republish'>> {
  return { republish: { src: '>', dest: `${feed}.>`, headers_only: feedHeadersOnly } };
}

/** The spec that an existing stream fulfils, and its state. */
export function logInfoOf({ config, created, ts, cluster, state }: StreamInfo): LogInfo {
  return {
    spec: {
      name: config.name,
      subjects: config.subjects,
      historyPerSubject: Math.max(0, config.max_msgs_per_subject),
      replicas: config.num_replicas,
      maxAgeMs: config.max_age / nanosecondsPerMs,
      maxBytes: Math.max(0, config.max_bytes),
      maxRecordBytes: Math.max(0, config.max_msg_size),
      discard: config.discard,
      retention: config.retention === 'workqueue' ? 'queue' : 'limits',
      allowsDelay: config.allow_msg_schedules ?? false,
      allowsTtl: config.allow_msg_ttl ?? false,
      markerTtlMs: (config.subject_delete_marker_ttl ?? 0) / nanosecondsPerMs,
      dedupeMs: config.duplicate_window / nanosecondsPerMs,
      feed: config.republish?.dest.replace(/\.>$/, '') ?? '',
      feedHeadersOnly: config.republish?.headers_only ?? false,
      firstSequence: config.first_seq ?? 1,
    },
    created,
    firstSequence: state.messages === 0 ? state.last_seq + 1 : state.first_seq,
    lastSequence: state.last_seq,
    records: state.messages,
    bytes: state.bytes,
    copies: copiesOf(cluster),
    answeredAtMs: parseInstant(ts ?? created),
  };
}

/** The server that answers is the leader, which has everything. */
function copiesOf(cluster: StreamInfo['cluster']): number {
  const followers = cluster?.replicas ?? [];
  return 1 + followers.filter(({ current, offline }) => current === true && offline !== true).length;
}

function orUnlimited(limit: number): number {
  return limit === 0 ? -1 : limit;
}
