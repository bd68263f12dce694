import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, exitCodes } from '../errors.ts';
import { type ClientTls, fetchGateway } from '../gateway-client/client-tls.ts';
import { keyHeaders } from '../gateway-client/key-headers.ts';

export interface ReadinessOptions {
  readonly url: string;
  /** Model of the first request; undefined where a request would load a model of a real Ollama. */
  readonly firstRequestModel: string | undefined;
  /** Number of Ollama servers that the gateway should know; waited for `stragglersMs` at most. */
  readonly instances: number;
  readonly timeoutMs: number;
  /** Key of this machine, if the cluster has keys. */
  readonly key: string | undefined;
  /** Certificate and key of the gateway, where it speaks TLS. */
  readonly tls: Pick<ClientTls, 'certFile' | 'keyFile'> | undefined;
  readonly signal: AbortSignal;
}

/** Longest wait, in a fleet that serves already, for hosts that have not reported to the gateway. */
const stragglersMs = 3_000;
const readyTimeoutMs = 3_000;
const firstAnswerTimeoutMs = 10_000;

/**
 * Waits until the gateway reports that it can serve, and until it has answered a first chat where there is a model
 * for it.
 *
 * @throws CommandError `start-timeout` with the reason of the last failed attempt
 */
export async function waitUntilReady(options: ReadinessOptions): Promise<void> {
  const deadlineMs = performance.now() + options.timeoutMs;
  let lastReason: string | undefined;
  const attempt = options.firstRequestModel === undefined ? askReady : askBoth;
  while (performance.now() < deadlineMs) {
    options.signal.throwIfAborted();
    const leftMs = Math.max(1, Math.ceil(deadlineMs - performance.now()));
    const outcome = await attempt(options, leftMs);
    if (outcome === undefined) return waitForStragglers(options);
    // An attempt that the deadline has cut short does not show the cause, so the reason before it is kept.
    if (lastReason === undefined || performance.now() < deadlineMs) lastReason = outcome;
    await delay(50, undefined, { signal: options.signal });
  }
  throw new CommandError(
    'start-timeout',
    exitCodes.internal,
    `the fleet was not ready within ${options.timeoutMs / 1000} s: ${lastReason ?? 'the gateway did not answer'}`,
    { fix: 'run again with --log-level info to see why' },
  );
}

/** Waits for the reports of all hosts, so that the first requests are spread over all of them, and for the view. */
async function waitForStragglers(options: ReadinessOptions): Promise<void> {
  const { instances, signal } = options;
  const deadlineMs = performance.now() + stragglersMs;
  while (performance.now() < deadlineMs) {
    const status = await askStatus(options);
    if (status !== undefined && knownInstances(status) >= instances && hasWholeView(status)) return;
    await delay(50, undefined, { signal });
  }
}

/** The part of the status that shows whether all processes have joined. */
interface JoinStatus {
  readonly nodes: readonly {
    readonly id: string;
    readonly instances: readonly { readonly state: string }[];
  }[];
  readonly groups?: readonly { readonly name: string; readonly state: string }[];
  readonly view?: { readonly members: readonly { readonly id: string }[] };
}

async function askStatus(options: ReadinessOptions): Promise<JoinStatus | undefined> {
  const headers = keyHeaders(options.key);
  try {
    const response = await ask(options, '/api/v1/status', 1_000, { headers });
    return response.ok ? ((await response.json()) as JoinStatus) : undefined;
  } catch {
    return undefined;
  }
}

function knownInstances({ nodes }: JoinStatus): number {
  return nodes.flatMap((node) => node.instances).filter(({ state }) => state !== 'starting').length;
}

/** Whether a control leader leads and its view has every node. A status without groups shows neither. */
function hasWholeView({ nodes, groups, view }: JoinStatus): boolean {
  if (groups === undefined) return true;
  const isLed = groups.some(({ name, state }) => name === 'control' && state === 'led');
  return isLed && nodes.every(({ id }) => view?.members.some((member) => member.id === id) === true);
}

/** Undefined when the gateway is ready, else the reason. */
async function askReady(options: ReadinessOptions, leftMs: number): Promise<string | undefined> {
  const timeoutMs = Math.min(readyTimeoutMs, leftMs);
  try {
    const response = await ask(options, '/readyz', timeoutMs);
    const text = await response.text();
    return response.ok ? undefined : `/readyz answered ${response.status} ${text.slice(0, 200)}`;
  } catch (error) {
    return unanswered('/readyz', timeoutMs, error);
  }
}

async function askBoth(options: ReadinessOptions, leftMs: number): Promise<string | undefined> {
  return (await askReady(options, leftMs)) ?? (await askChat(options, leftMs));
}

async function askChat(options: ReadinessOptions, leftMs: number): Promise<string | undefined> {
  const { firstRequestModel, key } = options;
  const timeoutMs = Math.min(firstAnswerTimeoutMs, leftMs);
  const body = JSON.stringify({
    model: firstRequestModel,
    messages: [{ role: 'user', content: 'Say hello' }],
    stream: false,
    options: { num_predict: 1 },
  });
  try {
    const headers = { 'content-type': 'application/json', ...keyHeaders(key) };
    const response = await ask(options, '/api/chat', timeoutMs, { method: 'POST', body, headers });
    const text = await response.text();
    // The cluster has keys and this machine has none: the gateway works.
    if (response.status === 401) return undefined;
    return response.ok ? undefined : `the first request got ${response.status} ${text.slice(0, 200)}`;
  } catch (error) {
    const request = `the first request, a chat of one token with ${firstRequestModel},`;
    return unanswered(request, timeoutMs, error);
  }
}

function ask(
  { url, tls, signal }: ReadinessOptions,
  path: string,
  timeoutMs: number,
  init: RequestInit = {},
): Promise<Response> {
  const ended = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  return fetchGateway(url + path, { ...init, signal: ended }, { ...tls, isOwnGateway: true });
}

/** Reason why a request has no answer, with the name of the request. */
function unanswered(request: string, timeoutMs: number, error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return `${request} had no answer within ${timeoutMs / 1_000} s`;
  return `${request} failed: ${cause instanceof Error ? cause.message : message}`;
}
