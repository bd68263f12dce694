import { type HeldLease, type QueueAddress } from '@drover/actor-core/cluster';
import type { LeaseOutcome } from '@drover/actor-core/durable';
import { decodeGoJson } from '../../go-compat/go-json.ts';
import { JsonScanner } from '../../go-compat/json-scanner.ts';
import { takeRaw } from '../../go-compat/raw-json.ts';
import { readBody } from '../../http/body.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Reply } from '../../http/reply.ts';
import type { Handler, Route, RouteParams } from '../../http/route.ts';
import type { GatewayServices } from '../../services.ts';
import { droverJson } from './drover-reply.ts';
import { invalidField, readQuery, wholeNumber } from './memory-query.ts';
import { leaseLost, messageNotFound, withQueueFailures } from './queue-failure.ts';
import { countsJson, deadJson } from './queue-json.ts';
import { takeMessages } from './queue-take.ts';
import { putRequest, replayRequest, settleRequest } from './operations/queue-operations.ts';
import { checkBody, readJson } from './read-json.ts';

/** Queues whose counts are shown in one list; the others are listed by name. */
const maxCounted = 100;
const noContent: Reply = { status: 204, contentType: '', body: '', chunked: true };

/** The durable queues under `/api/v1/queues`. Names and ids are percent-encoded, so they may hold a slash. */
export function queueRoutes(services: GatewayServices): readonly Route[] {
  const { queues } = services;
  type Act = (exchange: Exchange, at: QueueAddress, params: RouteParams) => Promise<void>;
  const on = (methods: readonly string[], path: string, act: Act): Route => {
    const handler: Handler = (exchange, params) =>
      act(exchange, { tenant: exchange.principal.tenant, queue: params['q'] ?? '' }, params);
    return {
      methods,
      path: `/api/v1/queues${path}`,
      isEncoded: true,
      right: 'data',
      handler: withQueueFailures(handler),
    };
  };
  return [
    on(['GET', 'HEAD'], '', (exchange, { tenant }) => list(services, exchange, tenant)),
    on(['GET', 'HEAD'], '/{q}', async (exchange, at) => {
      exchange.reply(droverJson(countsJson(await queues.counts(at), services.node.clock.wallNow())));
    }),
    on(['POST'], '/{q}', (exchange, at) => put(services, exchange, at)),
    on(['DELETE'], '/{q}', (exchange, at) => remove(services, exchange, at)),
    on(['POST'], '/{q}/take', (exchange, at) => takeMessages(services, exchange, at)),
    on(['GET', 'HEAD'], '/{q}/dead', (exchange, at) => dead(services, exchange, at)),
    on(['POST'], '/{q}/dead/replay', (exchange, at) => replay(services, exchange, at)),
    on(['DELETE'], '/{q}/messages/{id}', async (exchange, at, { id = '' }) => {
      if (!(await queues.cancel(at, id))) throw messageNotFound();
      exchange.reply(noContent);
    }),
    on(['POST'], '/{q}/messages/{id}/ack', (exchange, at, params) =>
      settle(services, exchange, params, (held) => queues.ack(at, held)),
    ),
    on(['POST'], '/{q}/messages/{id}/nack', (exchange, at, params) =>
      settle(services, exchange, params, (held, how) => queues.nack(at, held, how)),
    ),
    on(['POST'], '/{q}/messages/{id}/extend', (exchange, at, params) =>
      settle(services, exchange, params, (held, _how, leaseMs) => queues.extend(at, held, leaseMs)),
    ),
  ];
}

async function list({ queues, node }: GatewayServices, exchange: Exchange, tenant: string): Promise<void> {
  const entries = await queues.list(tenant);
  const shown = await Promise.all(
    entries.map(async ({ queue }, index) => {
      if (index >= maxCounted) return { name: queue };
      const counts = await queues.counts({ tenant, queue });
      return { name: queue, ...countsJson(counts, node.clock.wallNow()) };
    }),
  );
  exchange.reply(droverJson({ queues: shown }));
}

/** The body is stored as its text stands in the request, so that no digit of a number is lost. */
async function put({ queues, bodies }: GatewayServices, exchange: Exchange, at: QueueAddress): Promise<void> {
  const text = (await readBody(exchange, bodies)).toString('utf8');
  const message = checkBody(decodeGoJson(text, 'the body is empty; send a JSON object'), putRequest);
  const scan = new JsonScanner(text);
  const body = takeRaw(scan).members().get('body');
  if (body === undefined) throw invalidField('body', 'is missing: any JSON value, the message itself');
  const { id, priority, delayMs, maxAttempts } = message;
  const { id: accepted, isDuplicate } = await queues.put(at, {
    body: Buffer.from(body.text),
    ...(id === undefined ? {} : { id }),
    ...(priority === undefined ? {} : { priority }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  });
  exchange.reply(
    isDuplicate ? droverJson({ id: accepted, duplicate: true }) : droverJson({ id: accepted }, 201),
  );
}

async function remove({ queues }: GatewayServices, exchange: Exchange, at: QueueAddress): Promise<void> {
  const { messages } = readQuery(exchange.query, ['messages']);
  if (messages !== undefined && messages !== 'discard') throw invalidField('messages', 'must be discard');
  await queues.remove(at, { discardsMessages: messages === 'discard' });
  exchange.reply(noContent);
}

type Settle = (
  held: HeldLease,
  how: { readonly delayMs?: number; readonly reason?: string },
  leaseMs: number | undefined,
) => Promise<LeaseOutcome>;

async function settle(
  { bodies }: GatewayServices,
  exchange: Exchange,
  { id = '' }: RouteParams,
  act: Settle,
): Promise<void> {
  const { lease, delayMs, leaseMs, reason } = await readJson(exchange, settleRequest, bodies);
  const how = {
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(reason === undefined ? {} : { reason }),
  };
  if ((await act({ id, lease }, how, leaseMs)) === 'lease-lost') throw leaseLost();
  exchange.reply(noContent);
}

async function dead({ queues }: GatewayServices, exchange: Exchange, at: QueueAddress): Promise<void> {
  const { cursor, limit } = readQuery(exchange.query, ['cursor', 'limit']);
  const from = wholeNumber('cursor', cursor);
  const most = wholeNumber('limit', limit);
  const page = await queues.dead(at, {
    ...(from === undefined ? {} : { from }),
    ...(most === undefined ? {} : { limit: most }),
  });
  exchange.reply(deadJson(page));
}

async function replay(
  { queues, bodies }: GatewayServices,
  exchange: Exchange,
  at: QueueAddress,
): Promise<void> {
  const text = (await readBody(exchange, bodies)).toString('utf8');
  const { ids } = text.trim() === '' ? {} : checkBody(decodeGoJson(text, ''), replayRequest);
  exchange.reply(droverJson({ replayed: await queues.replay(at, ids) }));
}
