import type { Memory } from '@drover/actor-core/cluster';
import type { Route } from '../../http/route.ts';
import type { Right } from '../../keys/rights.ts';
import type { GatewayServices } from '../../services.ts';
import { actorsHandler } from './actors-route.ts';
import { groupStatuses, viewStatus } from './cluster-report.ts';
import { droverJson } from './drover-reply.ts';
import { decideHealth, healthFacts } from './health-detail.ts';
import { decideReadiness } from './readiness.ts';
import { remediesHandler } from './remedies-route.ts';
import { statusOf, storeStatuses } from './status.ts';
import { whyHandler } from './why-route.ts';

/**
 * Health, metrics and views of the cluster. None of these routes counts against the request limit, so that they work
 * when the limit is reached.
 */
export function serviceRoutes(services: GatewayServices): readonly Route[] {
  const { node, fleet, metrics, clientWait, drain } = services;
  return [
    get('/healthz', 'open', (exchange) => exchange.reply(droverJson({ ok: true }))),
    get('/readyz', 'open', (exchange) => {
      const readiness = decideReadiness({
        draining: drain.isDraining,
        busConnected: node.transport.connected,
        keysKnown: services.keys?.isKnown ?? true,
        auditSettled: services.audit?.isSettled ?? true,
        leaderKnown: node.view.controlLeader() !== undefined,
        hasReports: fleet.load.hasReports,
        instances: fleet.load.instances(),
      });
      if (!readiness.ready) exchange.setHeader('retry-after', '1');
      exchange.reply(droverJson(readiness, readiness.ready ? 200 : 503));
    }),
    get('/health/detail', 'observe', (exchange) => {
      const dependencies = decideHealth(healthFacts(services));
      const ok = dependencies.every((one) => one.ok);
      exchange.reply(droverJson({ ok, dependencies }, ok ? 200 : 503));
    }),
    get('/metrics', 'observe', async (exchange) => {
      exchange.reply({ status: 200, contentType: metrics.contentType, body: await metrics.text() });
    }),
    get('/api/v1/status', 'observe', (exchange) => {
      const store = services.agents.storeTrouble();
      const self = {
        node: node.nodeId,
        waitMs: clientWait.waitMs,
        changesOf: (name: string) => services.changes.of(name),
      };
      const members = node.presence.members();
      const status = statusOf(self, members, fleet.load.instances(), store);
      const view = viewStatus(node.view.current());
      const groups = groupStatuses(node.view.controlLeader(), services.leaders.all());
      const memoryLagMs = lagOf(services.memory);
      const { durability } = services.config;
      const stores = storeStatuses(services.stores.all());
      const tls = services.tls && { tls: services.tls.status };
      const audit = services.audit?.status;
      const cluster = {
        ...(view && { view }),
        groups,
        memoryLagMs,
        durability,
        stores,
        ...(audit && { audit }),
        ...tls,
      };
      exchange.reply(droverJson({ ...status, ...cluster }));
    }),
    get('/api/v1/actors', 'observe', actorsHandler(services)),
    get('/api/v1/remedies', 'observe', remediesHandler(services)),
    get('/api/v1/why/{requestId}', 'data', whyHandler(services)),
  ];
}

/** JSON has no infinite number: null before the memory was open. */
function lagOf({ stats: { lagMs } }: Memory): number | null {
  return Number.isFinite(lagMs) ? Math.round(lagMs) : null;
}

function get(path: string, right: Right, handler: Route['handler']): Route {
  return { methods: ['GET', 'HEAD'], path, right, counted: false, handler };
}
