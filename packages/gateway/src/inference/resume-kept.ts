import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { RequestFailure } from '../errors.ts';
import { Exchange } from '../http/exchange.ts';
import { targetOf } from '../http/request-target.ts';
import type { Principal } from '../keys/principal.ts';
import type { GatewayServices } from '../services.ts';
import type { KeptRecord } from '../keeping/kept-record.ts';
import type { StoredKept } from '../keeping/kept-records.ts';

/** Longest wait for the instances, one of which has the answer. */
const resumeTimeoutMs = 10_000;

/**
 * Makes this gateway the one that keeps an answer, after the gateway that began it has ended: runs the route of the
 * request again, with the answer that its host still has. Resolves when this gateway keeps the answer.
 *
 * @returns false where no instance has the answer any more
 * @throws RequestFailure 503 while another gateway does the same
 */
export async function resumeKept(
  services: GatewayServices,
  requestId: string,
  stored: StoredKept,
  principal: Principal,
): Promise<boolean> {
  const claim = await services.keptRecords.takeOver(requestId, stored).catch(() => undefined);
  if (claim === undefined)
    throw new RequestFailure(503, 'gateway-unanswered', 'another gateway takes the answer over now', {
      retryAfterMs: 1_000,
    });
  const isFound = await runAgain(services, requestId, stored.record, principal);
  if (!isFound) await claim.release();
  else
    void services.kept
      .find(requestId, principal)
      ?.forgotten.then((how) => (how === 'over' ? claim.release() : undefined));
  return isFound;
}

/** Hands the request to its route, as if its client had sent it and left. */
async function runAgain(
  services: GatewayServices,
  requestId: string,
  { request }: KeptRecord,
  principal: Principal,
): Promise<boolean> {
  const { clock, log } = services.node;
  const target = targetOf(request.target);
  const match = target && services.routeOf(request.method, target.path);
  if (target === undefined || match?.kind !== 'found') return false;
  const found = Promise.withResolvers<boolean>();
  const timer = clock.setTimer(resumeTimeoutMs, () => found.resolve(false));
  const message = messageOf(request);
  const response = new ServerResponse(message);
  const exchange = new Exchange(message, response, target, {
    requestId,
    clock,
    readerTimeoutMs: 0,
    formatFailure: match.dialect.failure,
    resumes: {
      settled: (isFound) => {
        // There is no client: the answer is kept, and written nowhere.
        response.destroy();
        // A response without a socket does not say that it is closed.
        response.emit('close');
        found.resolve(isFound);
      },
    },
  });
  exchange.principal = principal;
  void Promise.resolve(match.route.handler(exchange, match.params))
    .catch((error: unknown) => log.warn({ requestId, err: error }, 'a kept answer cannot be taken over'))
    .finally(() => found.resolve(false));
  try {
    return await found.promise;
  } finally {
    timer.cancel();
  }
}

/** The request as the HTTP server would give it to its handler. */
function messageOf({ method, target, headers, body }: KeptRecord['request']): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  message.httpVersion = '1.1';
  message.method = method;
  message.url = target;
  Object.assign(message.headers, headers);
  message.push(Buffer.from(body, 'base64'));
  message.push(null);
  message.complete = true;
  return message;
}
