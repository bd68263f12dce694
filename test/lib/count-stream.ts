import { type ClientRequest, type IncomingMessage, request } from 'node:http';

/** Dialect of a counting stream. */
export type CountDialect = 'ollama' | 'openai';

/** What a client received of one `sim-count` stream. */
export interface CountOutcome {
  /**
   * `complete`: all numbers and the dialect's end · `error-frame`: an explicit error of the dialect, before or in the
   * stream · `cut`: anything else.
   */
  readonly ending: 'complete' | 'error-frame' | 'cut';
  readonly status: number;
  /** Number of received numbers. */
  readonly count: number;
  /** True if the numbers were 1, 2, 3 … without a gap or a repetition. */
  readonly contiguous: boolean;
  readonly detail: string;
  /** `performance.now()` at the end of the stream. */
  readonly endedAtMs: number;
  readonly node: string;
  readonly firstTokenMs: number;
  readonly maxGapMs: number;
}

export interface CountStream {
  readonly outcome: Promise<CountOutcome>;
  /** Numbers received so far. */
  count(): number;
  /** Node in the response header, once that has arrived. */
  node(): string;
  /** Resolves when `n` numbers have arrived, or when the stream has ended. */
  reached(n: number): Promise<void>;
  /** Stops reading, but keeps the connection open. */
  pause(): void;
  resume(): void;
  /** Closes the connection, as a client that leaves. */
  abort(): void;
}

/** Starts one stream that counts to `upTo` and checks every number. */
export function startCount(
  baseUrl: string,
  options: {
    upTo: number;
    dialect?: CountDialect;
    model?: string;
    prompt?: string;
    headers?: Record<string, string>;
  },
): CountStream {
  const dialect = options.dialect ?? 'ollama';
  const model = options.model ?? 'sim-count';
  const messages = [{ role: 'user', content: options.prompt ?? 'count' }];
  const [path, body] =
    dialect === 'ollama'
      ? ['/api/chat', { model, messages, options: { num_predict: options.upTo } }]
      : ['/v1/chat/completions', { model, messages, max_tokens: options.upTo, stream: true }];
  const payload = JSON.stringify(body);
  const startedAtMs = performance.now();
  const { promise, resolve } = Promise.withResolvers<CountOutcome>();
  const waiters: { n: number; wake: () => void }[] = [];
  const seen = new CountCheck();
  let node = '';
  let status = 0;
  let rest = '';
  let ended = false;
  let proper = false;
  let errorText: string | undefined;
  let firstTokenMs = Number.NaN;
  let lastAtMs = 0;
  let maxGapMs = 0;
  let response: IncomingMessage | undefined;
  const finish = (cut: string | undefined): void => {
    if (ended) return;
    ended = true;
    seen.end();
    const complete = cut === undefined && proper && errorText === undefined && seen.count === options.upTo;
    resolve({
      ending: complete ? 'complete' : errorText !== undefined ? 'error-frame' : 'cut',
      status,
      count: seen.count,
      contiguous: seen.contiguous,
      detail: errorText ?? cut ?? (complete ? '' : `ended after ${seen.count} of ${options.upTo}`),
      endedAtMs: performance.now(),
      node,
      firstTokenMs,
      maxGapMs,
    });
    for (const waiter of waiters.splice(0)) waiter.wake();
  };
  const takeText = (text: string): void => {
    if (text === '') return;
    const at = performance.now();
    if (Number.isNaN(firstTokenMs)) firstTokenMs = at - startedAtMs;
    else maxGapMs = Math.max(maxGapMs, at - lastAtMs);
    lastAtMs = at;
    seen.add(text);
    for (let index = waiters.length - 1; index >= 0; index -= 1) {
      const waiter = waiters[index];
      if (waiter !== undefined && seen.count >= waiter.n) {
        waiters.splice(index, 1);
        waiter.wake();
      }
    }
  };
  const takeLine = (line: string): void => {
    if (line === '') return;
    if (dialect === 'ollama') {
      const value = JSON.parse(line) as { message?: { content?: string }; done?: boolean; error?: string };
      if (value.error !== undefined) errorText = value.error;
      takeText(value.message?.content ?? '');
      if (value.done === true) proper = true;
      return;
    }
    if (!line.startsWith('data: ')) return;
    if (line === 'data: [DONE]') {
      proper = true;
      return;
    }
    const value = JSON.parse(line.slice(6)) as {
      error?: { message: string };
      choices?: { delta?: { content?: string } }[];
    };
    if (value.error !== undefined) errorText = value.error.message;
    takeText(value.choices?.[0]?.delta?.content ?? '');
  };
  const call: ClientRequest = request(
    new URL(path, baseUrl),
    {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(payload),
        ...options.headers,
      },
    },
    (answer) => {
      response = answer;
      status = answer.statusCode ?? 0;
      node = String(answer.headers['x-drover-node'] ?? '');
      answer.setEncoding('utf8');
      let plain = '';
      answer.on('data', (chunk: string) => {
        if (status !== 200) {
          plain += chunk;
          return;
        }
        const parts = (rest + chunk).split('\n');
        rest = parts.pop() ?? '';
        for (const part of parts) takeLine(part);
      });
      answer.on('end', () => {
        if (status !== 200) errorText = plain;
        finish(undefined);
      });
      answer.on('error', (error) => finish(error.message));
      answer.on('aborted', () => finish('connection cut'));
    },
  );
  call.on('error', (error) => finish(error.message));
  call.end(payload);
  return {
    outcome: promise,
    count: () => seen.count,
    node: () => node,
    reached: (n) =>
      new Promise((wake) => {
        if (ended || seen.count >= n) wake();
        else waiters.push({ n, wake });
      }),
    pause: () => response?.pause(),
    resume: () => response?.resume(),
    abort: () => call.destroy(),
  };
}

/** Checks that pieces of text form 1 2 3 …; a number is checked when the next one begins. */
class CountCheck {
  count = 0;
  contiguous = true;
  #word = '';

  add(text: string): void {
    for (const letter of text) {
      if (letter === ' ') this.#flush();
      else this.#word += letter;
    }
    // The simulated model sends whole numbers, so the rest is complete.
    if (this.#word !== '') this.#flush();
  }

  end(): void {
    this.#flush();
  }

  #flush(): void {
    if (this.#word === '') return;
    if (this.#word !== String(this.count + 1)) this.contiguous = false;
    this.count += 1;
    this.#word = '';
  }
}
