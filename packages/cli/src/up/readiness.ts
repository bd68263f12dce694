import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, exitCodes } from '../errors.ts';

export interface ReadinessOptions {
  readonly url: string;
  /** A model that may be loaded to prove it: one of a simulated host, never a real one's. */
  readonly firstRequestModel: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

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
    const outcome = await attempt(options);
    if (outcome === undefined) return;
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

/** Undefined when ready, else why not. */
async function askReady({ url, signal }: ReadinessOptions): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/readyz`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(3_000)]),
    });
    const text = await response.text();
    return response.ok ? undefined : `/readyz answered ${response.status} ${text.slice(0, 200)}`;
  } catch (error) {
    return (error as Error).message;
  }
}

async function askBoth(options: ReadinessOptions): Promise<string | undefined> {
  return (await askReady(options)) ?? (await askChat(options));
}

async function askChat({ url, signal, firstRequestModel }: ReadinessOptions): Promise<string | undefined> {
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
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
    const text = await response.text();
    return response.ok ? undefined : `the first request got ${response.status} ${text.slice(0, 200)}`;
  } catch (error) {
    return (error as Error).message;
  }
}
