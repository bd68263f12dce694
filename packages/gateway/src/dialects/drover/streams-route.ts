import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Route } from '../../http/route.ts';
import { commentWhileSilent } from '../../http/stream-comments.ts';
import { type KeptPart, type KeptReading, readElsewhere, readKept } from '../../keeping/kept-actor.ts';
import type { KeptHead } from '../../keeping/kept-stream.ts';
import { resumeKept } from '../../inference/resume-kept.ts';
import type { Principal } from '../../keys/principal.ts';
import type { GatewayServices } from '../../services.ts';

/** Goes on with the answer to a request whose client left and had asked for that, through any gateway. */
export function streamsRoute(services: GatewayServices): Route {
  return {
    methods: ['GET'],
    path: '/api/v1/streams/{requestId}',
    right: 'infer',
    handler: async (exchange, { requestId = '' }) => {
      const from = fromOf(exchange);
      const reading = await findReading(services, requestId, exchange.principal, from);
      if (reading === undefined) throw notFound();
      void exchange.closed.then(() => reading.leave());
      await send(services, exchange, reading.parts);
      reading.leave();
    },
  };
}

/**
 * The answer from wherever it is: here, at the gateway that its record names, or at its host, if that gateway has
 * ended.
 *
 * @throws RequestFailure 503 where a gateway that may have it does not answer
 */
async function findReading(
  services: GatewayServices,
  requestId: string,
  principal: Principal,
  from: number,
): Promise<KeptReading | undefined> {
  const { kept, keptRecords, node } = services;
  const { keyId, tenant } = principal;
  const owner = { keyId, tenant };
  const here = readKept(kept, requestId, owner, from);
  if (here !== undefined) return here;
  const stored = kept.find(requestId, owner) === undefined ? await keptRecords.find(requestId) : undefined;
  if (stored === undefined) return readElsewhere(node, requestId, owner, from);
  const { record } = stored;
  if (record.keyId !== keyId || record.tenant !== tenant) return undefined;
  if (keptRecords.isServed(record))
    return readElsewhere(node, requestId, owner, from, (gateway) => gateway === record.gateway);
  if (!(await resumeKept(services, requestId, stored, principal))) return undefined;
  return readKept(kept, requestId, owner, from);
}

async function send(
  services: GatewayServices,
  exchange: Exchange,
  parts: AsyncIterable<KeptPart>,
): Promise<void> {
  let stopComments: (() => void) | undefined;
  let whole: KeptHead | undefined;
  let hasHead = false;
  try {
    for await (const part of parts) {
      if (exchange.isGone) return;
      if (exchange.interruption) throw exchange.interruption;
      if ('head' in part) {
        hasHead = true;
        for (const [name, value] of Object.entries(part.head.headers)) exchange.setHeader(name, value);
        if (part.head.isWhole) whole = part.head;
        else {
          exchange.begin(part.head.status, part.head.contentType);
          stopComments = commentWhileSilent(exchange, services.node.clock, services.config.streamCommentMs);
        }
      } else if (whole !== undefined) return exchange.reply({ ...whole, body: part.text });
      else if (!exchange.write(part.text)) await exchange.drained();
    }
    // The answer was given up before it began.
    if (!hasHead) throw notFound();
    exchange.end();
  } finally {
    stopComments?.();
  }
}

function fromOf(exchange: Exchange): number {
  const text = new URLSearchParams(exchange.query).get('from') ?? '0';
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new RequestFailure(400, 'invalid-input', 'from: must be a whole number of at least 0', {
    field: 'from',
  });
}

function notFound(): RequestFailure {
  const message = 'no answer to this request is kept for this key, or not from there on';
  return new RequestFailure(404, 'stream-not-found', message);
}
