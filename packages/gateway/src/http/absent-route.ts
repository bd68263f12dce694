import type { Right } from '../keys/rights.ts';
import type { Reply } from './reply.ts';
import type { Route } from './route.ts';

/**
 * A route that Ollama has and the gateway does not serve. The answer states this, which a plain 404 would not.
 *
 * @param right the right that the route will need
 * @param reply error answer with status 501 in the dialect of the route
 */
export function absentRoute(
  method: string,
  path: string,
  right: Right,
  reply: (message: string) => Reply,
): Route {
  const message = `${path} is not served by Drover yet: use it on a host's own Ollama`;
  return { methods: [method], path, right, handler: (exchange) => exchange.reply(reply(message)) };
}
