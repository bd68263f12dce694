import { z } from 'zod';
import { CommandError, exitCodes } from '../errors.ts';
import type { GatewayAddress } from './gateway-address.ts';
import { getJson, requestGateway } from './gateway-api.ts';

const timeoutMs = 15_000;

/** A queue in a list; without counts where there are too many. */
export interface QueueItem {
  readonly name: string;
  readonly depth?: number | undefined;
  readonly inFlight?: number | undefined;
  readonly delayed?: number | undefined;
  readonly dead?: number | undefined;
  readonly oldestAgeMs?: number | undefined;
}

/** A message that was taken. */
export interface TakenItem {
  readonly id: string;
  readonly body: unknown;
  readonly attempt: number;
  readonly lease: string;
}

/** A dead message. */
export interface DeadItem {
  readonly id: string;
  readonly body: unknown;
  readonly attempts: number;
  readonly reason: string;
  readonly diedAt: string;
}

/** What is put beside the body. */
export interface PutFields {
  readonly id?: string;
  readonly priority?: number;
  readonly delayMs?: number;
  readonly maxAttempts?: number;
}

const count = z.number().optional();
const queuesSchema = z.object({
  queues: z.array(
    z.object({
      name: z.string(),
      depth: count,
      inFlight: count,
      delayed: count,
      dead: count,
      oldestAgeMs: count,
    }),
  ),
});
const putSchema = z.object({ id: z.string(), duplicate: z.boolean().optional() });
const takenSchema = z.object({
  messages: z.array(z.object({ id: z.string(), body: z.unknown(), attempt: z.number(), lease: z.string() })),
});
const deadSchema = z.object({
  messages: z.array(
    z.object({
      id: z.string(),
      body: z.unknown(),
      attempts: z.number(),
      reason: z.string(),
      diedAt: z.string(),
    }),
  ),
  cursor: z.string().optional(),
});
const replaySchema = z.object({ replayed: z.number() });

/** @throws CommandError as `requestGateway`, like all of these */
export async function listQueues(gateway: GatewayAddress): Promise<readonly QueueItem[]> {
  return read(gateway, queuesSchema, await getJson(gateway, '/api/v1/queues')).queues;
}

/** @param body JSON text, sent as it stands */
export async function putMessage(
  gateway: GatewayAddress,
  queue: string,
  body: string,
  fields: PutFields,
): Promise<{ readonly id: string; readonly duplicate?: boolean | undefined }> {
  const head = JSON.stringify(fields).slice(0, -1);
  const text = `${head}${head === '{' ? '' : ','}"body":${body}}`;
  return read(gateway, putSchema, await send(gateway, 'POST', pathOf(queue), text));
}

export async function takeMessages(
  gateway: GatewayAddress,
  queue: string,
  wanted: { readonly max: number; readonly waitMs: number; readonly leaseMs?: number },
): Promise<readonly TakenItem[]> {
  const path = `${pathOf(queue)}/take`;
  const answer = await send(gateway, 'POST', path, JSON.stringify(wanted), timeoutMs + wanted.waitMs);
  return read(gateway, takenSchema, answer).messages;
}

export async function settleMessage(
  gateway: GatewayAddress,
  queue: string,
  action: 'ack' | 'nack' | 'extend',
  id: string,
  fields: object,
): Promise<void> {
  await send(gateway, 'POST', `${messagePath(queue, id)}/${action}`, JSON.stringify(fields));
}

export async function cancelMessage(gateway: GatewayAddress, queue: string, id: string): Promise<void> {
  await send(gateway, 'DELETE', messagePath(queue, id));
}

/** All dead messages, at most `limit`. */
export async function listDead(
  gateway: GatewayAddress,
  queue: string,
  limit: number,
): Promise<readonly DeadItem[]> {
  const found: DeadItem[] = [];
  for (let cursor: string | undefined = '1'; cursor !== undefined && found.length < limit; ) {
    const most = Math.min(1_000, limit - found.length);
    const path = `${pathOf(queue)}/dead?cursor=${cursor}&limit=${most}`;
    const page: z.infer<typeof deadSchema> = read(gateway, deadSchema, await getJson(gateway, path));
    found.push(...page.messages);
    cursor = page.cursor;
  }
  return found;
}

/** @param ids all dead messages where none is given */
export async function replayDead(
  gateway: GatewayAddress,
  queue: string,
  ids: readonly string[],
): Promise<number> {
  const body = ids.length === 0 ? '{}' : JSON.stringify({ ids });
  return read(gateway, replaySchema, await send(gateway, 'POST', `${pathOf(queue)}/dead/replay`, body))
    .replayed;
}

export async function removeQueue(gateway: GatewayAddress, queue: string, discards: boolean): Promise<void> {
  await send(gateway, 'DELETE', `${pathOf(queue)}${discards ? '?messages=discard' : ''}`);
}

function pathOf(queue: string): string {
  return `/api/v1/queues/${encodeURIComponent(queue)}`;
}

function messagePath(queue: string, id: string): string {
  return `${pathOf(queue)}/messages/${encodeURIComponent(id)}`;
}

async function send(
  gateway: GatewayAddress,
  method: 'POST' | 'DELETE',
  path: string,
  body?: string,
  withinMs: number = timeoutMs,
): Promise<unknown> {
  const response = await requestGateway(gateway, path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body }),
    signal: AbortSignal.timeout(withinMs),
  });
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

function read<T>({ url }: GatewayAddress, schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new CommandError(
    'gateway-unreachable',
    exitCodes.missing,
    `${url} answers, but not as a Drover gateway`,
    { fix: 'name a gateway of this version with --url' },
  );
}
