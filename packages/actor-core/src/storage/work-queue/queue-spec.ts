import { InvalidArgumentError } from '../../errors.ts';
import { optionNames, requireKnownOptions } from '../../known-options.ts';
import type { LogSpec } from '../log/log-spec.ts';

/** How a queue is set up. */
export interface QueueSpec {
  /** 1 to 200 of A-Z a-z 0-9 _ -. No two queues of one log have the same name. */
  readonly name: string;
  /** Prefix of its subjects. */
  readonly prefix: string;
  /**
   * Prefix of the subjects on which accepted tasks are announced to waiting takers, without their bodies. Belongs to
   * the log: the queues of one log state the same feed.
   */
  readonly feed: string;
  /** The log that keeps the queue, where several queues share one. @default a log of its own, called `Q_{name}` */
  readonly sharedLog?: SharedQueueLog;
  /** Priorities, from 0 (first) to one less than this. @default 3 */
  readonly priorities?: number;
  /**
   * Consumers of a priority are created when it is used for the first time: by a `put` of this process, by an
   * announcement that a waiting taker hears, or by `usePriority`. Spares servers consumers that nobody needs. @default
   * false: all are created at once
   */
  readonly isLazy?: boolean;
  /** The log was created by another node, and this one may not create it. @default false */
  readonly opensLog?: boolean;
  /** Servers that keep a copy: 1, 3 or 5. @default that of the storage for a new log, any for an existing one */
  readonly replicas?: number;
  /** How long a task is leased where `take` states nothing. An existing queue keeps its own. @default 30_000 */
  readonly leaseMs?: number;
  /** Deliveries after which a task is dead, where `put` states nothing. @default 5 */
  readonly maxAttempts?: number;
  /** As in `LogSpec`. @default 1 */
  readonly firstSequence?: number;
}

/** A log that keeps several queues. */
export interface SharedQueueLog {
  readonly name: string;
  /** Prefix of the subjects of all its queues. */
  readonly prefix: string;
}

/** A spec with every field stated. */
export interface FullQueueSpec extends Required<Omit<QueueSpec, 'sharedLog' | 'replicas'>> {
  readonly replicas: number | undefined;
  readonly log: SharedQueueLog;
  /** Prefix of the names of its consumers: '' in a log of its own. */
  readonly consumerPrefix: string;
}

const specOptions = optionNames<QueueSpec>({
  name: true,
  prefix: true,
  feed: true,
  sharedLog: true,
  priorities: true,
  isLazy: true,
  opensLog: true,
  replicas: true,
  leaseMs: true,
  maxAttempts: true,
  firstSequence: true,
});

const namePattern = /^[A-Za-z0-9_-]{1,200}$/;
const maxPriorities = 10;
/** How long the id of a task that is done is refused. */
const dedupeMs = 120_000;

/** Where a task is: waiting in the partition of its priority, delayed, or dead. */
export type Partition = `p${number}` | 'later' | 'dead';

/** @throws InvalidArgumentError for an unknown field or an impossible value, naming the field */
export function resolveQueueSpec(spec: QueueSpec): FullQueueSpec {
  requireKnownOptions('spec', spec, specOptions);
  const { priorities = 3, leaseMs = 30_000, maxAttempts = 5 } = spec;
  if (!namePattern.test(spec.name))
    throw new InvalidArgumentError('spec.name', 'must be 1 to 200 of A-Z a-z 0-9 _ -');
  if (!Number.isInteger(priorities) || priorities < 1 || priorities > maxPriorities)
    throw new InvalidArgumentError('spec.priorities', `must be 1 to ${maxPriorities}`);
  if (!(leaseMs >= 100)) throw new InvalidArgumentError('spec.leaseMs', 'must be at least 100');
  if (!(maxAttempts >= 1)) throw new InvalidArgumentError('spec.maxAttempts', 'must be at least 1');
  const {
    name,
    prefix,
    feed,
    sharedLog,
    replicas,
    firstSequence = 1,
    isLazy = false,
    opensLog = false,
  } = spec;
  const log = sharedLog ?? { name: `Q_${name}`, prefix };
  const consumerPrefix = sharedLog === undefined ? '' : `${name}_`;
  return {
    name,
    prefix,
    feed,
    log,
    consumerPrefix,
    priorities,
    isLazy,
    opensLog,
    replicas,
    leaseMs,
    maxAttempts,
    firstSequence,
  };
}

/**
 * The log that fulfils a queue spec. It has no limit of bytes: nats-server refuses scheduled messages in a stream that
 * refuses new ones when it is full (2.15.1), and a queue must never discard an accepted task.
 */
export function queueLogSpec(spec: FullQueueSpec): LogSpec {
  return {
    name: spec.log.name,
    subjects: [`${spec.log.prefix}.>`],
    historyPerSubject: 0,
    retention: 'queue',
    allowsDelay: true,
    dedupeMs,
    feed: spec.feed,
    feedHeadersOnly: true,
    ...(spec.replicas === undefined ? {} : { replicas: spec.replicas }),
    firstSequence: spec.firstSequence,
  };
}

/** Partitions whose tasks are taken, the first priority first. */
export function priorityPartitions({ priorities }: FullQueueSpec): Partition[] {
  return Array.from({ length: priorities }, (_, priority): Partition => `p${priority}`);
}

/** Priority of a task where `put` states none: the middle one. */
export function defaultPriority({ priorities }: FullQueueSpec): number {
  return Math.floor(priorities / 2);
}

/** The priority whose tasks wait in the partition; undefined for the other partitions. */
export function priorityIn(partition: Partition): number | undefined {
  return partition.startsWith('p') ? Number(partition.slice(1)) : undefined;
}

/** All partitions. */
export function allPartitions(spec: FullQueueSpec): Partition[] {
  return [...priorityPartitions(spec), 'later', 'dead'];
}

/** Name of the consumer of a partition. */
export function consumerOf({ consumerPrefix }: FullQueueSpec, partition: Partition): string {
  return `${consumerPrefix}${partition}`;
}

/** Subject of a task in a partition. @throws InvalidArgumentError if it is not a valid id */
export function taskSubject(spec: FullQueueSpec, partition: Partition | '*', id: string): string {
  if (!namePattern.test(id))
    throw new InvalidArgumentError('id', `must be 1 to 200 of A-Z a-z 0-9 _ - (got ${JSON.stringify(id)})`);
  return `${spec.prefix}.${partition}.${id}`;
}

/** Subjects of all tasks in a partition. */
export function partitionFilter(spec: FullQueueSpec, partition: Partition | '*'): string {
  return `${spec.prefix}.${partition}.*`;
}

/** Partition and task id of a subject. */
export function placeOf(
  spec: FullQueueSpec,
  subject: string,
): { readonly partition: Partition; readonly id: string } {
  const [partition = '', id = ''] = subject.slice(spec.prefix.length + 1).split('.');
  return { partition: partition as Partition, id };
}
