import { Agent, request } from 'node:http';

/** Result of one streamed `/api/chat` answer. */
export interface ChatOutcome {
  /** Milliseconds from the planned start to the first line; NaN without a line. */
  readonly firstLineMs: number;
  /** Largest pause between two lines, in milliseconds. */
  readonly maxGapMs: number;
  readonly lines: number;
  /** The answer was complete, in order, and ended with `done:true`. */
  readonly verified: boolean;
  /** Reason for an answer that is not verified. */
  readonly problem?: string;
}

const agent: Agent = new Agent({ keepAlive: true, maxSockets: 4096, keepAliveMsecs: 30_000 });

/** The answer of `sim-count` with `numPredict` tokens. */
function expectedCount(numPredict: number): string {
  return Array.from({ length: numPredict }, (_, i) => i + 1).join(' ');
}

/**
 * Runs one stream against `baseUrl` and checks the count. Times are measured from `intendedAtMs`, the planned start
 * (on the scale of `performance.now()`), so that a late load generator does not hide latency.
 */
export function runChatStream(
  baseUrl: string,
  options: {
    model: string;
    numPredict: number;
    intendedAtMs: number;
    timeoutMs: number;
    onLine?: (atMs: number) => void;
    /** Opens a new connection, as a new client does. @default false: takes one of a pool */
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
