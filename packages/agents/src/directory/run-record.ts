import { z } from 'zod';
import type { RunView } from '../agents-client.ts';
import { type RunOutcome, runOutcomeSchema } from '../protocol/run-outcome.ts';
import { decodeRecord, encodeRecord } from './record-codec.ts';

/** The durable truth about one run: the newest record of `control('agents', 'run', slot)`. */
export interface RunRecord {
  readonly v: 1;
  readonly runId: string;
  /** Token of its subject. The oldest settled run's slot is used again when all are taken. */
  readonly slot: number;
  /** Order of the runs' beginnings over all leaders. */
  readonly ordinal: number;
  readonly agentId: string;
  /** Life of the agent that has it in hand. */
  readonly incarnation: number;
  readonly node: string;
  /** Kept while it is running, so that a new leader can hand it over again. */
  readonly input?: string | undefined;
  readonly timeoutMs?: number | undefined;
  /** Undefined while it is running. */
  readonly outcome?: RunOutcome | undefined;
}

const schema: z.ZodType<RunRecord> = z.object({
  v: z.literal(1),
  runId: z.string(),
  slot: z.number().int().min(0),
  ordinal: z.number().int().min(0),
  agentId: z.string(),
  incarnation: z.number().int(),
  node: z.string(),
  input: z.string().optional(),
  timeoutMs: z.number().optional(),
  outcome: runOutcomeSchema.optional(),
});

export function encodeRunRecord(record: RunRecord): Uint8Array {
  return encodeRecord(record);
}

/** @throws RecordUnreadableError naming the subject */
export function decodeRunRecord(subject: string, payload: Uint8Array): RunRecord {
  return decodeRecord(subject, payload, schema);
}

export function runView(record: RunRecord): RunView {
  const { runId, agentId, node, outcome } = record;
  if (outcome === undefined) return { runId, agentId, node, status: 'running' };
  if (outcome.status === 'completed') {
    return { runId, agentId, node, status: 'completed', output: outcome.output, usage: outcome.usage };
  }
  return { runId, agentId, node, status: 'failed', error: { code: outcome.code, message: outcome.message } };
}
