import { z } from 'zod';
import { badConfiguration, CommandError, exitCodes } from '../errors.ts';
import type { GatewayAddress } from './gateway-address.ts';
import { fetchGateway, tlsProblemOf } from './client-tls.ts';
import { keyHeaders } from './key-headers.ts';

const timeoutMs = 5_000;
const maxAnswerBytes = 32_000_000;
const maxMessageLength = 500;

/** An error of Ollama's routes. */
const nativeRefusalSchema = z.object({ error: z.string() });
const refusalSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), field: z.string().optional() }),
});

/**
 * Reads one of the gateway's own routes.
 *
 * @throws CommandError `gateway-unreachable` if no server answers, or a server that is not a Drover gateway;
 *   `bad-configuration` naming the flag of a wrong parameter; `node-missing`; `request-unknown`; `gateway-refused` for
 *   another error of the gateway
 */
export function getJson(address: GatewayAddress, path: string): Promise<unknown> {
  return callGateway(address, path, { signal: AbortSignal.timeout(timeoutMs) });
}

/** Sends a request with a JSON body, or none. Undefined for an empty answer. @throws CommandError as `getJson` */
export function sendJson(
  address: GatewayAddress,
  {
    method,
    path,
    body,
  }: {
    readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    readonly path: string;
    readonly body?: object;
  },
  withinMs: number = timeoutMs,
): Promise<unknown> {
  return callGateway(address, path, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(withinMs),
  });
}

/**
 * Sends a request whose answer need not be JSON. The body of the answer is read by the caller.
 *
 * @throws CommandError as `getJson`; with exit code 1 where the gateway refuses what is asked
 */
export async function requestGateway(
  address: GatewayAddress,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const url = urlOf(address, path);
  const response = await fetchGateway(url, withKey(address, init), address.tls).catch((error: unknown) => {
    throw noAnswer(address, error);
  });
  if (!response.ok) throw failureOf(url, response.status, await response.text().catch(() => ''));
  return response;
}

async function callGateway(address: GatewayAddress, path: string, init: RequestInit): Promise<unknown> {
  const url = urlOf(address, path);
  let response: Response;
  let text: string;
  try {
    response = await fetchGateway(url, withKey(address, init), address.tls);
    text = await response.text();
  } catch (error) {
    throw noAnswer(address, error);
  }
  if (text.length > maxAnswerBytes)
    throw unreachable(`${url} answered more than ${maxAnswerBytes} bytes`, undefined);
  if (!response.ok) throw failureOf(url, response.status, text);
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreachable(`${url} answered something that is no JSON`, error);
  }
}

function withKey({ key }: GatewayAddress, init: RequestInit): RequestInit {
  return { ...init, headers: { ...(init.headers as Record<string, string>), ...keyHeaders(key) } };
}

function urlOf({ url: baseUrl, origin }: GatewayAddress, path: string): string {
  if (!/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl)) {
    throw badConfiguration('--url', `is no http address: ${baseUrl} (${origin})`);
  }
  return new URL(path, baseUrl).href;
}

function noAnswer({ url, origin }: GatewayAddress, error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  const { cause } = error as { readonly cause?: { readonly code?: string } };
  const problem = tlsProblemOf(url, cause?.code ?? '') ?? reason(error);
  return unreachable(`no Drover answers at ${url} (${origin}): ${problem}`, error);
}

function failureOf(url: string, status: number, text: string): CommandError {
  return refusal(url, text) ?? unreachable(`${url} answered ${status}: ${text.slice(0, 200)}`, undefined);
}

/** Codes with which a gateway says that the present state does not allow what is asked. */
const answersNo: ReadonlySet<string> = new Set([
  'not-found',
  'revision-mismatch',
  'policy-mismatch',
  'merge-failed',
  'lease-lost',
  'message-not-found',
  'queue-not-empty',
  'queue-full',
  'too-many-queues',
  'node-ended',
  'group-not-found',
  'not-eligible',
  'already-voter',
  'not-a-voter',
  'too-many-voters',
  'last-voter',
  'no-quorum',
  'conflict',
  'no-candidate',
  'not-a-candidate',
  'not-taken',
  'not-allowed',
  'key-not-found',
  'key-ended',
  'key-changed',
  'first-key-must-administer',
  'too-many-keys',
  'key-exists',
]);

/** Codes with which a gateway says that the request needs another key. */
const needsKey: ReadonlySet<string> = new Set([
  'key-required',
  'key-invalid',
  'key-expired',
  'token-invalid',
  'token-expired',
]);

/** Flags and arguments whose name is not that of their field. */
const flagOfField: Readonly<Record<string, string>> = {
  key: 'KEY',
  ttlMs: '--ttl',
  'If-Match': '--if-match',
  delayMs: '--delay',
  waitMs: '--wait',
  leaseMs: '--lease',
  maxAttempts: '--max-attempts',
  role: '--role',
  route: '--route',
  model: '--model',
  tenant: '--tenant',
  expires: '--expires',
  queue: 'QUEUE',
};

/** The error of a gateway as an error of the command; undefined when `text` is not an error answer of a gateway. */
function refusal(url: string, text: string): CommandError | undefined {
  const native = nativeRefusalSchema.safeParse(parsed(text));
  if (native.success)
    return new CommandError('gateway-refused', exitCodes.no, native.data.error.slice(0, maxMessageLength));
  const answer = refusalSchema.safeParse(parsed(text));
  if (!answer.success) return undefined;
  const { code, message, field } = answer.data.error;
  const short = message.slice(0, maxMessageLength);
  if (code === 'request-not-found') return new CommandError('request-unknown', exitCodes.missing, short);
  if (code === 'node-not-found') return new CommandError('node-missing', exitCodes.missing, short);
  if (code === 'invalid-input' && field !== undefined)
    return badConfiguration(flagOfField[field] ?? `--${field}`, short.replace(`${field}: `, ''));
  if (needsKey.has(code))
    return new CommandError('key-missing', exitCodes.missing, `${url} answers ${code}: ${short}`, {
      fix: 'name a key with --key or DROVER_KEY; "drover key create --data DIR" makes one while no drover up runs with DIR',
    });
  if (answersNo.has(code)) return new CommandError('gateway-refused', exitCodes.no, `${code}: ${short}`);
  // The gateway is older than this command and does not have the route.
  if (code === 'no-such-route') return undefined;
  return new CommandError('gateway-refused', exitCodes.missing, `${url} answers ${code}: ${short}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(message: string, cause: unknown): CommandError {
  return new CommandError('gateway-unreachable', exitCodes.missing, message, {
    fix: 'start one with "drover up", or name its address with --url',
    cause,
  });
}

/** Reason why a fetch failed, as one clause. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause instanceof Error ? error.cause : undefined;
  const refused = cause !== undefined && 'code' in cause && cause.code === 'ECONNREFUSED';
  return refused ? 'nothing listens there' : (cause?.message ?? error.message);
}
