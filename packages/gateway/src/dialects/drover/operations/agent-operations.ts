import { z } from 'zod';
import type { OperationGroup } from '../../../openapi/operation.ts';
import { cursorQuery, instant, milliseconds } from './common.ts';

export interface SpawnBody {
  readonly type: string;
  readonly name?: string | undefined;
  readonly model?: string | undefined;
  readonly options?: Record<string, unknown> | undefined;
}

export const spawnRequest: z.ZodType<SpawnBody> = z.strictObject({
  type: z.string().min(1).max(200).describe('A type of the catalogue.'),
  name: z.string().min(1).max(200).optional(),
  model: z.string().min(1).max(512).optional().describe('Instead of the model of the definition.'),
  options: z.record(z.string(), z.unknown()).optional().describe('Options of Ollama.'),
});

export interface TaskBody {
  readonly input: string;
  readonly mode: 'sync' | 'async' | 'stream';
  readonly timeoutMs?: number | undefined;
}

export const taskRequest: z.ZodType<TaskBody> = z.strictObject({
  input: z.string().min(1),
  mode: z.enum(['sync', 'async', 'stream']).default('sync'),
  timeoutMs: z.int().min(1).optional(),
});

export const agentStatuses = ['starting', 'ready', 'busy', 'lost', 'stopped', 'failed'] as const;

const agent = z
  .looseObject({
    id: z.string(),
    type: z.string(),
    name: z.string(),
    model: z.string(),
    status: z.enum(agentStatuses),
    node: z.string().describe('The node that runs it; empty while none does.'),
    incarnation: z.int().min(1),
    createdAt: instant,
    tenant: z.string().optional().describe('Absent for the tenant `default`.'),
  })
  .meta({ id: 'Agent' });

const usage = z.looseObject({
  promptTokens: z.int().min(0),
  completionTokens: z.int().min(0),
  durationMs: milliseconds,
});

const result = z
  .looseObject({
    runId: z.string(),
    status: z.literal('completed'),
    output: z.string(),
    usage,
    node: z.string(),
  })
  .meta({ id: 'TaskResult' });

const run = z
  .looseObject({
    runId: z.string(),
    agentId: z.string(),
    status: z.enum(['running', 'completed', 'failed']),
    output: z.string().optional(),
    usage: usage.optional(),
    error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
    node: z.string(),
    tenant: z.string().optional().describe('Absent for the tenant `default`.'),
  })
  .meta({ id: 'Run' });

const metrics = z
  .looseObject({
    id: z.string(),
    type: z.string(),
    model: z.string(),
    status: z.enum(agentStatuses),
    node: z.string().describe('The node that runs it; empty while none does.'),
    incarnation: z.int().min(1),
    restarts: z.int().min(0).describe('Times that the agent was started again on a host.'),
    runs: z.looseObject({
      running: z.int().min(0),
      completed: z.int().min(0),
      failed: z.int().min(0),
      failedBy: z.record(z.string(), z.int()).describe('Failed runs by error code.'),
    }),
    tokens: z.looseObject({ prompt: z.int().min(0), completion: z.int().min(0) }),
    durationMs: z
      .looseObject({ mean: z.number(), p50: z.number(), p95: z.number(), max: z.number() })
      .nullable()
      .describe('Durations of the completed runs; null while there are none.'),
    keptRuns: z.int().describe('Largest number of runs that the cluster keeps; older ones are not counted.'),
    evidenceAgeMs: milliseconds.nullable().describe('Time since its node was heard.'),
    nodeState: z.string().nullable(),
    mailboxDepth: z.int().nullable().describe('Messages that wait at its actor.'),
  })
  .meta({ id: 'AgentMetrics' });

const noLeader = [
  'no-leader',
  'no-host',
  'bus-unavailable',
  'store-full',
  'store-unavailable',
  'store-missing',
];

/** Agents, their tasks and their runs. */
export const agentOperations: OperationGroup = {
  name: 'agents',
  description: 'Agents of the cluster, their tasks and their runs.',
  operations: {
    'GET /api/v1/catalogue': {
      summary: 'The types of agents that can be started',
      answers: {
        200: {
          description: 'The types.',
          schema: z.object({
            entries: z.array(
              z.looseObject({ type: z.string(), description: z.string(), model: z.string().optional() }),
            ),
          }),
          headers: { etag: 'Version of the catalogue, for `If-None-Match`.' },
        },
        304: { description: 'The catalogue is the one that `If-None-Match` names.' },
      },
    },
    'GET /api/v1/agents': {
      summary: 'All agents',
      answers: { 200: { description: 'The agents.', schema: z.object({ agents: z.array(agent) }) } },
      errors: { 503: noLeader },
    },
    'GET /api/v1/agents/list': {
      summary: 'Agents page by page, filtered',
      query: z.object({
        type: z.string().optional().describe('Only agents of this type.'),
        status: z.enum(agentStatuses).optional().describe('Only agents with this status.'),
        node: z.string().optional().describe('Only agents of this node.'),
        ...cursorQuery,
      }),
      answers: {
        200: {
          description: 'A page, in the order of ids.',
          schema: z.object({ agents: z.array(agent), cursor: z.string().optional() }),
        },
      },
      errors: { 503: noLeader },
    },
    'POST /api/v1/agents/spawn': {
      summary: 'Starts an agent',
      headers: z.object({
        'Idempotency-Key': z
          .string()
          .optional()
          .describe('1 to 200 printable characters. A repeated request with it answers the same agent.'),
      }),
      body: { schema: spawnRequest },
      answers: {
        201: {
          description: 'The agent, which is recorded.',
          schema: agent,
          headers: { Location: 'The address of the agent.' },
        },
      },
      errors: { 400: ['invalid-input', 'unknown-agent-type'], 409: ['idempotency-conflict'], 503: noLeader },
    },
    'GET /api/v1/agents/{id}': {
      summary: 'One agent',
      answers: { 200: { description: 'The agent.', schema: agent } },
      errors: { 404: ['agent-not-found'], 503: noLeader },
    },
    'GET /api/v1/agents/{id}/status': {
      summary: 'One agent, with the evidence about its node and its actor',
      answers: {
        200: {
          description: 'The agent.',
          schema: z.looseObject({
            ...agent.shape,
            evidenceAgeMs: milliseconds
              .nullable()
              .describe('Time since its node was heard; null while it has no node.'),
            nodeState: z.string().nullable(),
            mailboxDepth: z
              .int()
              .nullable()
              .describe('Messages that wait at its actor; null where its node does not tell.'),
          }),
        },
      },
      errors: { 404: ['agent-not-found'], 503: noLeader },
    },
    'GET /api/v1/agents/{id}/metrics': {
      summary: 'The work of one agent, counted over the runs that are still recorded',
      answers: { 200: { description: 'The metrics.', schema: metrics } },
      errors: { 404: ['agent-not-found'], 503: noLeader },
    },
    'DELETE /api/v1/agents/{id}': {
      summary: 'Ends an agent for good',
      query: z.object({
        mode: z
          .enum(['graceful', 'force'])
          .optional()
          .describe(
            '`graceful`: the agent takes no further task, and those that it has may end first. Default: `force`.',
          ),
        finishMs: z
          .int()
          .min(1)
          .max(600_000)
          .optional()
          .describe('Longest wait of `graceful` for the tasks, milliseconds. Default: 10000.'),
      }),
      answers: { 200: { description: 'The agent, which has ended.', schema: agent } },
      errors: { 400: ['invalid-input'], 404: ['agent-not-found'], 503: noLeader },
    },
    'POST /api/v1/agents/{id}/task': {
      summary: 'Gives an agent a task',
      body: { schema: taskRequest },
      answers: {
        200: {
          description:
            'The result. With the mode `stream`: the events `started`, `token`, and `completed` or `failed`.',
          schema: result,
        },
        202: { description: 'With the mode `async`.', schema: z.object({ runId: z.string() }) },
      },
      errors: {
        404: ['agent-not-found'],
        409: ['agent-busy'],
        410: ['agent-stopped'],
        502: ['task-failed'],
        503: ['agent-lost', ...noLeader],
        504: ['deadline'],
      },
    },
    'GET /api/v1/runs/{runId}': {
      summary: 'One run',
      answers: { 200: { description: 'The run.', schema: run } },
      errors: { 404: ['run-not-found'], 503: noLeader },
    },
  },
};
