import type { InferenceRoute } from '@drover/fleet';
import { refuseInference, serveInference } from '../../inference/inference.ts';
import type { Exchange } from '../../http/exchange.ts';
import { readBody } from '../../http/body.ts';
import type { Route } from '../../http/router.ts';
import type { GatewayServices } from '../../services.ts';
import { nativeDialect } from './native-dialect.ts';
import { readNativeRequest } from './native-request.ts';

const inferenceRoutes: readonly InferenceRoute[] = ['chat', 'generate', 'embed', 'embeddings', 'show'];

/** Ollama's own inference routes: the client's bytes go to a host as they are, and the host's come back. */
export function nativeInferenceRoutes(services: GatewayServices): readonly Route[] {
  return inferenceRoutes.map((route) => ({
    methods: ['POST'],
    path: `/api/${route}`,
    handler: (exchange): Promise<void> => serveNative(services, exchange, route),
  }));
}

async function serveNative(
  services: GatewayServices,
  exchange: Exchange,
  route: InferenceRoute,
): Promise<void> {
  try {
    const body = await readBody(exchange, services.bodies, { takesShort: true });
    const { model, name, intent } = readNativeRequest(route, body.toString('utf8'));
    await serveInference(services, exchange, {
      label: `/api/${route}`,
      route,
      model,
      name,
      body,
      dialect: nativeDialect,
      intent,
      ignored: [],
    });
  } catch (error) {
    refuseInference(services, exchange, `/api/${route}`, error, nativeDialect.failure);
  }
}
