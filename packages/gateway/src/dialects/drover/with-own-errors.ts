import { failureOf } from '../../http/failure.ts';
import type { Handler } from '../../http/router.ts';
import { setRetryAfter } from '../../inference/inference.ts';
import type { GatewayServices } from '../../services.ts';
import { ownError } from './drover-reply.ts';

/** Converts every error of a handler to our own error shape. */
export function withOwnErrors(services: GatewayServices, handler: Handler): Handler {
  return async (exchange, params): Promise<void> => {
    try {
      await handler(exchange, params);
    } catch (error) {
      const failure = exchange.interruption ?? failureOf(error);
      if (failure.status >= 500) {
        const facts = { requestId: exchange.requestId, path: exchange.path, cause: failure.cause ?? failure };
        services.node.log.warn(facts, `request failed: ${failure.message}`);
      }
      setRetryAfter(exchange, failure);
      exchange.reply(ownError(failure, exchange.requestId));
    }
  };
}
