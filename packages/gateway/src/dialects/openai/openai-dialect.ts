import type { Dialect } from '../../http/dialect.ts';
import { ginUnrouted } from '../../http/gin-unrouted.ts';
import type { GatewayServices } from '../../services.ts';
import { openAiInferenceRoutes } from './inference-routes.ts';
import { modelRoutes } from './model-routes.ts';
import { failedReply } from './openai-error.ts';
import { transcriptionRoute } from './transcription-route.ts';

/** OpenAI's dialect as Ollama serves it. */
export function openAiDialect(services: GatewayServices): Dialect {
  return {
    paths: ['/v1/'],
    failure: failedReply,
    requestIdHeader: 'x-request-id',
    unrouted: ginUnrouted,
    routes: [...modelRoutes(services), ...openAiInferenceRoutes(services), transcriptionRoute(services)],
  };
}
