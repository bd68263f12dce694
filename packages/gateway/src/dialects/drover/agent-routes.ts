import type { AgentsClient } from '@drover/agents';
import { z } from 'zod';
import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Handler, Route } from '../../http/router.ts';
import { agreeOnTimeout, timeoutHeader } from '../../inference/timeout-header.ts';
import type { GatewayServices } from '../../services.ts';
import { ownJson } from './drover-reply.ts';
import { readJson } from './read-json.ts';
import { streamTask } from './task-stream.ts';
import { withOwnErrors } from './with-own-errors.ts';

const spawnSchema = z.strictObject({
  type: z.string().min(1).max(200),
  name: z.string().min(1).max(200).optional(),
  model: z.string().min(1).max(512).optional(),
  options: z.record(z.string(), z.unknown()).optional(),
});

const taskSchema = z.strictObject({
  input: z.string().min(1),
  mode: z.enum(['sync', 'async', 'stream']).default('sync'),
  timeoutMs: z.int().min(1).optional(),
});

/** Printable ASCII, as the header may carry it. */
const idempotencyKeyPattern = /^[\x21-\x7e]{1,200}$/;

/** The agents of the cluster under `/api/v1/`. */
export function agentRoutes(services: GatewayServices): readonly Route[] {
  const { agents, config } = services;
  const own = (handler: Handler): Handler => withOwnErrors(services, handler);
  return [
    {
      methods: ['GET'],
      path: '/api/v1/catalogue',
      handler: own((exchange) => exchange.reply(ownJson({ entries: agents.definitions() }))),
    },
    {
      methods: ['GET'],
      path: '/api/v1/agents',
      handler: own(async (exchange) => exchange.reply(ownJson({ agents: await agents.list() }))),
    },
    {
      methods: ['POST'],
      path: '/api/v1/agents/spawn',
      handler: own((exchange) => spawn(services, exchange)),
    },
    {
      methods: ['GET'],
      path: '/api/v1/agents/{id}',
      handler: own(async (exchange, { id = '' }) => exchange.reply(ownJson(await agents.get(id)))),
    },
    {
      methods: ['DELETE'],
      path: '/api/v1/agents/{id}',
      handler: own(async (exchange, { id = '' }) => exchange.reply(ownJson(await agents.stop(id)))),
    },
    {
      methods: ['POST'],
      path: '/api/v1/agents/{id}/task',
      handler: own(async (exchange, { id = '' }) => {
        const { mode, ...task } = await readJson(exchange, taskSchema, services.bodies);
        const timeoutMs = taskTimeoutOf(exchange, task.timeoutMs, config.requestTimeoutMs);
        await runTask(agents, services, exchange, id, mode, { input: task.input, timeoutMs });
      }),
    },
    {
      methods: ['GET'],
      path: '/api/v1/runs/{runId}',
      handler: own(async (exchange, { runId = '' }) => exchange.reply(ownJson(await agents.run(runId)))),
    },
  ];
}

/** The body's `timeoutMs` takes precedence over the header; undefined without both. */
function taskTimeoutOf(
  exchange: Exchange,
  inBody: number | undefined,
  maxTimeoutMs: number,
): number | undefined {
  if (exchange.header(timeoutHeader) === undefined) return inBody;
  const agreedMs = agreeOnTimeout(exchange, maxTimeoutMs);
  if (inBody !== undefined) exchange.setHeader(timeoutHeader, String(inBody));
  return inBody ?? agreedMs;
}

async function spawn(services: GatewayServices, exchange: Exchange): Promise<void> {
  const request = await readJson(exchange, spawnSchema, services.bodies);
  const idempotencyKey = exchange.header('idempotency-key');
  if (idempotencyKey !== undefined && !idempotencyKeyPattern.test(idempotencyKey)) {
    throw new RequestFailure(400, 'invalid-input', 'Idempotency-Key: must be 1 to 200 printable characters', {
      field: 'Idempotency-Key',
    });
  }
  const agent = await services.agents.spawn({ ...request, idempotencyKey });
  exchange.setHeader('Location', `/api/v1/agents/${encodeURIComponent(agent.id)}`);
  exchange.setHeader('x-drover-node', agent.node);
  exchange.reply(ownJson(agent, 201));
}

async function runTask(
  agents: AgentsClient,
  services: GatewayServices,
  exchange: Exchange,
  id: string,
  mode: 'sync' | 'async' | 'stream',
  task: { readonly input: string; readonly timeoutMs: number | undefined },
): Promise<void> {
  if (mode === 'stream') {
    await streamTask(services, exchange, id, task);
  } else if (mode === 'async') {
    exchange.reply(ownJson(await agents.submit(id, task), 202));
  } else {
    const result = await agents.task(id, task, { signal: exchange.signal });
    exchange.setHeader('x-drover-node', result.node);
    exchange.reply(ownJson(result));
  }
}
