import { z } from 'zod';
import { badConfiguration, CommandError, exitCodes } from '../errors.ts';
import type { GatewayAddress } from './gateway-address.ts';
import { getJson, requestGateway } from './gateway-api.ts';
import { readEvents } from './read-events.ts';

const timeoutMs = 15_000;
/** Time for a value, which may have many megabytes. */
const valueTimeoutMs = 600_000;
const pageSize = 1_000;

/** A value of memory with its facts. */
export interface ReadValue {
  readonly value: Uint8Array;
  readonly revision: number;
  readonly contentType: string;
  readonly policy: string;
  readonly read: string;
  readonly ageMs: number;
  readonly expiresAt?: string;
}

/** What is put under a key. */
export interface PutValue {
  readonly value: Uint8Array;
  readonly contentType?: string;
  readonly policy?: string;
  readonly ttl?: number;
  readonly ifMatch?: number;
  readonly ifAbsent?: boolean;
}

/** A key in a list. */
export interface MemoryListItem {
  readonly key: string;
  readonly revision: number;
  readonly bytes: number;
  readonly expiresAt?: string | undefined;
}

/** An event of a scope. Fields that this release does not know are kept. */
export interface MemoryChange {
  readonly type: string;
  readonly key?: string | undefined;
  readonly revision?: number | undefined;
  readonly [field: string]: unknown;
}

const itemSchema: z.ZodType<MemoryListItem> = z.object({
  key: z.string(),
  revision: z.number(),
  bytes: z.number(),
  expiresAt: z.string().optional(),
});
const pageSchema = z.object({ items: z.array(itemSchema), cursor: z.string().optional() });
const eventSchema: z.ZodType<MemoryChange> = z.looseObject({
  type: z.string(),
  key: z.string().optional(),
  revision: z.number().optional(),
});

/** @throws CommandError as `requestGateway` */
export async function getValue(
  gateway: GatewayAddress,
  scope: string,
  key: string,
  level: string,
): Promise<ReadValue> {
  const path = `${pathOf(scope, key)}?read=${encodeURIComponent(level)}`;
  const response = await requestGateway(gateway, path, { signal: AbortSignal.timeout(valueTimeoutMs) });
  const { headers } = response;
  const expiresAt = headers.get('x-drover-memory-expires-at');
  return {
    value: new Uint8Array(await response.arrayBuffer()),
    revision: revisionOf(response),
    contentType: headers.get('content-type') ?? '',
    policy: headers.get('x-drover-memory-policy') ?? '',
    read: headers.get('x-drover-memory-read') ?? '',
    ageMs: Number(headers.get('x-drover-memory-age-ms')),
    ...(expiresAt === null ? {} : { expiresAt }),
  };
}

/** @throws CommandError as `requestGateway` */
export async function putValue(
  gateway: GatewayAddress,
  scope: string,
  key: string,
  { value, contentType, policy, ttl, ifMatch, ifAbsent }: PutValue,
): Promise<{ readonly revision: number; readonly created: boolean; readonly superseded: boolean }> {
  const query = new URLSearchParams();
  if (ttl !== undefined) query.set('ttlMs', String(ttl));
  if (policy !== undefined) query.set('policy', policy);
  const headers: Record<string, string> = { 'content-type': contentType ?? 'application/octet-stream' };
  if (ifMatch !== undefined) headers['if-match'] = `"${ifMatch}"`;
  if (ifAbsent === true) headers['if-none-match'] = '*';
  const response = await requestGateway(gateway, `${pathOf(scope, key)}?${query.toString()}`, {
    method: 'PUT',
    headers,
    body: value as Uint8Array<ArrayBuffer>,
    signal: AbortSignal.timeout(valueTimeoutMs),
  });
  await response.arrayBuffer();
  return {
    revision: revisionOf(response),
    created: response.status === 201,
    superseded: response.headers.get('x-drover-memory-conflict') === 'superseded',
  };
}

/** @throws CommandError as `requestGateway` */
export async function removeValue(
  gateway: GatewayAddress,
  scope: string,
  key: string,
  ifMatch: number | undefined,
): Promise<void> {
  await requestGateway(gateway, pathOf(scope, key), {
    method: 'DELETE',
    headers: ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` },
    signal: AbortSignal.timeout(timeoutMs),
  });
}

/** The keys of a scope, all pages of them or the first `limit`. @throws CommandError as `getJson` */
export async function listValues(
  gateway: GatewayAddress,
  scope: string,
  prefix: string,
  limit: number = Number.POSITIVE_INFINITY,
): Promise<readonly MemoryListItem[]> {
  const items: MemoryListItem[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ prefix, limit: String(Math.min(pageSize, limit - items.length)) });
    if (cursor !== undefined) query.set('cursor', cursor);
    const page = pageSchema.safeParse(await getJson(gateway, `${pathOf(scope)}?${query.toString()}`));
    if (!page.success) throw notMemory(gateway);
    items.push(...page.data.items);
    ({ cursor } = page.data);
  } while (cursor !== undefined && items.length < limit);
  return items;
}

/** Reports the events of a scope until the signal, or until the gateway stops. @throws CommandError */
export async function followMemory(
  gateway: GatewayAddress,
  scope: string,
  prefix: string,
  { signal, onEvent }: { readonly signal: AbortSignal; readonly onEvent: (event: MemoryChange) => void },
): Promise<void> {
  const path = `${pathOf(scope)}/-/events?prefix=${encodeURIComponent(prefix)}`;
  const response = await requestGateway(gateway, path, { signal });
  await readEvents(response, signal, (data) => {
    const event = eventSchema.safeParse(data);
    if (event.success) onEvent(event.data);
  });
  if (!signal.aborted)
    throw new CommandError(
      'gateway-unreachable',
      exitCodes.missing,
      `${gateway.url} ended the stream of events`,
      {
        fix: 'start the command again once the gateway runs',
      },
    );
}

function pathOf(scope: string, key?: string): string {
  if (scope === '') throw badConfiguration('--scope', 'must not be empty');
  if (key === '') throw badConfiguration('KEY', 'must not be empty');
  const root = `/api/v1/memory/${encodeURIComponent(scope).replaceAll('%3A', ':')}`;
  return key === undefined ? root : `${root}/${encodeURIComponent(key)}`;
}

function revisionOf(response: Response): number {
  return Number(response.headers.get('etag')?.replaceAll('"', ''));
}

function notMemory({ url }: GatewayAddress): CommandError {
  return new CommandError(
    'gateway-unreachable',
    exitCodes.missing,
    `${url} answers, but not with a list of keys`,
    {
      fix: 'name a gateway of this version with --url',
    },
  );
}
