import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, exitCodes } from '../errors.ts';

export interface ReadinessOptions {
  readonly url: string;
  /** A model that may be loaded to prove it: one of a simulated host, never a real one's. */
  readonly firstRequestModel: string | undefined;
  /** How many Ollama servers the gateway should know; it is not waited for longer than `stragglersMs`. */
  readonly instances: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** How long a fleet that serves already waits for hosts of which the gateway has not heard. */
const stragglersMs = 3_000;
const readyTimeoutMs = 3_000;
const firstAnswerTimeoutMs = 10_000;

/**
 * Waits until the gateway says that it can serve and, where it costs nothing, until a first chat was answered.
 *
 * @throws CommandError `start-timeout` with the gateway's last word
 */
export async function waitUntilReady(options: ReadinessOptions): Promise<void> {
  const deadlineMs = performance.now() + options.timeoutMs;
  let lastWord = 'it did not answer';
  const attempt = options.firstRequestModel === undefined ? askReady : askBoth;
  while (performance.now() < deadlineMs) {
    options.signal.throwIfAborted();
    const leftMs = Math.max(1, Math.ceil(deadlineMs - performance.now()));
    const outcome = await attempt(options, leftMs);
    if (outcome === undefined) return waitForStragglers(options);
    lastWord = outcome;
    await delay(50, undefined, { signal: options.signal });
  }
  throw new CommandError(
    'start-timeout',
    exitCodes.internal,
    `the fleet was not ready within ${options.timeoutMs / 1000} s: ${lastWord}`,
    { fix: 'run again with --log-level info to see why' },
  );
}

/** So that the first requests spread over all hosts and not over those that happened to be heard first. */
async function waitForStragglers({ url, instances, signal }: ReadinessOptions): Promise<void> {
  const deadlineMs = performance.now() + stragglersMs;
  while (performance.now() < deadlineMs) {
    if ((await knownInstances(url, signal)) >= instances) return;
    await delay(50, undefined, { signal });
  }
}

async function knownInstances(url: string, signal: AbortSignal): Promise<number> {
  try {
    const response = await fetch(`${url}/api/v1/status`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(1_000)]),
    });
    const { nodes } = (await response.json()) as { nodes: { instances: { state: string }[] }[] };
    return nodes.flatMap((node) => node.instances).filter(({ state }) => state !== 'starting').length;
  } catch {
    return 0;
  }
}

/** Undefined when ready, else why not. */
async function askReady({ url, signal }: ReadinessOptions, leftMs: number): Promise<string | undefined> {
  const timeoutMs = Math.min(readyTimeoutMs, leftMs);
  try {
    const response = await fetch(`${url}/readyz`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await response.text();
    return response.ok ? undefined : `/readyz answered ${response.status} ${text.slice(0, 200)}`;
  } catch (error) {
    return unanswered('/readyz', timeoutMs, error);
  }
}

async function askBoth(options: ReadinessOptions, leftMs: number): Promise<string | undefined> {
  return (await askReady(options, leftMs)) ?? (await askChat(options, leftMs));
}

async function askChat(
  { url, signal, firstRequestModel }: ReadinessOptions,
  leftMs: number,
): Promise<string | undefined> {
  const timeoutMs = Math.min(firstAnswerTimeoutMs, leftMs);
  const body = JSON.stringify({
    model: firstRequestModel,
    messages: [{ role: 'user', content: 'Say hello' }],
    stream: false,
    options: { num_predict: 1 },
  });
  try {
    const response = await fetch(`${url}/api/chat`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await response.text();
    return response.ok ? undefined : `the first request got ${response.status} ${text.slice(0, 200)}`;
  } catch (error) {
    const request = `the first request, a chat of one token with ${firstRequestModel},`;
    return unanswered(request, timeoutMs, error);
  }
}

/** Why a request has no answer, in words that name the request. */
function unanswered(request: string, timeoutMs: number, error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return `${request} had no answer within ${timeoutMs / 1_000} s`;
  return `${request} failed: ${cause instanceof Error ? cause.message : message}`;
}
