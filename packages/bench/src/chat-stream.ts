import { Agent, request } from 'node:http';

/** One streamed `/api/chat` answer, with the instant of every token. */
export interface ChatOutcome {
  /** Milliseconds from the intended start to the first line; NaN when none came. */
  readonly firstLineMs: number;
  /** Largest silence between two lines, milliseconds. */
  readonly maxGapMs: number;
  readonly lines: number;
  /** The whole answer was there, in order, and ended with `done:true`. */
  readonly verified: boolean;
  /** Why not, when not. */
  readonly problem?: string;
}

const agent: Agent = new Agent({ keepAlive: true, maxSockets: 4096, keepAliveMsecs: 30_000 });

/** What `sim-count` must say for `numPredict` tokens. */
function expectedCount(numPredict: number): string {
  return Array.from({ length: numPredict }, (_, i) => i + 1).join(' ');
}

/**
 * Runs one stream against `baseUrl` and checks the count. `intendedAtMs` is when it should have started
 * (`performance.now()` scale): an open loop measures from there, so that a late generator hides nothing.
 */
export function runChatStream(
  baseUrl: string,
  options: {
    model: string;
    numPredict: number;
    intendedAtMs: number;
    timeoutMs: number;
    onLine?: (atMs: number) => void;
    /** On a connection of its own, as from a new client. @default false: one of a pool */
    newConnection?: boolean;
  },
): Promise<ChatOutcome> {
  const { promise, resolve } = Promise.withResolvers<ChatOutcome>();
  const body = JSON.stringify({
    model: options.model,
    messages: [{ role: 'user', content: 'count' }],
    options: { num_predict: options.numPredict },
  });
  let firstLineMs = Number.NaN;
  let lastAtMs = 0;
  let maxGapMs = 0;
  let lines = 0;
  let text = '';
  let rest = '';
  let done = false;
  let settled = false;
  const finish = (problem?: string): void => {
    if (settled) return;
    settled = true;
    const wrong =
      problem ??
      (done ? undefined : 'ended without done') ??
      (text.trim() === expectedCount(options.numPredict) ? undefined : `wrong text: ${text.slice(0, 60)}`);
    resolve({
      firstLineMs,
      maxGapMs,
      lines,
      verified: wrong === undefined,
      ...(wrong === undefined ? {} : { problem: wrong }),
    });
  };
  const call = request(
    new URL('/api/chat', baseUrl),
    {
      method: 'POST',
      agent: options.newConnection === true ? false : agent,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    },
    (response) => {
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const at = performance.now();
        if (lines === 0) firstLineMs = at - options.intendedAtMs;
        else maxGapMs = Math.max(maxGapMs, at - lastAtMs);
        lastAtMs = at;
        const parts = (rest + chunk).split('\n');
        rest = parts.pop() ?? '';
        for (const line of parts) {
          if (line === '') continue;
          lines += 1;
          options.onLine?.(at);
          const value = JSON.parse(line) as {
            message?: { content?: string };
            done?: boolean;
            error?: string;
          };
          if (value.error !== undefined) finish(`error line: ${value.error}`);
          text += value.message?.content ?? '';
          if (value.done === true) done = true;
        }
      });
      response.on('end', () =>
        finish(
          response.statusCode === 200 ? undefined : `status ${response.statusCode}: ${rest.slice(0, 200)}`,
        ),
      );
      response.on('error', (error) => finish(error.message));
    },
  );
  call.setTimeout(options.timeoutMs, () =>
    call.destroy(new Error(`no progress within ${options.timeoutMs} ms`)),
  );
  call.on('error', (error) => finish(error.message));
  call.end(body);
  return promise;
}
