import { type StoreProof, wireArray } from '@drover/actor-core/internal';
import type { ActorRef } from '@drover/actor-core';
import { z } from 'zod';
import type { AgentMetrics, AgentView, RunView } from '../agents-client.ts';
import type { AgentsErrorCode } from '../errors.ts';
import { countSchema, idSchema, pageSize } from './limits.ts';

/** Answers of the directory to clients. Kinds and fields may be added to the protocol, never removed. */
export type DirectoryAnswer =
  | { readonly kind: 'agent'; readonly agent: AgentView }
  /** Recorded, but not yet running: ask again with the same key. */
  | { readonly kind: 'pending'; readonly agent: AgentView }
  | { readonly kind: 'agents'; readonly agents: readonly AgentView[]; readonly more: boolean }
  | { readonly kind: 'submitted'; readonly runId: string }
  | { readonly kind: 'metrics'; readonly metrics: AgentMetrics }
  | { readonly kind: 'run'; readonly run: RunView }
  | {
      readonly kind: 'error';
      readonly code: AgentsErrorCode;
      readonly message: string;
      readonly field?: string | undefined;
      readonly retryAfterMs: number;
    }
  | { readonly kind: 'proof'; readonly proof: StoreProof }
  /** The store accepted the newest write. */
  | { readonly kind: 'well' }
  /** Nothing was done: this node does not lead, or has not yet read the records. `trouble`: the reason, if known. */
  | {
      readonly kind: 'not-leader';
      readonly trouble?: { readonly code: AgentsErrorCode; readonly message: string } | undefined;
    };

export type AnswerRef = ActorRef<DirectoryAnswer>;

/** Accepts every text, so that codes of later versions are passed on to the caller. */
const codeSchema = z.string() as unknown as z.ZodType<AgentsErrorCode>;

const agentViewSchema: z.ZodType<AgentView> = z.object({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  model: z.string(),
  status: z.enum(['starting', 'ready', 'busy', 'lost', 'stopped', 'failed']),
  node: z.string(),
  incarnation: z.number(),
  createdAt: z.string(),
  tenant: z.string().optional(),
});

const runViewSchema: z.ZodType<RunView> = z.object({
  runId: z.string(),
  agentId: z.string(),
  status: z.enum(['running', 'completed', 'failed']),
  output: z.string().optional(),
  usage: z
    .object({ promptTokens: z.number(), completionTokens: z.number(), durationMs: z.number() })
    .optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  node: z.string(),
  tenant: z.string().optional(),
});

const metricsSchema: z.ZodType<AgentMetrics> = z.object({
  id: z.string(),
  runs: z.object({
    running: countSchema,
    completed: countSchema,
    failed: countSchema,
    failedBy: z.record(z.string(), countSchema),
  }),
  tokens: z.object({ prompt: z.number(), completion: z.number() }),
  durationMs: z.object({ mean: z.number(), p50: z.number(), p95: z.number(), max: z.number() }).nullable(),
  restarts: countSchema,
  keptRuns: countSchema,
});

const proofSchema: z.ZodType<StoreProof> = z.object({
  ok: z.boolean(),
  code: z.string().optional(),
  message: z.string().optional(),
  node: z.string(),
  term: z.number(),
  fence: z.number(),
  stream: z.string(),
  writeMs: z.number(),
  readMs: z.number(),
  usedBytes: z.number().optional(),
  limitBytes: z.number().optional(),
  lostAt: z.string().optional(),
});

/** Checked by the asker; an answer that does not match counts as no answer. */
export const directoryAnswerSchema: z.ZodType<DirectoryAnswer> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('agent'), agent: agentViewSchema }),
  z.object({ kind: z.literal('pending'), agent: agentViewSchema }),
  z.object({ kind: z.literal('agents'), agents: wireArray(agentViewSchema, pageSize), more: z.boolean() }),
  z.object({ kind: z.literal('submitted'), runId: idSchema }),
  z.object({ kind: z.literal('run'), run: runViewSchema }),
  z.object({ kind: z.literal('metrics'), metrics: metricsSchema }),
  z.object({
    kind: z.literal('error'),
    code: codeSchema,
    message: z.string(),
    field: z.string().optional(),
    retryAfterMs: z.number(),
  }),
  z.object({ kind: z.literal('well') }),
  z.object({ kind: z.literal('proof'), proof: proofSchema }),
  z.object({
    kind: z.literal('not-leader'),
    trouble: z.object({ code: codeSchema, message: z.string() }).optional(),
  }),
]);
