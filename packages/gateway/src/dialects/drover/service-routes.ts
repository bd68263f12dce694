import type { Route } from '../../http/router.ts';
import type { GatewayServices } from '../../services.ts';
import { actorsHandler } from './actors-route.ts';
import { ownJson } from './drover-reply.ts';
import { decideReadiness } from './readiness.ts';
import { statusOf } from './status.ts';
import { whyHandler } from './why-route.ts';

/** Health, metrics and what a person looks at. None of them counts against the limit: they must work when it is reached. */
export function serviceRoutes(services: GatewayServices, isDraining: () => boolean): readonly Route[] {
  const { node, fleet, metrics, clientWait } = services;
  return [
    get('/healthz', (exchange) => exchange.reply(ownJson({ ok: true }))),
    get('/readyz', (exchange) => {
      const readiness = decideReadiness({
        draining: isDraining(),
        busConnected: node.transport.connected,
        heard: fleet.load.hasReports,
        instances: fleet.load.instances(),
      });
      if (!readiness.ready) exchange.setHeader('retry-after', '1');
      exchange.reply(ownJson(readiness, readiness.ready ? 200 : 503));
    }),
    get('/metrics', async (exchange) => {
      exchange.reply({ status: 200, contentType: metrics.contentType, body: await metrics.text() });
    }),
    get('/api/v1/status', (exchange) => {
      const store = services.agents.storeTrouble();
      const self = { node: node.nodeId, waitMs: clientWait.waitMs };
      const members = node.presence.members();
      exchange.reply(ownJson(statusOf(self, members, fleet.load.instances(), store)));
    }),
    get('/api/v1/actors', actorsHandler(services)),
    get('/api/v1/why/{requestId}', whyHandler(services)),
  ];
}

function get(path: string, handler: Route['handler']): Route {
  return { methods: ['GET', 'HEAD'], path, counted: false, handler };
}
