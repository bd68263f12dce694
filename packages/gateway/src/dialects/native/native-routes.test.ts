import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { it, expect } from 'vitest';
import { startScriptedGateway } from '../../testing/scripted-gateway.ts';
import { until } from '../../testing/until.ts';

const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

it('passes the body on byte for byte, including text after the first value', async () => {
  await using setup = await startScriptedGateway();
  const body = '{ "model":"m",  "prompt":"\\u00e9" }  and more';
  const answer = setup.post('/api/generate', body, { headers: { 'content-type': 'text/plain' } });
  const call = await setup.fleet.next();
  expect(call.body).toBe(body);
  expect(call.request).toMatchObject({ route: 'generate', model: 'm:latest' });
  call.head();
  call.lines('{"response":"a","done":false}', '{"response":"b","done":true}');
  call.end();
  expect(await (await answer).text()).toBe('{"response":"a","done":false}\n{"response":"b","done":true}\n');
});

it('requests the model by its short name, whatever its registry', async () => {
  await using setup = await startScriptedGateway();
  const answer = setup.post('/api/chat', { ...chat, model: 'registry.ollama.ai/library/m:latest' });
  const call = await setup.fleet.next();
  expect(call.request.model).toBe('m:latest');
  call.fail('no-host');
  await answer;
});

it('writes nothing before the first line, so that an error after the head is answered with its status', async () => {
  await using setup = await startScriptedGateway();
  const answer = setup.post('/api/chat', chat);
  const call = await setup.fleet.next();
  call.head();
  call.fail('host-lost', 'host-a went away', 1_500);
  const response = await answer;
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('2');
  expect(await response.json()).toEqual({ error: 'host-a went away' });
});

it('ends a stream that fails with one error line and a complete last chunk', async () => {
  await using setup = await startScriptedGateway();
  const answer = setup.post('/api/chat', chat);
  const call = await setup.fleet.next();
  call.head();
  call.lines('{"done":false}');
  const response = await answer;
  expect(response.status).toBe(200);
  call.fail('host-lost', 'host-a went away');
  expect(await response.text()).toBe('{"done":false}\n{"error":"host-a went away"}\n');
});

it.each([
  ['model-not-found', '/api/chat', 404, "model 'm' not found", null],
  ['model-not-found', '/api/embed', 404, 'model "m" not found, try pulling it first', null],
  ['model-not-found', '/api/show', 404, "model 'm:latest' not found", null],
  ['queue-full', '/api/chat', 503, 'server busy, please try again.  maximum pending requests exceeded', '1'],
  ['no-host', '/api/generate', 503, 'no-host', '1'],
  ['bus-unavailable', '/api/generate', 503, 'bus-unavailable', '1'],
  ['deadline', '/api/generate', 504, 'deadline', null],
  ['stalled', '/api/chat', 504, 'stalled', null],
  ['bad-upstream', '/api/chat', 502, 'bad-upstream', null],
] as const)('answers %s on %s with %i', async (code, path, status, text, retryAfter) => {
  await using setup = await startScriptedGateway();
  const answer = setup.post(path, { ...chat, prompt: 'x', input: 'x' });
  (await setup.fleet.next()).fail(code);
  const response = await answer;
  expect(response.status).toBe(status);
  expect(response.headers.get('retry-after')).toBe(retryAfter);
  expect(await response.json()).toEqual({ error: text });
});

it('names the node that served, whether it is simulated, and the id that the client sent', async () => {
  await using setup = await startScriptedGateway();
  const answer = setup.post('/api/chat', chat, { headers: { 'x-drover-request-id': 'mine-1' } });
  const call = await setup.fleet.next();
  expect(call.request.requestId).toBe('mine-1');
  call.head({ simulated: true, contentType: 'application/json; charset=utf-8' });
  call.lines('{"done":true}');
  call.end();
  const { headers } = await answer;
  expect(headers.get('x-drover-request-id')).toBe('mine-1');
  expect(headers.get('x-drover-node')).toBe('host-a');
  expect(headers.get('x-drover-simulated')).toBe('1');
  expect(headers.get('x-drover-gateway')).toBe('1');
});

it('replaces a request id with invalid characters', async () => {
  await using setup = await startScriptedGateway();
  const response = await fetch(setup.url, { headers: { 'x-drover-request-id': 'a b\tc' } });
  expect(response.headers.get('x-drover-request-id')).toMatch(/^[0-9a-z]{24}$/);
});

it.each(['queued', 'prefill', 'decode'])(
  'cancels at once when the client disconnects in %s',
  async (phase) => {
    await using setup = await startScriptedGateway();
    const client = new AbortController();
    const answer = setup.post('/api/chat', chat, { signal: client.signal });
    answer.catch(() => undefined);
    const call = await setup.fleet.next();
    if (phase !== 'queued') call.head();
    if (phase === 'decode') {
      call.lines('{"done":false}');
      await answer;
    }
    client.abort();
    await until(() => call.signal.aborted, 'the cancel', 1_000);
  },
);

it('pulls no line while the client does not read, holds less than 1 MB, and continues when it reads', async () => {
  await using setup = await startScriptedGateway();
  const total = 400;
  const line = `{"message":{"content":"${'x'.repeat(100_000)}"},"done":false}`;
  const held = watchResponses('/api/chat');
  const sent = request(`${setup.url}/api/chat`, { method: 'POST' });
  sent.end(JSON.stringify(chat));
  const call = await setup.fleet.next();
  call.head();
  for (let index = 0; index < total; index++) call.lines(line);
  call.end();
  const response = await new Promise<IncomingMessage>((resolve) => sent.once('response', resolve));
  await stillness(call.pulled);
  expect(call.pulled()).toBeLessThan(total);
  expect(held.bytes()).toBeLessThan(1_000_000);
  let received = 0;
  for await (const chunk of response) received += (chunk as Buffer).length;
  expect(received).toBe((line.length + 1) * total);
  held.stop();
});

it('passes the digest that a client requires to the fleet, and refuses an invalid one', async () => {
  await using setup = await startScriptedGateway();
  const digest = `sha256:${'ab'.repeat(32)}`;
  const ask = (header: string): Promise<Response> =>
    setup.post('/api/chat', chat, { headers: { 'x-drover-model-digest': header } });
  const answer = ask(digest);
  const call = await setup.fleet.next();
  expect(call.request.digest).toBe(digest);
  call.fail('model-not-found');
  expect((await answer).status).toBe(404);
  expect((await ask('newest')).status).toBe(400);
});

/** Resolves when a count has not changed for many iterations of the event loop. */
async function stillness(count: () => number): Promise<void> {
  for (let quiet = 0, last = -1; quiet < 2_000; quiet++) {
    if (count() !== last) quiet = 0;
    last = count();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Bytes of answers on this path that this process holds because the socket has not taken them. */
function watchResponses(path: string): { bytes(): number; stop(): void } {
  const channel = 'http.server.request.start';
  const responses: ServerResponse[] = [];
  const listener = (message: unknown): void => {
    const { request: incoming, response } = message as { request: IncomingMessage; response: ServerResponse };
    if (incoming.url === path) responses.push(response);
  };
  subscribe(channel, listener);
  return {
    bytes: () => responses.reduce((sum, response) => sum + response.writableLength, 0),
    stop: () => void unsubscribe(channel, listener),
  };
}
