import type { Dialect } from '../../http/dialect.ts';
import type { GatewayServices } from '../../services.ts';
import { adminJobRoutes } from './admin-job-routes.ts';
import { agentsSocketRoute } from './agents-socket-route.ts';
import { agentRoutes } from './agent-routes.ts';
import { auditRoutes } from './audit-routes.ts';
import { clusterRoutes } from './cluster-routes.ts';
import { droverError } from './drover-reply.ts';
import { eventRoutes } from './event-routes.ts';
import { keyRoutes } from './key-routes.ts';
import { memoryRoutes } from './memory-routes.ts';
import { openApiRoutes } from './openapi-routes.ts';
import { proofRoutes } from './proof-routes.ts';
import { queueRoutes } from './queue-routes.ts';
import { serviceRoutes } from './service-routes.ts';
import { streamsRoute } from './streams-route.ts';
import { usageRoute } from './usage-route.ts';
import { settingsRoutes } from './settings-routes.ts';

/** Drover's own routes, which neither Ollama nor OpenAI has. */
export function droverDialect(services: GatewayServices): Dialect {
  return {
    paths: [
      '/api/v1',
      '/api/agents/ws',
      '/api/v1/',
      '/healthz',
      '/readyz',
      '/health/',
      '/metrics',
      '/openapi.json',
      '/docs',
      '/docs/',
    ],
    failure: droverError,
    routes: [
      ...serviceRoutes(services),
      ...agentRoutes(services),
      ...proofRoutes(services),
      ...settingsRoutes(services),
      ...keyRoutes(services),
      ...auditRoutes(services),
      ...memoryRoutes(services),
      ...queueRoutes(services),
      ...clusterRoutes(services),
      ...adminJobRoutes(services),
      ...eventRoutes(services),
      agentsSocketRoute(services),
      streamsRoute(services),
      usageRoute(services),
      ...openApiRoutes(),
    ],
  };
}
