import type { Dialect } from '../../http/dialect.ts';
import { ginUnrouted } from '../../http/gin-unrouted.ts';
import type { GatewayServices } from '../../services.ts';
import { adminRoutes } from './admin-routes.ts';
import { blobRoutes } from './blob-routes.ts';
import { nativeInferenceRoutes } from './inference-routes.ts';
import { listingRoutes } from './listing-routes.ts';
import { nativeError } from './native-error.ts';
import { otherRoutes } from './other-routes.ts';

/** Ollama's own dialect. It also owns every path that no other dialect owns. */
export function nativeDialect(services: GatewayServices): Dialect {
  return {
    paths: ['/'],
    failure: ({ status, message }) => nativeError(status, message),
    unrouted: ginUnrouted,
    routes: [
      ...listingRoutes(services),
      ...nativeInferenceRoutes(services),
      ...adminRoutes(services),
      ...blobRoutes(services),
      ...otherRoutes(),
    ],
  };
}
