import { absentRoute } from '../../http/absent-route.ts';
import type { Dialect } from '../../http/dialect.ts';
import { ginUnrouted } from '../../http/gin-unrouted.ts';
import { jsonType } from '../../http/reply.ts';
import type { GatewayServices } from '../../services.ts';
import { openAiInferenceRoutes } from './inference-routes.ts';
import { modelRoutes } from './model-routes.ts';
import { failedReply, openAiError } from './openai-error.ts';

/** Routes of Ollama under `/v1/` that the gateway does not serve yet. */
const absent = ['/v1/responses', '/v1/audio/transcriptions'];

/** OpenAI's dialect as Ollama serves it. */
export function openAiDialect(services: GatewayServices): Dialect {
  return {
    paths: ['/v1/'],
    failure: failedReply,
    requestIdHeader: 'x-request-id',
    unrouted: ginUnrouted,
    routes: [
      ...modelRoutes(services),
      ...openAiInferenceRoutes(services),
      ...absent.map((path) =>
        absentRoute('POST', path, 'infer', (message) => ({
          status: 501,
          contentType: jsonType,
          body: openAiError(501, message),
        })),
      ),
    ],
  };
}
