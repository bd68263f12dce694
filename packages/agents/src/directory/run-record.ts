import { decodeRecord, type RecordKind } from '@drover/actor-core/internal';
import { type RequestPrincipal, requestPrincipalSchema } from '@drover/fleet';
import { z } from 'zod';
import type { RunView } from '../agents-client.ts';
import { type RunOutcome, runOutcomeSchema } from '../protocol/run-outcome.ts';
import { agentsGroup } from '../protocol/limits.ts';

/** The durable state of one run: the newest record of `control('agents', 'run', slot)`. */
export interface RunRecord {
  readonly v: 1;
  readonly runId: string;
  /** Token of the record's subject. The slot of the run that ended first is reused when all are taken. */
  readonly slot: number;
  /** Number of the run in order of start, over all leaders. */
  readonly ordinal: number;
  readonly agentId: string;
  /** Incarnation of the agent that executes the run. */
  readonly incarnation: number;
  readonly node: string;
  /** Tenant of the agent; absent for the tenant `default`. */
  readonly tenant?: string | undefined;
  /** Kept while the run is active, so that a new leader can dispatch it again. */
  readonly input?: string | undefined;
  readonly timeoutMs?: number | undefined;
  /** Wall clock milliseconds at which `timeoutMs` is over. Kept as long as that. Absent in records of 0.3.0. */
  readonly deadlineAtMs?: number | undefined;
  /** Who gave the run. Absent in records of 0.3.0. */
  readonly principal?: RequestPrincipal | undefined;
  /** Undefined until the run has ended. */
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
  tenant: z.string().optional(),
  input: z.string().optional(),
  timeoutMs: z.number().optional(),
  deadlineAtMs: z.number().optional(),
  principal: requestPrincipalSchema.optional(),
  outcome: runOutcomeSchema.optional(),
});

export const runRecords: RecordKind<RunRecord> = {
  group: agentsGroup,
  name: 'run',
  decode: (subject, payload) => decodeRecord(subject, payload, schema),
};

export function runView(record: RunRecord): RunView {
  const { runId, agentId, node, outcome, tenant } = record;
  const facts = { runId, agentId, node, ...(tenant !== undefined && { tenant }) };
  if (outcome === undefined) return { ...facts, status: 'running' };
  if (outcome.status === 'completed') {
    return { ...facts, status: 'completed', output: outcome.output, usage: outcome.usage };
  }
  return { ...facts, status: 'failed', error: { code: outcome.code, message: outcome.message } };
}
