import { type MemoryReading, type MemoryScope, parseScope } from '@drover/actor-core/cluster';
import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import { sendParts } from '../../http/send-parts.ts';
import { streamBody } from '../../http/stream-body.ts';
import type { Handler, Route, RouteParams } from '../../http/route.ts';
import type { GatewayServices } from '../../services.ts';
import { droverJson } from './drover-reply.ts';
import { namesTag } from '../../http/entity-tag.ts';
import { keyNotFound, refusalFailure, withMemoryFailures } from './memory-failure.ts';
import { invalidField, readPrecondition, readQuery, tagOf, wholeNumber } from './memory-query.ts';
import { streamMemoryEvents } from './memory-stream.ts';
import { readOperations } from './read-operations.ts';

const readLevels = ['cached', 'leader', 'fresh'] as const;
const defaultType = 'application/octet-stream';

/** The replicated memory under `/api/v1/memory/{scope}`. Keys are percent-encoded, so a key may hold a slash. */
export function memoryRoutes(services: GatewayServices): readonly Route[] {
  const scopeOf = (exchange: Exchange, { scope = '' }: RouteParams): MemoryScope => {
    const { tenant } = exchange.principal;
    const parsed = parseScope(scope);
    // The scope of another tenant does not exist for this one.
    if (parsed.kind === 'tenant' && parsed.id !== tenant)
      throw new RequestFailure(404, 'not-found', `there is no scope ${scope}`);
    return services.memory.scope(tenant, parsed);
  };
  type Act = (exchange: Exchange, scope: MemoryScope, key: string) => Promise<void> | void;
  const on = (methods: readonly string[], path: string, act: Act): Route => {
    const handler: Handler = (exchange, params) =>
      act(exchange, scopeOf(exchange, params), requireKey(params['key']));
    return {
      methods,
      path: `/api/v1/memory/{scope}${path}`,
      isEncoded: true,
      right: 'data',
      handler: withMemoryFailures(handler),
    };
  };
  return [
    on(['GET', 'HEAD'], '', list),
    on(['GET'], '/-/events', (exchange, scope) => {
      const { prefix = '' } = readQuery(exchange.query, ['prefix']);
      return streamMemoryEvents(services, exchange, scope, prefix);
    }),
    on(['GET', 'HEAD'], '/{key}', get),
    on(['PUT'], '/{key}', (exchange, scope, key) => put(services, exchange, scope, key)),
    on(['DELETE'], '/{key}', remove),
    on(['POST'], '/{key}/ops', (exchange, scope, key) => operate(services, exchange, scope, key)),
  ];
}

function requireKey(key: string | undefined): string {
  if (key === '-') throw invalidField('key', 'must not be -: it is reserved');
  return key ?? '';
}

async function get(exchange: Exchange, scope: MemoryScope, key: string): Promise<void> {
  const { read = 'leader' } = readQuery(exchange.query, ['read']);
  const level = readLevels.find((known) => known === read);
  if (level === undefined) throw invalidField('read', `must be one of ${readLevels.join(', ')}`);
  const value = await scope.open(key, { level });
  if (value === undefined) throw keyNotFound();
  describe(exchange, value);
  if (namesTag(exchange.header('if-none-match'), tagOf(value.revision)))
    return exchange.reply({ status: 304, contentType: '', body: '', chunked: true });
  const { contentType, bytes, parts } = value;
  const [whole, ...others] = Array.isArray(parts) ? (parts as readonly Uint8Array[]) : [];
  // A value of a record is in memory already.
  if (whole !== undefined && others.length === 0)
    return exchange.reply({ status: 200, contentType, body: '', bytes: whole });
  await sendParts(exchange, { contentType, bytes }, parts);
}

/** A stored value must not run as a page of the gateway's own origin. */
function describe(exchange: Exchange, { revision, level, ageMs, policy, expiresAtMs }: MemoryReading): void {
  exchange.setHeader('etag', tagOf(revision));
  exchange.setHeader('x-drover-memory-read', level);
  exchange.setHeader('x-drover-memory-age-ms', String(Math.round(ageMs)));
  exchange.setHeader('x-drover-memory-policy', policy);
  if (expiresAtMs !== undefined)
    exchange.setHeader('x-drover-memory-expires-at', new Date(expiresAtMs).toISOString());
  exchange.setHeader('x-content-type-options', 'nosniff');
  exchange.setHeader('content-security-policy', 'sandbox');
  exchange.setHeader('cache-control', 'no-cache');
}

async function put(
  { memory, bodies }: GatewayServices,
  exchange: Exchange,
  scope: MemoryScope,
  key: string,
): Promise<void> {
  const { ttlMs, policy } = readQuery(exchange.query, ['ttlMs', 'policy']);
  const ttl = wholeNumber('ttlMs', ttlMs);
  const condition = readPrecondition(exchange.header('if-match'), exchange.header('if-none-match'));
  const value = streamBody(exchange, bodies, memory.maxValueBytes);
  const outcome = await scope.put(key, value, {
    contentType: exchange.header('content-type') ?? defaultType,
    ...condition,
    ...(policy === undefined ? {} : { policy }),
    ...(ttl === undefined ? {} : { ttlMs: ttl }),
  });
  if (outcome.kind !== 'written' && outcome.kind !== 'superseded')
    throw withTag(exchange, refusalFailure(outcome));
  const { kind, revision } = outcome;
  exchange.setHeader('etag', tagOf(revision));
  if (kind === 'superseded') exchange.setHeader('x-drover-memory-conflict', 'superseded');
  const isCreated = kind === 'written' && outcome.isCreated;
  exchange.reply(droverJson({ revision }, isCreated ? 201 : 200));
}

async function remove(exchange: Exchange, scope: MemoryScope, key: string): Promise<void> {
  readQuery(exchange.query, []);
  const condition = readPrecondition(exchange.header('if-match'), exchange.header('if-none-match'));
  const outcome = await scope.remove(key, condition);
  if (outcome.kind !== 'removed') throw withTag(exchange, refusalFailure(outcome));
  exchange.reply({ status: 204, contentType: '', body: '', chunked: true });
}

async function operate(
  { bodies }: GatewayServices,
  exchange: Exchange,
  scope: MemoryScope,
  key: string,
): Promise<void> {
  const { ttlMs, policy } = readQuery(exchange.query, ['ttlMs', 'policy']);
  const ttl = wholeNumber('ttlMs', ttlMs);
  const operations = await readOperations(exchange, bodies);
  const outcome = await scope.operate(key, operations, {
    ...(policy === undefined ? {} : { policy }),
    ...(ttl === undefined ? {} : { ttlMs: ttl }),
  });
  if (outcome.kind === 'not-found') throw keyNotFound();
  if (outcome.kind !== 'written') throw withTag(exchange, refusalFailure(outcome));
  const { revision, value, isCreated } = outcome;
  exchange.setHeader('etag', tagOf(revision));
  exchange.reply(droverJson({ value, revision }, isCreated ? 201 : 200));
}

async function list(exchange: Exchange, scope: MemoryScope): Promise<void> {
  const { prefix, cursor, limit } = readQuery(exchange.query, ['prefix', 'cursor', 'limit']);
  const most = wholeNumber('limit', limit);
  const page = await scope.list({
    ...(prefix === undefined ? {} : { prefix }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(most === undefined ? {} : { limit: most }),
  });
  const items = page.items.map(({ key, revision, bytes, expiresAtMs }) => ({
    key,
    revision,
    bytes,
    ...(expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() }),
  }));
  exchange.reply(droverJson({ items, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) }));
}

/** A refusal that shows the present revision carries it as the tag of the value, too. */
function withTag(exchange: Exchange, failure: RequestFailure): RequestFailure {
  const revision = failure.facts['revision'];
  if (typeof revision === 'number' && revision > 0) exchange.setHeader('etag', tagOf(revision));
  return failure;
}
