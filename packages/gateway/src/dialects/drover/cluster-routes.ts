import { requestView, type ViewRequest, type ViewRequestOutcome } from '@drover/actor-core/cluster';
import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Handler, Route } from '../../http/route.ts';
import type { GatewayServices } from '../../services.ts';
import { clusterReport } from './cluster-report.ts';
import { droverJson } from './drover-reply.ts';

/** Members of the cluster: `GET /api/v1/cluster/members`, and `POST …/members/{node}/drain` and `/leave`. */
export function clusterRoutes(services: GatewayServices): readonly Route[] {
  return [
    route('GET', '/api/v1/cluster/members', (exchange) =>
      exchange.reply(droverJson(clusterReport(services.node))),
    ),
    route('POST', '/api/v1/cluster/members/{node}/drain', (exchange, { node = '' }) =>
      change(services, exchange, { action: 'drain', node }),
    ),
    route('POST', '/api/v1/cluster/members/{node}/leave', (exchange, { node = '' }) =>
      change(services, exchange, { action: 'leave', node }),
    ),
  ];
}

function route(method: string, path: string, handler: Handler): Route {
  return { methods: [method], path, counted: false, handler };
}

/** Answers 202 once the view with the new state is written: the node itself acts on it afterwards. */
async function change({ node }: GatewayServices, exchange: Exchange, request: ViewRequest): Promise<void> {
  const outcome = await requestView(node, request);
  if (!outcome.ok) throw failureFor(request.node, outcome);
  exchange.reply(droverJson({ node: request.node, state: outcome.state, epoch: outcome.epoch }, 202));
}

function failureFor(name: string, { code }: Extract<ViewRequestOutcome, { ok: false }>): RequestFailure {
  if (code === 'unknown-node')
    return new RequestFailure(404, 'node-not-found', `no node is called ${name}`, { field: 'node' });
  if (code === 'already-ended')
    return new RequestFailure(409, 'node-ended', `${name} has already left or was declared dead`);
  if (code === 'no-leader') {
    const message = 'no control leader is known, so the view cannot change';
    return new RequestFailure(503, code, message, { retryAfterMs: 1_000 });
  }
  const message =
    'the control leader did not answer in time; it may have changed the view: look at the members';
  return new RequestFailure(504, 'view-unanswered', message);
}
