import { connect } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import type { OllamaSimOptions } from './config.ts';
import { systemClock } from './clock.ts';
import { type OllamaSim, startOllamaSim } from './sim.ts';

const started: OllamaSim[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((sim) => sim.close()));
});

async function setup(options: OllamaSimOptions = {}) {
  const sim = await startOllamaSim({
    models: ['sim-chat', 'sim-native', 'sim-embed'],
    loadMs: 0,
    tokensPerSecond: 2000,
    prefillTokensPerSecond: 1e6,
    ...options,
  });
  started.push(sim);
  const post = (path: string, body: object, signal?: AbortSignal) =>
    fetch(sim.url + path, { method: 'POST', body: JSON.stringify(body), ...(signal ? { signal } : {}) });
  const chat = (more: object = {}, signal?: AbortSignal) =>
    post('/api/chat', { model: 'sim-count', messages: [{ role: 'user', content: 'go' }], ...more }, signal);
  return { sim, post, chat };
}

function lines(text: string): { message?: { content: string }; done?: boolean; error?: string }[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { done: boolean });
}

function said(text: string): string {
  return lines(text)
    .map((line) => line.message?.content ?? '')
    .join('');
}

it('reports its version and that it is simulated', async () => {
  const { sim } = await setup();
  const response = await fetch(`${sim.url}/api/version`);
  expect(await response.json()).toEqual({ version: '0.33.0-sim' });
  expect(response.headers.get('x-drover-simulated')).toBe('1');
});

it('counts up to num_predict and ends by length', async () => {
  const { chat } = await setup();
  const text = await (await chat({ options: { num_predict: 6 } })).text();
  expect(said(text)).toBe('1 2 3 4 5 6');
  expect(lines(text).at(-1)).toMatchObject({ done: true, done_reason: 'length', eval_count: 6 });
});

it('continues a count from an assistant prefix and from its own rendered prompt', async () => {
  const { chat, post } = await setup();
  const messages = [
    { role: 'user', content: 'go' },
    { role: 'assistant', content: '1 2 3' },
  ];
  const continued = await (await chat({ messages, options: { num_predict: 3 } })).text();
  expect(said(continued)).toBe(' 4 5 6');
  const rendered = (await (await chat({ _debug_render_only: true })).json()) as {
    readonly [name: string]: { rendered_template: string };
  };
  const prompt = `${rendered['_debug_info']?.rendered_template}1 2 3 4`;
  const raw = await post('/api/generate', {
    model: 'sim-count',
    raw: true,
    stream: false,
    prompt,
    options: { num_predict: 2 },
  });
  expect(await raw.json()).toMatchObject({ response: ' 5 6' });
});

it('continues a greedy text token for token in another request', async () => {
  const { post } = await setup();
  const ask = async (prompt: string, num_predict: number): Promise<string> => {
    const options = { temperature: 0, num_predict };
    const response = await post('/api/generate', {
      model: 'sim-chat',
      raw: true,
      stream: false,
      prompt,
      options,
    });
    return ((await response.json()) as { response: string }).response;
  };
  const prompt = '<|im_start|>user\ntell<|im_end|>\n<|im_start|>assistant\n';
  const whole = await ask(prompt, 20);
  const half = await ask(prompt, 10);
  expect(half + (await ask(prompt + half, 10))).toBe(whole);
});

it('repeats the given text on the native path', async () => {
  const { post } = await setup();
  const messages = [
    { role: 'user', content: 'go' },
    { role: 'assistant', content: 'so far' },
  ];
  const response = await post('/api/chat', { model: 'sim-native', messages, options: { num_predict: 2 } });
  expect(said(await response.text())).toMatch(/^so far \w+ \w+$/);
});

it('frees the slot when the client leaves', async () => {
  const { sim, chat } = await setup({ tokensPerSecond: 50 });
  const leaving = new AbortController();
  const response = await chat({}, leaving.signal);
  const reader = response.body?.getReader();
  await reader?.read();
  expect(sim.state()).toMatchObject({ slots: 1, busy: 1 });
  leaving.abort();
  await vi.waitFor(() => expect(sim.state()).toMatchObject({ busy: 0, cancelled: 1 }), 1000);
});

it('counts a half-closed connection as a client that left', async () => {
  const { sim } = await setup({ tokensPerSecond: 50 });
  const body = '{"model":"sim-count","prompt":"go"}';
  const socket = connect(sim.port, '127.0.0.1');
  socket.write(
    `POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await new Promise((resolve) => socket.once('data', resolve));
  socket.end();
  await vi.waitFor(() => expect(sim.state()).toMatchObject({ busy: 0, cancelled: 1 }), 1000);
});

it('cuts a stream without its last chunk after the given number of tokens', async () => {
  const { sim, chat } = await setup();
  sim.fault({ kind: 'cut', after: 3 });
  const response = await chat({ options: { num_predict: 10 } });
  const got: string[] = [];
  const decoder = new TextDecoder();
  await expect(
    (async () => {
      for await (const part of response.body ?? []) got.push(decoder.decode(part as Uint8Array));
    })(),
  ).rejects.toThrow();
  expect(said(got.join(''))).toBe('1 2 3');
});

it.each([
  [
    '/api/chat',
    /"content":" 2"\},"done":false\}\n\{"error":"an error was encountered while running the model: unexpected EOF"\}\n$/,
  ],
  ['/v1/chat/completions', /"model":"",[^\n]*"delta":\{"content":""\},"finish_reason":null\}\]\}\n\n$/],
])('ends a stream of %s as its dialect does when the runner is killed', async (path, ending) => {
  const { sim, post } = await setup();
  sim.fault({ kind: 'kill-runner', after: 2 });
  const messages = [{ role: 'user', content: 'go' }];
  const response = await post(path, { model: 'sim-count', stream: true, messages });
  expect(response.status).toBe(200);
  expect(await response.text()).toMatch(ending);
  const next = await post('/api/chat', {
    model: 'sim-count',
    messages,
    stream: false,
    options: { num_predict: 1 },
  });
  expect(next.status).toBe(200);
  expect(sim.state()).toMatchObject({ loads: 2, reloads: 1 });
});

it('answers 500 to a killed request that does not stream', async () => {
  const { sim, chat } = await setup();
  sim.fault({ kind: 'kill-runner', after: 2 });
  const response = await chat({ stream: false });
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    error: 'an error was encountered while running the model: unexpected EOF',
  });
});

it('breaks one line of JSON while that fault is set', async () => {
  const { sim, chat } = await setup();
  sim.fault({ kind: 'badjson', after: 1, times: 1 });
  const text = await (await chat({ options: { num_predict: 3 } })).text();
  const broken = text.split('\n').filter((line) => line !== '' && !line.endsWith('}'));
  expect(broken).toHaveLength(1);
  expect(text.split('\n').at(-2)).toContain('"done":true');
});

it('answers busy, or a web page, while those faults are set', async () => {
  const { sim, chat } = await setup();
  sim.fault({ kind: '503', times: 1 });
  const busy = await chat();
  expect([busy.status, await busy.json()]).toEqual([
    503,
    { error: 'server busy, please try again.  maximum pending requests exceeded' },
  ]);
  sim.fault({ kind: 'html' });
  const page = await fetch(`${sim.url}/api/version`);
  expect(await page.text()).toContain('<!DOCTYPE html>');
  sim.fault({ kind: 'clear' });
  expect((await fetch(`${sim.url}/api/version`)).headers.get('content-type')).toContain('application/json');
});

it('continues a frozen stream when the faults are cleared', async () => {
  const { sim, chat } = await setup();
  const response = chat({ options: { num_predict: 5 } });
  sim.fault({ kind: 'freeze', after: 2 });
  await vi.waitFor(() => expect(sim.state().loaded[0]?.frozen).toBe(true), 2000);
  expect(sim.state().busy).toBe(1);
  sim.fault({ kind: 'clear' });
  expect(said(await (await response).text())).toBe('1 2 3 4 5');
});

it('loses a slot to a disconnect, until the model is unloaded', async () => {
  const { sim, chat, post } = await setup();
  sim.fault({ kind: 'leak', times: 1 });
  const leaving = new AbortController();
  const response = await chat({}, leaving.signal);
  await response.body?.getReader().read();
  leaving.abort();
  await vi.waitFor(() => expect(sim.state().loaded[0]?.leaked).toBe(1), 1000);
  await post('/api/generate', { model: 'sim-count', keep_alive: 0 });
  expect(sim.state().loaded).toEqual([]);
  expect(said(await (await chat({ options: { num_predict: 2 } })).text())).toBe('1 2');
});

it('sets faults and reports its state over HTTP', async () => {
  const { sim, post } = await setup();
  expect((await post('/sim/fault', { kind: 'slow', after: 3 })).status).toBe(200);
  expect((await post('/sim/fault', { kind: 'nonsense' })).status).toBe(400);
  const state: unknown = await (await fetch(`${sim.url}/sim/state`)).json();
  expect(state).toMatchObject({ simulated: true, loaded: [], faults: [{ kind: 'slow', after: 3 }] });
});

it('keeps a model that is deleted while loaded, and refuses requests for it', async () => {
  const { sim, chat } = await setup();
  await (await chat({ options: { num_predict: 1 } })).text();
  const removed = await fetch(`${sim.url}/api/delete`, { method: 'DELETE', body: '{"model":"sim-count"}' });
  expect(removed.status).toBe(200);
  expect((await chat()).status).toBe(404);
  expect(sim.state().loaded).toHaveLength(1);
});

it('pulls a model of its registry with growing progress', async () => {
  const { sim, post } = await setup({
    registry: [{ name: 'extra', sizeBytes: 20e6 }],
    pullBytesPerSecond: 100e6,
  });
  const text = await (await post('/api/pull', { model: 'extra' })).text();
  const progress = [...text.matchAll(/"completed":(\d+)/g)].map(([, bytes]) => Number(bytes));
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(text.trim().split('\n').at(-1)).toBe('{"status":"success"}');
  const tags = (await (await fetch(`${sim.url}/api/tags`)).json()) as { models: { name: string }[] };
  expect(tags.models.map(({ name }) => name)).toContain('extra:latest');
});

it('refuses foreign hosts and origins with an empty 403', async () => {
  const { sim } = await setup();
  const foreign = await fetch(`${sim.url}/api/tags`, { headers: { Origin: 'https://example.com' } });
  expect([foreign.status, await foreign.text()]).toEqual([403, '']);
  const local = await fetch(`${sim.url}/api/tags`, { headers: { Origin: 'http://localhost:3000' } });
  expect(local.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
});

it('streams completions with a usage of zeros and ends with [DONE]', async () => {
  const { post } = await setup();
  const response = await post('/v1/completions', {
    model: 'sim-count',
    prompt: 'go',
    stream: true,
    max_tokens: 2,
  });
  const events = (await response.text()).trim().split('\n\n');
  expect(events.at(-1)).toBe('data: [DONE]');
  expect(JSON.parse(events[0]?.slice(6) ?? '')).toMatchObject({
    object: 'text_completion',
    choices: [{ text: '1', finish_reason: null }],
    usage: { total_tokens: 0 },
  });
});

it('lists a model that was loaded with a keep_alive above the limit of Go', async () => {
  const { chat, sim } = await setup();
  for (const keepAlive of [1e300, 9e9, '2562047h', -1]) {
    await (await chat({ keep_alive: keepAlive, options: { num_predict: 1 } })).text();
    const response = await fetch(`${sim.url}/api/ps`);
    expect([keepAlive, response.status]).toEqual([keepAlive, 200]);
    const { models } = (await response.json()) as { models: { expires_at: string }[] };
    for (const { expires_at: expiresAt } of models) expect(Date.parse(expiresAt)).toBeGreaterThan(0);
  }
  expect((await chat({ keep_alive: '9999999h' })).status).toBe(400);
});

const embeddingOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { data: { embedding: unknown }[] }).data[0]?.embedding;

it('writes embeddings of /v1 as base64 of 32-bit floats when asked to', async () => {
  const { post } = await setup();
  const ask = (more: object) => post('/v1/embeddings', { model: 'sim-embed', input: 'word', ...more });
  const numbers = (await embeddingOf(await ask({ encoding_format: 'float' }))) as number[];
  const text = (await embeddingOf(await ask({ encoding_format: 'BASE64' }))) as string;
  const bytes = Buffer.from(text, 'base64');
  expect(bytes.length).toBe(4 * numbers.length);
  expect(bytes.readFloatLE(0)).toBeCloseTo(numbers[0] ?? Number.NaN, 6);
  const refused = await ask({ encoding_format: 'hex' });
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain("Invalid value for 'encoding_format' = hex");
});

it('answers 404 for an unknown model before it looks at images', async () => {
  const { post } = await setup();
  const content = [{ type: 'image_url', image_url: { url: 'data:;base64,AAAA' } }];
  const ask = (model: string) =>
    post('/v1/chat/completions', { model, messages: [{ role: 'user', content }] });
  expect((await ask('nope')).status).toBe(404);
  const refused = await ask('sim-native');
  expect([refused.status, await refused.text()]).toEqual([
    500,
    expect.stringContaining('image input is not supported'),
  ]);
});

it('answers 500 and writes a line when the simulator itself fails after the body was read', async () => {
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  let broken = false;
  const nowMs = (): number => {
    if (broken) throw new Error('the clock is broken');
    return systemClock.nowMs();
  };
  const { post } = await setup({ clock: { ...systemClock, nowMs } });
  broken = true;
  const response = await post('/api/embed', { model: 'sim-embed', input: 'word' });
  expect([response.status, await response.text()]).toEqual([500, 'internal error of the simulator']);
  expect(written.mock.calls.flat().join('')).toContain('POST /api/embed: Error: the clock is broken');
  written.mockRestore();
});
