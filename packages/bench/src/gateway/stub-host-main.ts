import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * An Ollama that costs hardly any CPU time: one model, and answers of `num_predict` lines, one each `seed` milliseconds
 * (0: as fast as possible). Usage: stub-host-main. Reports its URL in a line of JSON.
 */
const model = {
  name: 'stub:latest',
  model: 'stub:latest',
  modified_at: '2026-01-01T00:00:00Z',
  size: 4e9,
  digest: 'a'.repeat(64),
  details: {
    parent_model: '',
    format: 'gguf',
    family: 'llama',
    families: ['llama'],
    parameter_size: '8.0B',
    quantization_level: 'Q4_K_M',
  },
  capabilities: ['completion'],
};
const loaded = { ...model, expires_at: '2999-01-01T00:00:00Z', size_vram: 4e9, context_length: 4_096 };
const fixed: Readonly<Record<string, unknown>> = {
  '/api/version': { version: '0.33.0' },
  '/api/tags': { models: [model] },
  '/api/ps': { models: [loaded] },
};
const shown = {
  ...model,
  model_info: { 'general.architecture': 'llama', 'llama.context_length': 8_192 },
  template: '{{ .Prompt }}',
};
const jsonType = 'application/json; charset=utf-8';

interface ChatRequest {
  readonly stream?: boolean;
  readonly options?: { readonly num_predict?: number; readonly seed?: number };
}

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  const path = request.url ?? '/';
  if (path === '/') return response.writeHead(200, { 'content-type': 'text/plain' }).end('Ollama is running');
  const known = fixed[path];
  if (known !== undefined) return sendJson(response, known);
  readBody(request, (text) => {
    if (path === '/api/show') sendJson(response, shown);
    else answer(JSON.parse(text === '' ? '{}' : text) as ChatRequest, response);
  });
});
server.listen(0, '127.0.0.1', 2_048, () => {
  const { port } = server.address() as AddressInfo;
  const ready = { event: 'ready', url: `http://127.0.0.1:${port}`, pid: process.pid };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
});

function readBody(request: IncomingMessage, take: (text: string) => void): void {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (part: string) => {
    text += part;
  });
  request.on('end', () => take(text));
}

function sendJson(response: ServerResponse, value: unknown): void {
  const bytes = Buffer.from(JSON.stringify(value));
  response.writeHead(200, { 'content-type': jsonType, 'content-length': bytes.length });
  response.end(bytes);
}

function answer({ stream, options }: ChatRequest, response: ServerResponse): void {
  const tokens = options?.num_predict ?? 1;
  const intervalMs = options?.seed ?? 0;
  if (stream === false) {
    response.writeHead(200, { 'content-type': jsonType });
    response.end(lastLine('x', tokens));
    return;
  }
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const startMs = performance.now();
  let sent = 0;
  const step = (): void => {
    if (response.destroyed) return;
    sent += 1;
    response.write(`${tokenLine(sent)}\n`);
    if (sent >= tokens) response.end(`${lastLine('', tokens)}\n`);
    else if (intervalMs === 0) setImmediate(step);
    else setTimeout(step, Math.max(0, startMs + sent * intervalMs - performance.now()));
  };
  step();
}

/** The content is ` NUMBER TIME`: number of the token and milliseconds since the epoch. */
function tokenLine(number: number): string {
  const atMs = (performance.timeOrigin + performance.now()).toFixed(3);
  return JSON.stringify({
    model: model.name,
    created_at: new Date().toISOString(),
    message: { role: 'assistant', content: ` ${number} ${atMs}` },
    done: false,
  });
}

function lastLine(content: string, tokens: number): string {
  return JSON.stringify({
    model: model.name,
    created_at: '2026-11-20T21:00:00Z',
    message: { role: 'assistant', content },
    done: true,
    done_reason: 'stop',
    total_duration: 1e6,
    load_duration: 1,
    prompt_eval_count: 1,
    prompt_eval_duration: 1,
    eval_count: tokens,
    eval_duration: 1,
  });
}
