import { decodeRecord, type RecordKind } from '@drover/actor-core/internal';
import { z } from 'zod';
import { agentsGroup } from '../protocol/limits.ts';

/**
 * The durable state of one agent: the newest record of `control('agents', 'agent', slot)`. It holds the idempotency
 * key of its spawn, so that agent and key are always recorded together.
 */
export interface AgentRecord {
  readonly v: 1;
  readonly id: string;
  /** Token of the record's subject. The slot of a stopped agent is reused when all are taken. */
  readonly slot: number;
  readonly type: string;
  readonly name: string;
  /** Name of the model; '' if it is chosen at the first task. */
  readonly model: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** `stopped`: stopped permanently at the request of a client. */
  readonly life: 'active' | 'stopped';
  /** The spawn was told as failed before the record was durable. Nobody may see the agent. */
  readonly withdrawn?: true | undefined;
  /** 1 for the first incarnation, +1 with each further owner. */
  readonly incarnation: number;
  /** Host of this incarnation; '' before the first one. */
  readonly node: string;
  readonly nodeIncarnation: number;
  /**
   * Sequence of the owner record of the agent's entity under which the host runs it. Absent before the first
   * incarnation, and in records of 0.3.0, whose leader chose the host.
   */
  readonly owner?: number | undefined;
  readonly createdAtMs: number;
  /** Absent for the tenant `default`. */
  readonly tenant?: string | undefined;
  /** Idempotency key of the spawn. */
  readonly key: string;
  /** The spawn request in canonical form, to check that a repeated key comes with the same request. */
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
  withdrawn: z.literal(true).optional(),
  incarnation: z.number().int().min(1),
  node: z.string(),
  nodeIncarnation: z.number(),
  owner: z.number().int().min(0).optional(),
  createdAtMs: z.number(),
  tenant: z.string().optional(),
  key: z.string(),
  request: z.string(),
});

export const agentRecords: RecordKind<AgentRecord> = {
  group: agentsGroup,
  name: 'agent',
  decode: (subject, payload) => decodeRecord(subject, payload, schema),
};
