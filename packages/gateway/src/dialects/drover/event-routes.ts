import type { EventReader } from '@drover/fleet';
import { RequestFailure } from '../../errors.ts';
import type { Route } from '../../http/route.ts';
import type { Principal } from '../../keys/principal.ts';
import { hasRight } from '../../keys/rights.ts';
import type { GatewayServices } from '../../services.ts';
import { readEventQuery } from './event-query.ts';
import { streamEvents } from './event-stream.ts';

/** Streams of events that one gateway serves at a time. */
const maxStreams = 512;
const retryAfterMs = 5_000;

/** `GET /api/v1/events`: what happens in the cluster, as server-sent events. */
export function eventRoutes(services: GatewayServices): readonly Route[] {
  let open = 0;
  return [
    {
      methods: ['GET'],
      path: '/api/v1/events',
      right: 'events',
      // A stream of events lasts for days: it must not take the place of a request.
      counted: false,
      handler: async (exchange) => {
        const nowMs = services.node.clock.wallNow();
        const query = readEventQuery(exchange.query, exchange.header('last-event-id'), nowMs);
        if (open >= maxStreams)
          throw new RequestFailure(
            503,
            'too-many-streams',
            `this gateway serves ${maxStreams} streams of events`,
            {
              retryAfterMs,
            },
          );
        open += 1;
        try {
          await streamEvents(services, exchange, query, readerOf(exchange.principal));
        } finally {
          open -= 1;
        }
      },
    },
  ];
}

/** Which events a caller may see. */
export function readerOf({ roles, tenant }: Principal): EventReader {
  return {
    tenant: hasRight(roles, 'data') ? tenant : undefined,
    seesCluster: hasRight(roles, 'observe'),
  };
}
