import { z } from 'zod';
import { RecordUnreadableError } from '../errors.ts';
import { decodeRecord } from '../records/record-codec.ts';
import type { LogRecord } from '../storage/log/log.ts';

/**
 * The newest record of the subject `own` of an entity: which activation owns the entity. Its sequence is the fence of
 * that activation. JSON, so that any NATS tool shows it; fields are only added.
 */
export interface OwnerRecord {
  readonly v: 1;
  readonly type: string;
  readonly key: string;
  /** Node and incarnation that took the entity. */
  readonly node: string;
  readonly incarnation: number;
  /** Epoch of the view that the node decided on; 0 where epochs of different nodes cannot be compared. */
  readonly epoch: number;
  /** Counts the activations of the entity, from 1. */
  readonly activation: number;
  readonly state: OwnerState;
  /** Wall clock milliseconds at which the record was written, for people. */
  readonly atMs: number;
}

/**
 * `active`: owned and running · `moving`: given up so that another node takes it · `passive`: given up until the next
 * message · `removed`: its records are deleted; the next message begins it anew.
 */
export type OwnerState = 'active' | 'moving' | 'passive' | 'removed';

/** The owner of an entity, as it was read. */
export interface OwnerSeen {
  /** Sequence of the record; 0 where there is none. */
  readonly sequence: number;
  /** Undefined where there is none, and where the record cannot be read. */
  readonly record: OwnerRecord | undefined;
}

const schema = z.object({
  v: z.literal(1),
  type: z.string(),
  key: z.string(),
  node: z.string(),
  incarnation: z.number(),
  epoch: z.number(),
  activation: z.number(),
  state: z.enum(['active', 'moving', 'passive', 'removed']),
  atMs: z.number(),
});

/** What a record of the log says. An unreadable one protects its entity as a fence, and names no owner. */
export function ownerOf(record: LogRecord | undefined): OwnerSeen {
  if (record === undefined) return { sequence: 0, record: undefined };
  const { sequence, subject, payload } = record;
  try {
    return { sequence, record: decodeRecord(subject, payload, schema) };
  } catch (error) {
    if (!(error instanceof RecordUnreadableError)) throw error;
    return { sequence, record: undefined };
  }
}
