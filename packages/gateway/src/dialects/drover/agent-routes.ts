import type { AgentsClient } from '@drover/agents';
import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Handler, Route } from '../../http/route.ts';
import type { GatewayServices } from '../../services.ts';
import { agentPage, readAgentListQuery, readStopQuery } from './agent-listing.ts';
import { requirePermitted, runTask } from './agent-task.ts';
import { agentEvidence } from './agent-evidence.ts';
import { droverJson } from './drover-reply.ts';
import { tagged } from '../../http/entity-tag.ts';
import { spawnRequest } from './operations/agent-operations.ts';
import { readJson } from './read-json.ts';

/** Printable ASCII: the characters that a header can carry. */
const idempotencyKeyPattern = /^[\x21-\x7e]{1,200}$/;

/** The agents of the cluster under `/api/v1/`. */
export function agentRoutes(services: GatewayServices): readonly Route[] {
  const { agents } = services;
  const agentsOf = ({ principal }: Exchange): AgentsClient => agents.forTenant(principal.tenant, principal);
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

async function spawn(services: GatewayServices, exchange: Exchange): Promise<void> {
  const request = await readJson(exchange, spawnRequest, services.bodies);
  const idempotencyKey = exchange.header('idempotency-key');
  if (idempotencyKey !== undefined && !idempotencyKeyPattern.test(idempotencyKey)) {
    throw new RequestFailure(400, 'invalid-input', 'Idempotency-Key: must be 1 to 200 printable characters', {
      field: 'Idempotency-Key',
    });
  }
  // Without a model in the request the first task decides.
  if (request.model !== undefined) requirePermitted(exchange.principal, request.model);
  const agent = await services.agents
    .forTenant(exchange.principal.tenant, exchange.principal)
    .spawn({ ...request, idempotencyKey });
  exchange.setHeader('Location', `/api/v1/agents/${encodeURIComponent(agent.id)}`);
  exchange.setHeader('x-drover-node', agent.node);
  exchange.reply(droverJson(agent, 201));
}
