import { InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { TenantClass } from '../transport/tenants.ts';

/** Limits and defaults of the durable queues, as one node applies them. */
export interface QueueOptions {
  /** Bytes of the body of one message. @default 1 MiB less 16 KiB, or what the bus carries less 16 KiB */
  readonly maxBodyBytes?: number;
  /**
   * Messages of one queue in all states, dead ones included. A `put` beyond them is refused. Other nodes may exceed it
   * by what they put within a second. @default 1_000_000
   */
  readonly maxMessages?: number;
  /** Bytes of all queues of a class of tenants. A `put` beyond them is refused, as above. @default 10 GiB */
  readonly maxBytes?: number;
  /** Queues of one tenant. @default 1_000 */
  readonly maxQueues?: number;
  /** How long a message is leased where `take` states nothing. An existing queue keeps its own. @default 30_000 */
  readonly leaseMs?: number;
  /** Deliveries after which a message is dead, where `put` states nothing. @default 5 */
  readonly maxAttempts?: number;
  /** Delay before the second delivery of a message that was given back without a delay. @default 200 */
  readonly backoffMs?: number;
  /** Longest such delay: it doubles with each delivery. @default 30_000 */
  readonly backoffMaxMs?: number;
  /** Class of a tenant, which decides about the stream of its queues. All nodes must agree. @default 'standard' */
  readonly classOf?: (tenant: string) => TenantClass;
  /** Whether this node creates the streams. Others wait until they exist. @default whether it has the role `host` */
  readonly createsStreams?: boolean;
}

export type FullQueueOptions = Required<Omit<QueueOptions, 'createsStreams'>>;

const names = optionNames<QueueOptions>({
  maxBodyBytes: true,
  maxMessages: true,
  maxBytes: true,
  maxQueues: true,
  leaseMs: true,
  maxAttempts: true,
  backoffMs: true,
  backoffMaxMs: true,
  classOf: true,
  createsStreams: true,
});

const mebibyte = 1024 * 1024;
/** Headers, subject and the frame of a message beside its body. */
const frameBytes = 16_384;
/** Bounds of a lease: half a day at most. */
export const leaseBounds: { readonly minMs: number; readonly maxMs: number } = {
  minMs: 100,
  maxMs: 12 * 3_600_000,
};
/** Longest delay of a message: a year. */
export const maxDelayMs: number = 365 * 24 * 3_600_000;
/** Most deliveries that a message may ask for. */
export const maxMaxAttempts = 1_000;
/** Highest priority of a message; 0 is the lowest, and the default. */
export const maxPriority = 9;
/** Most messages of one `take`, `dead` or `replay`. */
export const maxPerCall = 1_000;

/** Fills in the defaults. @throws InvalidArgumentError naming the option */
export function resolveQueueOptions(options: QueueOptions, maxPayloadBytes: number): FullQueueOptions {
  requireKnownOptions('options', options, names);
  const largest = Math.max(1, maxPayloadBytes - frameBytes);
  const resolved: FullQueueOptions = {
    maxBodyBytes: options.maxBodyBytes ?? Math.min(mebibyte - frameBytes, largest),
    maxMessages: options.maxMessages ?? 1_000_000,
    maxBytes: options.maxBytes ?? 10 * 1024 * mebibyte,
    maxQueues: options.maxQueues ?? 1_000,
    leaseMs: options.leaseMs ?? 30_000,
    maxAttempts: options.maxAttempts ?? 5,
    backoffMs: options.backoffMs ?? 200,
    backoffMaxMs: options.backoffMaxMs ?? 30_000,
    classOf: options.classOf ?? (() => 'standard'),
  };
  requireBetween('maxBodyBytes', resolved.maxBodyBytes, 1, largest);
  requireBetween('leaseMs', resolved.leaseMs, leaseBounds.minMs, leaseBounds.maxMs);
  requireBetween('maxAttempts', resolved.maxAttempts, 1, maxMaxAttempts);
  requireBetween('backoffMaxMs', resolved.backoffMaxMs, resolved.backoffMs, maxDelayMs);
  for (const field of ['maxMessages', 'maxBytes', 'maxQueues', 'backoffMs'] as const)
    requireBetween(field, resolved[field], field === 'backoffMs' ? 0 : 1, Number.MAX_SAFE_INTEGER);
  return resolved;
}

/** @throws InvalidArgumentError unless it is a whole number within the bounds */
export function requireBetween(field: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new InvalidArgumentError(field, `must be a whole number from ${min} to ${max} (got ${value})`);
}
