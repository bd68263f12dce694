import type { InferenceRoute } from '@drover/fleet';
import { readBody } from '../../http/body.ts';
import type { Route } from '../../http/route.ts';
import { inferenceRoute } from '../../inference/inference-route.ts';
import type { GatewayServices } from '../../services.ts';
import { nativeAnswer } from './native-answer.ts';
import { readNativeRequest } from './native-request.ts';

const routes: readonly InferenceRoute[] = ['chat', 'generate', 'embed', 'embeddings', 'show'];

/** Ollama's inference routes: request and answer pass unchanged between the client and a host. */
export function nativeInferenceRoutes(services: GatewayServices): readonly Route[] {
  return routes.map((route) =>
    inferenceRoute(services, {
      path: `/api/${route}`,
      right: route === 'show' ? 'list' : 'infer',
      read: async (exchange) => {
        const body = await readBody(exchange, services.bodies, { takesShort: true });
        const request = readNativeRequest(route, body.toString('utf8'));
        return { ...request, route, body, answer: nativeAnswer, ignored: [] };
      },
    }),
  );
}
