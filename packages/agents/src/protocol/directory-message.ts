import type { ActorRef } from '@drover/actor-core';
import { actorRefSchema } from '@drover/actor-core/cluster';
import { wireArray } from '@drover/actor-core/internal';
import { z } from 'zod';
import type { AgentView, RunView, StoreProof } from '../agents-client.ts';
import type { AgentsErrorCode } from '../errors.ts';
import {
  countSchema,
  idSchema,
  incarnationSchema,
  maxKeyChars,
  maxModelChars,
  maxNameChars,
  textSchema,
} from './limits.ts';
import type { ManagerMessage } from './manager-message.ts';
import { type RunOutcome, runOutcomeSchema } from './run-outcome.ts';

/** Path of the directory on every host; only the leader's answers with more than `not-leader`. */
export const directoryPath: string = 'agents-registry';

/** What to spawn, as the client wrote it. */
export interface SpawnSpec {
  readonly type: string;
  readonly name?: string | undefined;
  readonly model?: string | undefined;
  readonly options?: Record<string, unknown> | undefined;
}

/** How an agent is, as its host says. */
export type ReportedState = 'ready' | 'busy' | 'failed';

/** One agent that a host runs. */
export interface HostedAgent {
  readonly id: string;
  readonly incarnation: number;
  readonly state: ReportedState;
  /** '' until decided. */
  readonly model: string;
  /** Recorded runs it was given and whose end the leader has not confirmed. */
  readonly runs: readonly string[];
}

/** The end of a run, on its way into the record. */
export interface RunReport {
  readonly runId: string;
  readonly agentId: string;
  readonly incarnation: number;
  readonly node: string;
  readonly outcome: RunOutcome;
}

/** What clients ask of the directory. Repeating any of it does no harm. The table only grows. */
export type DirectoryRequest =
  | {
      readonly kind: 'spawn';
      readonly key: string;
      readonly spec: SpawnSpec;
      readonly waitMs: number;
      readonly replyTo: AnswerRef;
    }
  /** Agents in the order of their ids, a page of them after `after`. */
  | { readonly kind: 'list'; readonly after: string; readonly replyTo: AnswerRef }
  | { readonly kind: 'get'; readonly id: string; readonly replyTo: AnswerRef }
  | { readonly kind: 'stop'; readonly id: string; readonly replyTo: AnswerRef }
  | {
      readonly kind: 'submit';
      readonly id: string;
      readonly runId: string;
      readonly input: string;
      readonly timeoutMs: number;
      readonly replyTo: AnswerRef;
    }
  | { readonly kind: 'run'; readonly runId: string; readonly replyTo: AnswerRef }
  /** Write a record under the fence and read it back, now. */
  | { readonly kind: 'prove'; readonly replyTo: AnswerRef }
  /** Ask for the known state of the records: answered with `well`, an `error`, or `not-leader` with details. */
  | { readonly kind: 'health'; readonly replyTo: AnswerRef };

/** What hosts, and askers of lost tasks, tell the directory. */
export type DirectoryReport =
  | (HostStamp & { readonly kind: 'activated'; readonly id: string; readonly incarnation: number })
  | (HostStamp & {
      readonly kind: 'not-activated';
      readonly id: string;
      readonly incarnation: number;
      readonly reason: string;
    })
  | (HostStamp & { readonly kind: 'dispatched'; readonly runId: string })
  | (HostStamp & {
      readonly kind: 'inventory';
      readonly survey: number;
      readonly page: number;
      readonly pages: number;
      readonly agents: readonly HostedAgent[];
    })
  | (HostStamp & { readonly kind: 'states'; readonly agents: readonly Omit<HostedAgent, 'runs'>[] })
  /** Repeated by `replyTo` until acknowledged; without one it is said once. */
  | {
      readonly kind: 'settle';
      readonly run: RunReport;
      readonly replyTo?: ActorRef<ManagerMessage> | undefined;
    };

export interface HostStamp {
  readonly node: string;
  readonly nodeIncarnation: number;
}

export type DirectoryMessage = DirectoryRequest | DirectoryReport;

export type DirectoryAnswer =
  | { readonly kind: 'agent'; readonly agent: AgentView }
  /** Recorded, not yet running: ask again with the same key. */
  | { readonly kind: 'pending'; readonly agent: AgentView }
  | { readonly kind: 'agents'; readonly agents: readonly AgentView[]; readonly more: boolean }
  | { readonly kind: 'submitted'; readonly runId: string }
  | { readonly kind: 'run'; readonly run: RunView }
  | {
      readonly kind: 'error';
      readonly code: AgentsErrorCode;
      readonly message: string;
      readonly field?: string | undefined;
      readonly retryAfterMs: number;
    }
  | { readonly kind: 'proof'; readonly proof: StoreProof }
  | { readonly kind: 'well' }
  /** Nothing was done: this node does not lead, or has not yet read the records. `trouble`: the reason, where known. */
  | {
      readonly kind: 'not-leader';
      readonly trouble?: { readonly code: AgentsErrorCode; readonly message: string } | undefined;
    };

export type AnswerRef = ActorRef<DirectoryAnswer>;

/** Agents of one `agents` answer, and of one inventory page. */
export const pageSize: number = 200;

const runIdSchema = idSchema;
const replyTo = actorRefSchema<DirectoryAnswer>();
const stateSchema = z.enum(['ready', 'busy', 'failed']);
const stamp = { node: idSchema, nodeIncarnation: z.number() };
const hostedSchema = {
  id: idSchema,
  incarnation: incarnationSchema,
  state: stateSchema,
  model: z.string().max(maxModelChars),
};

const specSchema = z.object({
  type: z.string().max(64),
  name: z.string().max(maxNameChars).optional(),
  model: z.string().max(maxModelChars).optional(),
  options: z.record(z.string(), z.unknown()).optional(),
});

const runReportSchema: z.ZodType<RunReport> = z.object({
  runId: runIdSchema,
  agentId: idSchema,
  incarnation: incarnationSchema,
  node: z.string().max(64),
  outcome: runOutcomeSchema,
});

export const directoryMessageSchema: z.ZodType<DirectoryMessage> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('spawn'),
    key: z
      .string()
      .min(1)
      .max(maxKeyChars + 2),
    spec: specSchema,
    waitMs: z.number().positive(),
    replyTo,
  }),
  z.object({ kind: z.literal('list'), after: z.string().max(64), replyTo }),
  z.object({ kind: z.literal('get'), id: idSchema, replyTo }),
  z.object({ kind: z.literal('stop'), id: idSchema, replyTo }),
  z.object({
    kind: z.literal('submit'),
    id: idSchema,
    runId: runIdSchema,
    input: textSchema,
    timeoutMs: z.number().positive(),
    replyTo,
  }),
  z.object({ kind: z.literal('run'), runId: runIdSchema, replyTo }),
  z.object({ kind: z.literal('prove'), replyTo }),
  z.object({ kind: z.literal('health'), replyTo }),
  z.object({ kind: z.literal('activated'), ...stamp, id: idSchema, incarnation: incarnationSchema }),
  z.object({
    kind: z.literal('not-activated'),
    ...stamp,
    id: idSchema,
    incarnation: incarnationSchema,
    reason: z.string().max(4_096),
  }),
  z.object({ kind: z.literal('dispatched'), ...stamp, runId: runIdSchema }),
  z.object({
    kind: z.literal('inventory'),
    ...stamp,
    survey: countSchema,
    page: countSchema,
    pages: z.number().int().min(1).max(1_000),
    agents: wireArray(z.object({ ...hostedSchema, runs: wireArray(runIdSchema, 1_000) }), pageSize),
  }),
  z.object({ kind: z.literal('states'), ...stamp, agents: wireArray(z.object(hostedSchema), pageSize) }),
  z.object({
    kind: z.literal('settle'),
    run: runReportSchema,
    replyTo: actorRefSchema<ManagerMessage>().optional(),
  }),
]);

const agentViewSchema: z.ZodType<AgentView> = z.object({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  model: z.string(),
  status: z.enum(['starting', 'ready', 'busy', 'lost', 'stopped', 'failed']),
  node: z.string(),
  incarnation: z.number(),
  createdAt: z.string(),
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
});

/** What an asker takes for an answer; anything else counts as none. */
export const directoryAnswerSchema: z.ZodType<DirectoryAnswer> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('agent'), agent: agentViewSchema }),
  z.object({ kind: z.literal('pending'), agent: agentViewSchema }),
  z.object({ kind: z.literal('agents'), agents: wireArray(agentViewSchema, pageSize), more: z.boolean() }),
  z.object({ kind: z.literal('submitted'), runId: runIdSchema }),
  z.object({ kind: z.literal('run'), run: runViewSchema }),
  z.object({
    kind: z.literal('error'),
    code: z.string() as unknown as z.ZodType<AgentsErrorCode>,
    message: z.string(),
    field: z.string().optional(),
    retryAfterMs: z.number(),
  }),
  z.object({ kind: z.literal('well') }),
  z.object({
    kind: z.literal('proof'),
    proof: z.object({
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
    }),
  }),
  z.object({
    kind: z.literal('not-leader'),
    trouble: z
      .object({ code: z.string() as unknown as z.ZodType<AgentsErrorCode>, message: z.string() })
      .optional(),
  }),
]);
