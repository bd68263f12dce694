import { z } from 'zod';
import { decodeRecord, encodeRecord } from './record-codec.ts';

/**
 * The durable truth about one agent: the newest record of `control('agents', 'agent', slot)`. The key of
 * idempotency lives in it, so that an agent and its key can never be recorded one without the other.
 */
export interface AgentRecord {
  readonly v: 1;
  readonly id: string;
  /** Token of its subject. A stopped agent's slot is used again when all are taken, which bounds the stream. */
  readonly slot: number;
  readonly type: string;
  readonly name: string;
  /** '' = decided at the first task. */
  readonly model: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly life: 'active' | 'stopped';
  /** 1 for the first life, +1 each time it is brought back. */
  readonly incarnation: number;
  /** Where this life is, or was meant to be. */
  readonly node: string;
  readonly nodeIncarnation: number;
  readonly createdAtMs: number;
  /** Idempotency key of its spawn. */
  readonly key: string;
  /** The request as it was asked for, in one spelling: the same key must come with the same. */
  readonly request: string;
}

const schema: z.ZodType<AgentRecord> = z.object({
  v: z.literal(1),
  id: z.string(),
  slot: z.number().int().min(0),
  type: z.string(),
  name: z.string(),
  model: z.string(),
  options: z.record(z.string(), z.unknown()),
  life: z.enum(['active', 'stopped']),
  incarnation: z.number().int().min(1),
  node: z.string(),
  nodeIncarnation: z.number(),
  createdAtMs: z.number(),
  key: z.string(),
  request: z.string(),
});

export function encodeAgentRecord(record: AgentRecord): Uint8Array {
  return encodeRecord(record);
}

/** @throws RecordUnreadableError naming the subject */
export function decodeAgentRecord(subject: string, payload: Uint8Array): AgentRecord {
  return decodeRecord(subject, payload, schema);
}
