import { inspectCluster } from '@drover/actor-core/cluster';
import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { GatewayServices } from '../../services.ts';
import { actorsReport } from './actors.ts';
import { readActorsQuery } from './actors-query.ts';
import { droverJson } from './drover-reply.ts';

/** Each request asks every node; more requests at once get 503. */
const maxAtOnce = 16;
const maxNamesShown = 16;

/** `GET /api/v1/actors`: asks every node now for its actors. */
export function actorsHandler({ node, config }: GatewayServices): (exchange: Exchange) => Promise<void> {
  let running = 0;
  return async (exchange) => {
    const query = readActorsQuery(exchange.query);
    if (query.node !== undefined && node.presence.member(query.node) === undefined)
      throw unknownNode(query.node);
    if (running >= maxAtOnce)
      throw new RequestFailure(
        503,
        'too-many-inspections',
        'too many requests for the actors at once; try again',
        {
          retryAfterMs: 1_000,
        },
      );
    running++;
    try {
      const inspected = await inspectCluster(node, { ...query, timeoutMs: config.inspectTimeoutMs });
      exchange.reply(droverJson(actorsReport(inspected)));
    } finally {
      running--;
    }
  };

  function unknownNode(name: string): RequestFailure {
    const names = node.presence.members().map((member) => member.node);
    const shown = names.slice(0, maxNamesShown).join(', ');
    return new RequestFailure(404, 'node-not-found', `no node is called ${name}; known nodes are ${shown}`, {
      field: 'node',
    });
  }
}
