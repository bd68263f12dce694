import { RequestFailure } from '../../errors.ts';
import type { Handler } from '../../http/route.ts';
import type { GatewayServices } from '../../services.ts';
import { droverJson } from './drover-reply.ts';

/** `GET /api/v1/why/{requestId}`: the routing decisions of a recent request of this gateway. */
export function whyHandler({ fleet }: Pick<GatewayServices, 'fleet'>): Handler {
  return (exchange, { requestId = '' }) => {
    const decisions = fleet.why(requestId, exchange.principal.tenant);
    if (decisions === undefined) {
      const message = `this gateway knows no request ${requestId}; it remembers its last 1,000 requests for 15 minutes`;
      throw new RequestFailure(404, 'request-not-found', message);
    }
    exchange.reply(droverJson(decisions));
  };
}
