import { inspectCluster } from '@drover/actor-core/cluster';
import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { GatewayServices } from '../../services.ts';
import { actorsReport } from './actors.ts';
import { readActorsQuery } from './actors-query.ts';
import { droverJson } from './drover-reply.ts';

/** Each asks every node: more of them at once get 503. */
const maxAtOnce = 16;
const maxNamesTold = 16;

/** `GET /api/v1/actors`: what runs on every node, asked now. */
export function actorsHandler({ node, config }: GatewayServices): (exchange: Exchange) => Promise<void> {
  let underWay = 0;
  return async (exchange) => {
    const query = readActorsQuery(exchange.query);
    if (query.node !== undefined && node.presence.member(query.node) === undefined)
      throw unknownNode(query.node);
    if (underWay >= maxAtOnce)
      throw new RequestFailure(503, 'too-many-inspections', 'others look at the actors now; ask again', {
        retryAfterMs: 1_000,
      });
    underWay++;
    try {
      const inspected = await inspectCluster(node, { ...query, timeoutMs: config.inspectTimeoutMs });
      exchange.reply(droverJson(actorsReport(inspected)));
    } finally {
      underWay--;
    }
  };

  function unknownNode(name: string): RequestFailure {
    const names = node.presence.members().map((member) => member.node);
    const told = names.slice(0, maxNamesTold).join(', ');
    return new RequestFailure(404, 'node-not-found', `no node is called ${name}; there are ${told}`, {
      field: 'node',
    });
  }
}
