import { randomUUID } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';

/** One kind of request: sends it and checks its result. */
export interface RequestKind {
  readonly name: string;
  /** Share of the requests for this kind; smaller if one run sends many requests. @default 1 */
  readonly share?: number;
  /** True: runs one at a time. @default false */
  readonly alone?: boolean;
  /** @throws Error if the result is wrong */
  run(url: string): Promise<void>;
}

/** What the kinds need: a cluster with agents, and limits that they can reach. */
export interface KindsOptions {
  readonly agentId: string;
  /** Number of requests that exceeds the gateway's limit. */
  readonly overload: number;
}

const model = 'sim-count';
const pool = new Agent({ keepAlive: true, maxSockets: 16 });

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface SendOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called once the head has arrived; the request is aborted when it returns. */
  readonly leaveAfter?: (response: IncomingMessage) => Promise<void>;
  /** The request is aborted after this time. */
  readonly leaveAfterMs?: number;
}

function send(url: string, path: string, body: unknown, options: SendOptions = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const leaves = options.leaveAfter !== undefined || options.leaveAfterMs !== undefined;
  // A client that aborts gets an error of the closed connection.
  const broken = (error: Error): void => (leaves ? resolve({ status: 0, text: '' }) : reject(error));
  const call = request(
    new URL(path, url),
    {
      method: options.method ?? (body === undefined ? 'GET' : 'POST'),
      agent: leaves ? false : pool,
      headers: { 'content-length': Buffer.byteLength(text), ...options.headers },
    },
    (response) => {
      const status = response.statusCode ?? 0;
      if (options.leaveAfter) {
        options
          .leaveAfter(response)
          .finally(() => call.destroy())
          .then(() => resolve({ status, text: '' }), reject);
        return;
      }
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ status, text: Buffer.concat(parts).toString('utf8') }));
      response.on('error', broken);
    },
  );
  call.on('error', broken);
  if (options.leaveAfterMs !== undefined) setTimeout(() => call.destroy(), options.leaveAfterMs);
  call.end(text);
  return promise;
}

async function expectStatus(wanted: number, answer: Promise<Answer>): Promise<Answer> {
  const got = await answer;
  if (got.status !== wanted)
    throw new Error(`status ${got.status} instead of ${wanted}: ${got.text.slice(0, 200)}`);
  return got;
}

const one = (name: string, path: string, body: unknown, status = 200): RequestKind => ({
  name,
  run: async (url) => void (await expectStatus(status, send(url, path, body))),
});

const messages = [{ role: 'user', content: 'count' }];
const options = { num_predict: 3 };
const long = { model, messages, options: { num_predict: 100_000 } };
const firstPiece = (response: IncomingMessage): Promise<void> =>
  new Promise((resolve) => response.once('data', () => resolve()));

/** All kinds of requests that the gateway serves or refuses. */
export function requestKinds({ agentId, overload }: KindsOptions): readonly RequestKind[] {
  const task = `/api/v1/agents/${agentId}/task`;
  return [
    one('chat streamed', '/api/chat', { model, messages, options }),
    one('chat whole', '/api/chat', { model, messages, options, stream: false }),
    one('generate streamed', '/api/generate', { model, prompt: 'count', options }),
    one('generate whole', '/api/generate', { model, prompt: 'count', options, stream: false }),
    one('embed', '/api/embed', { model: 'sim-embed', input: ['a', 'b'] }),
    one('embeddings', '/api/embeddings', { model: 'sim-embed', prompt: 'a' }),
    one('show', '/api/show', { model }),
    one('tags', '/api/tags', undefined),
    one('ps', '/api/ps', undefined),
    one('unload', '/api/generate', { model: 'sim-embed', keep_alive: 0 }),
    one('v1 chat streamed', '/v1/chat/completions', { model, messages, max_tokens: 3, stream: true }),
    one('v1 chat whole', '/v1/chat/completions', { model, messages, max_tokens: 3 }),
    one('v1 completions streamed', '/v1/completions', {
      model,
      prompt: 'count',
      max_tokens: 3,
      stream: true,
    }),
    one('v1 completions whole', '/v1/completions', { model, prompt: 'count', max_tokens: 3 }),
    one('v1 embeddings', '/v1/embeddings', { model: 'sim-embed', input: 'a' }),
    one('v1 models', '/v1/models', undefined),
    one('unknown model', '/api/chat', { model: 'nothing', messages }, 404),
    one('broken JSON', '/api/chat', '{"model":', 400),
    one('unknown route', '/api/nothing', undefined, 404),
    {
      name: 'too large a body',
      run: async (url) =>
        void (await send(url, '/api/chat', '{', {
          headers: { 'content-length': '100000000' },
          leaveAfter: firstPiece,
        })),
    },
    {
      name: 'more than the gateway serves at once',
      share: 1 / overload,
      alone: true,
      run: async (url) => {
        // All stay open until one is refused, so that they are open at the same time.
        const { promise: refused, resolve } = Promise.withResolvers<void>();
        const answers = await Promise.all(
          Array.from({ length: overload }, () =>
            send(url, '/api/chat', long, {
              leaveAfterMs: 20_000,
              leaveAfter: async ({ statusCode }) => (statusCode === 503 ? resolve() : await refused),
            }),
          ),
        );
        if (!answers.some(({ status }) => status === 503)) throw new Error('none was refused');
      },
    },
    {
      name: 'left while it was queued or before its first token',
      run: async (url) => void (await send(url, '/api/chat', long, { leaveAfterMs: 2 })),
    },
    {
      name: 'left while it streams',
      run: async (url) => void (await send(url, '/api/chat', long, { leaveAfter: firstPiece })),
    },
    {
      name: 'left half read',
      run: async (url) =>
        void (await send(
          url,
          '/v1/chat/completions',
          { model, messages, max_tokens: 100_000, stream: true },
          {
            leaveAfter: async (response) => {
              await firstPiece(response);
              response.pause();
              await new Promise((resolve) => setTimeout(resolve, 20));
            },
          },
        )),
    },
    {
      name: 'left with half of its body sent',
      run: async (url) =>
        void (await send(url, '/api/chat', '{"model":', {
          headers: { 'content-length': '100' },
          leaveAfterMs: 5,
        })),
    },
    {
      name: 'agent spawned and stopped',
      run: async (url) => {
        const spawned = await expectStatus(201, send(url, '/api/v1/agents/spawn', { type: 'assistant' }));
        const { id } = JSON.parse(spawned.text) as { id: string };
        await expectStatus(200, send(url, `/api/v1/agents/${id}`, undefined, { method: 'DELETE' }));
      },
    },
    agentTask('agent task', task, { input: 'count' }, 200),
    agentTask('agent task streamed', task, { input: 'count', mode: 'stream' }, 200),
    {
      ...agentTask('agent task to come back for', task, { input: 'count', mode: 'async' }, 202),
    },
    {
      name: 'agent task left while it runs',
      run: async (url) =>
        void (await send(url, task, { input: 'count', mode: 'stream' }, { leaveAfterMs: 10 })),
    },
    {
      name: 'why, of a request that was served',
      run: async (url) => {
        const id = randomUUID();
        const headers = { 'x-drover-request-id': id };
        await expectStatus(200, send(url, '/api/chat', { model, messages, options }, { headers }));
        await expectStatus(200, send(url, `/api/v1/why/${id}`, undefined));
      },
    },
    one('status', '/api/v1/status', undefined),
    one('actors', '/api/v1/actors', undefined),
    one('agents', '/api/v1/agents', undefined),
    one('unknown run', '/api/v1/runs/nothing', undefined, 404),
    one('unknown agent', '/api/v1/agents/nothing', undefined, 404),
    one('metrics', '/metrics', undefined),
    one('healthz', '/healthz', undefined),
  ];
}

/** An agent runs one task at a time and refuses tasks when its queue is full; a refusal is a valid result. */
function agentTask(name: string, path: string, body: object, status: number): RequestKind {
  return {
    name,
    run: async (url) => {
      const answer = await send(url, path, body);
      if (answer.status !== status && answer.status !== 409)
        throw new Error(`status ${answer.status}: ${answer.text.slice(0, 200)}`);
    },
  };
}
