import type { Dialect } from '../../http/dialect.ts';
import { ginUnrouted } from '../../http/gin-unrouted.ts';
import type { GatewayServices } from '../../services.ts';
import { failedReply } from './anthropic-error.ts';
import { countTokensRoute } from './count-tokens-route.ts';
import { messagesRoute } from './inference-routes.ts';
import { modelRoutes } from './model-routes.ts';

/** Anthropic's dialect: `/v1/messages` as Ollama serves it, with the count of tokens and the models for its clients. */
export function anthropicDialect(services: GatewayServices): Dialect {
  return {
    paths: ['/v1/messages', '/v1/messages/'],
    failure: failedReply,
    unrouted: ginUnrouted,
    requestIdHeader: 'request-id',
    routes: [messagesRoute(services), countTokensRoute(services), ...modelRoutes(services)],
  };
}
