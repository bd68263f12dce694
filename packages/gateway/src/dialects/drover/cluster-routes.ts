import {
  requestTransfer,
  requestView,
  requestVoters,
  type ViewRequest,
  type VoterChange,
} from '@drover/actor-core/cluster';
import type { Exchange } from '../../http/exchange.ts';
import type { Handler, Route } from '../../http/route.ts';
import type { GatewayServices } from '../../services.ts';
import { groupFailure, viewFailure, voterFailure } from './cluster-failure.ts';
import { clusterReport, groupStatuses, voterReport } from './cluster-report.ts';
import { droverJson } from './drover-reply.ts';
import { transferRequest } from './operations/cluster-operations.ts';
import { readJson } from './read-json.ts';

/**
 * The cluster: `GET /api/v1/cluster/members` and `POST …/members/{node}/drain|leave`; `GET …/voters` and `PUT` or
 * `DELETE …/voters/{node}`; `GET …/groups` and `POST …/groups/{group}/transfer`.
 */
export function clusterRoutes(services: GatewayServices): readonly Route[] {
  const { node, leaders } = services;
  const changeOf =
    (action: ViewRequest['action']): Handler =>
    (exchange, { node: name = '' }) =>
      changeView(services, exchange, { action, node: name });
  return [
    route('GET', '/members', (exchange) => exchange.reply(droverJson(clusterReport(node, leaders.all())))),
    route('POST', '/members/{node}/drain', changeOf('drain')),
    route('POST', '/members/{node}/leave', changeOf('leave')),
    route('GET', '/voters', (exchange) => replyVoters(services, exchange)),
    route('PUT', '/voters/{node}', (exchange, { node: add = '' }) =>
      replyVoters(services, exchange, { add }),
    ),
    route('DELETE', '/voters/{node}', (exchange, { node: remove = '' }) =>
      replyVoters(services, exchange, { remove }),
    ),
    route('GET', '/groups', (exchange) =>
      exchange.reply(droverJson({ groups: groupStatuses(node.view.controlLeader(), leaders.all()) })),
    ),
    route('POST', '/groups/{group}/transfer', (exchange, { group = '' }) =>
      transfer(services, exchange, group),
    ),
  ];
}

function route(method: string, path: string, handler: Handler): Route {
  const right = method === 'GET' ? 'observe' : 'operate';
  return { methods: [method], path: `/api/v1/cluster${path}`, right, counted: false, handler };
}

/** Answers 202 once the view with the new state is written: the node itself acts on it afterwards. */
async function changeView(
  { node }: GatewayServices,
  exchange: Exchange,
  request: ViewRequest,
): Promise<void> {
  const outcome = await requestView(node, request);
  if (!outcome.ok) throw viewFailure(request.node, outcome.code);
  exchange.reply(droverJson({ node: request.node, state: outcome.state, epoch: outcome.epoch }, 202));
}

/** Answers with the voters, after the change if there is one. */
async function replyVoters(
  { node }: GatewayServices,
  exchange: Exchange,
  change?: VoterChange,
): Promise<void> {
  const outcome = await requestVoters(node, change ?? { list: true });
  if (!outcome.ok)
    throw voterFailure(change && 'add' in change ? change.add : (change?.remove ?? ''), outcome.code);
  exchange.reply(droverJson(voterReport(outcome.voters, node.presence)));
}

/** Answers 200 when the other node leads. */
async function transfer(
  { node, leaders, bodies }: GatewayServices,
  exchange: Exchange,
  group: string,
): Promise<void> {
  const { to } = await readJson(exchange, transferRequest, bodies);
  const heard = leaders.all().find((one) => one.group === group);
  if (heard === undefined) throw groupFailure(group, to, 'unknown-group');
  const outcome = await requestTransfer(node, heard, to);
  if (!outcome.ok) throw groupFailure(group, to, outcome.code);
  exchange.reply(droverJson({ group, leader: outcome.leader, from: heard.leader?.node }));
}
