import type { AgentsClient } from '@drover/agents';
import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Handler, Route } from '../../http/route.ts';
import { agreeOnTimeout, timeoutHeader } from '../../inference/timeout-header.ts';
import type { GatewayServices } from '../../services.ts';
import { agentPage, readAgentListQuery, readStopQuery } from './agent-listing.ts';
import { agentEvidence } from './agent-evidence.ts';
import { droverJson } from './drover-reply.ts';
import { tagged } from '../../http/entity-tag.ts';
import { spawnRequest, taskRequest } from './operations/agent-operations.ts';
import { readJson } from './read-json.ts';
import { streamTask } from './task-stream.ts';

/** Printable ASCII: the characters that a header can carry. */
const idempotencyKeyPattern = /^[\x21-\x7e]{1,200}$/;

/** The agents of the cluster under `/api/v1/`. */
export function agentRoutes(services: GatewayServices): readonly Route[] {
  const { agents } = services;
  const agentsOf = ({ principal }: Exchange): AgentsClient => agents.forTenant(principal.tenant);
  return [
    route('GET', '/catalogue', (exchange) =>
      exchange.reply(tagged(exchange, droverJson({ entries: agents.definitions() }))),
    ),
    route('GET', '/agents', async (exchange) => {
      exchange.reply(droverJson({ agents: await agentsOf(exchange).list() }));
    }),
    route('GET', '/agents/list', async (exchange) => {
      const query = readAgentListQuery(exchange.query);
      exchange.reply(droverJson(agentPage(await agentsOf(exchange).list(), query)));
    }),
    route('POST', '/agents/spawn', (exchange) => spawn(services, exchange)),
    route('GET', '/agents/{id}', async (exchange, { id = '' }) => {
      exchange.reply(droverJson(await agentsOf(exchange).get(id)));
    }),
    route('GET', '/agents/{id}/status', async (exchange, { id = '' }) => {
      const agent = await agentsOf(exchange).get(id);
      exchange.reply(droverJson({ ...agent, ...(await agentEvidence(services, agent)) }));
    }),
    route('GET', '/agents/{id}/metrics', async (exchange, { id = '' }) => {
      const [agent, work] = await Promise.all([agentsOf(exchange).get(id), agentsOf(exchange).metrics(id)]);
      const { type, model, status, node, incarnation } = agent;
      const evidence = await agentEvidence(services, agent);
      exchange.reply(droverJson({ ...work, type, model, status, node, incarnation, ...evidence }));
    }),
    route('DELETE', '/agents/{id}', async (exchange, { id = '' }) => {
      const options = readStopQuery(exchange.query);
      exchange.reply(droverJson(await agentsOf(exchange).stop(id, options)));
    }),
    route('POST', '/agents/{id}/task', (exchange, { id = '' }) => runTask(services, exchange, id)),
    route('GET', '/runs/{runId}', async (exchange, { runId = '' }) => {
      exchange.reply(droverJson(await agentsOf(exchange).run(runId)));
    }),
  ];
}

function route(method: string, path: string, handler: Handler): Route {
  return { methods: [method], path: `/api/v1${path}`, right: 'data', handler };
}

/** Timeout of a task: `timeoutMs` of the body, else that of the header; undefined without both. */
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
  const request = await readJson(exchange, spawnRequest, services.bodies);
  const idempotencyKey = exchange.header('idempotency-key');
  if (idempotencyKey !== undefined && !idempotencyKeyPattern.test(idempotencyKey)) {
    throw new RequestFailure(400, 'invalid-input', 'Idempotency-Key: must be 1 to 200 printable characters', {
      field: 'Idempotency-Key',
    });
  }
  const agent = await services.agents
    .forTenant(exchange.principal.tenant)
    .spawn({ ...request, idempotencyKey });
  exchange.setHeader('Location', `/api/v1/agents/${encodeURIComponent(agent.id)}`);
  exchange.setHeader('x-drover-node', agent.node);
  exchange.reply(droverJson(agent, 201));
}

async function runTask(services: GatewayServices, exchange: Exchange, agentId: string): Promise<void> {
  const { config, bodies } = services;
  const agents = services.agents.forTenant(exchange.principal.tenant);
  const { mode, input, timeoutMs: inBody } = await readJson(exchange, taskRequest, bodies);
  const task = { input, timeoutMs: taskTimeoutOf(exchange, inBody, config.requestTimeoutMs) };
  if (mode === 'stream') {
    await streamTask(services, exchange, agentId, task);
  } else if (mode === 'async') {
    exchange.reply(droverJson(await agents.submit(agentId, task), 202));
  } else {
    const result = await agents.task(agentId, task, { signal: exchange.signal });
    exchange.setHeader('x-drover-node', result.node);
    exchange.reply(droverJson(result));
  }
}
