import { RequestFailure } from '../../errors.ts';
import type { Handler } from '../../http/route.ts';
import type { LoggedRemedy } from '../../observe/remedy-log.ts';
import type { GatewayServices } from '../../services.ts';
import { droverJson } from './drover-reply.ts';

const defaultLimit = 100;
const maxLimit = 1_000;

/** `GET /api/v1/remedies?limit=`: what the cluster mended by itself since this gateway started, the newest first. */
export function remediesHandler({ remedies }: Pick<GatewayServices, 'remedies'>): Handler {
  return (exchange) => {
    const text = new URLSearchParams(exchange.query).get('limit') ?? String(defaultLimit);
    const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
    if (limit < 1 || limit > maxLimit)
      throw new RequestFailure(400, 'invalid-input', `limit: must be 1 to ${maxLimit}`, { field: 'limit' });
    exchange.reply(droverJson({ remedies: remedies.last(limit).map(shown) }));
  };
}

function shown({ receivedAtMs, ...remedy }: LoggedRemedy): object {
  return { at: new Date(receivedAtMs).toISOString(), ...remedy };
}
