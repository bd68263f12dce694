import { expect, it } from 'vitest';
import { startScriptedGateway } from '../../testing/scripted-gateway.ts';

const request = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] };
const headers = { 'anthropic-version': '2023-06-01', 'x-api-key': 'k' };

function tag(name: string): object {
  return { name, model: name, modified_at: '2026-01-01T00:00:00Z' };
}

it('answers errors in Anthropic’s shape with the request id in the body and in its header', async () => {
  await using gateway = await startScriptedGateway();
  const response = await gateway.post(
    '/v1/messages?beta=true',
    {},
    { headers: { 'x-drover-request-id': 'r7' } },
  );
  expect([response.status, response.headers.get('request-id')]).toEqual([400, 'r7']);
  expect(await response.text()).toBe(
    '{"type":"error","error":{"type":"invalid_request_error","message":"model is required"},"request_id":"r7"}',
  );
});

it('answers a failure of the fleet before the first byte with its status', async () => {
  await using gateway = await startScriptedGateway();
  const answered = gateway.post('/v1/messages', request);
  (await gateway.fleet.next()).fail('queue-full', 'full', 2_500);
  const response = await answered;
  const header = (name: string): string | null => response.headers.get(name);
  expect([response.status, header('retry-after'), header('retry-after-ms')]).toEqual([503, '3', '2500']);
  expect(await response.json()).toMatchObject({ error: { type: 'overloaded_error' } });
});

it('tells a client not to try again after a deadline', async () => {
  await using gateway = await startScriptedGateway();
  const answered = gateway.post('/v1/messages', request);
  (await gateway.fleet.next()).fail('deadline');
  const response = await answered;
  expect([response.status, response.headers.get('x-should-retry')]).toEqual([504, 'false']);
  expect(await response.json()).toMatchObject({ error: { type: 'timeout_error' } });
});

it('asks again without think if the model cannot think', async () => {
  await using gateway = await startScriptedGateway();
  const answered = gateway.post('/v1/messages', {
    ...request,
    thinking: { type: 'enabled', budget_tokens: 9 },
  });
  const first = await gateway.fleet.next();
  expect(JSON.parse(first.body)).toMatchObject({ think: true });
  first.head({ status: 400, contentType: 'application/json; charset=utf-8' });
  first.lines('{"error":"\\"m\\" does not support thinking"}');
  first.end();
  const second = await gateway.fleet.next();
  expect(JSON.parse(second.body)).not.toHaveProperty('think');
  second.head({ contentType: 'application/json; charset=utf-8' });
  second.lines(
    '{"model":"m","message":{"role":"assistant","content":"ok"},"done":true,"done_reason":"stop"}',
  );
  second.end();
  expect(await (await answered).json()).toMatchObject({ content: [{ type: 'text', text: 'ok' }] });
});

it('passes another refusal on after one request', async () => {
  await using gateway = await startScriptedGateway();
  const answered = gateway.post('/v1/messages', {
    ...request,
    thinking: { type: 'enabled', budget_tokens: 9 },
  });
  const call = await gateway.fleet.next();
  call.head({ status: 400, contentType: 'application/json; charset=utf-8' });
  call.lines('{"error":"no"}');
  call.end();
  expect(await (await answered).json()).toMatchObject({
    error: { type: 'invalid_request_error', message: 'no' },
  });
  expect(gateway.fleet.calls).toHaveLength(1);
});

it('ends a stream that breaks with an error event', async () => {
  await using gateway = await startScriptedGateway();
  const answered = gateway.post('/v1/messages', { ...request, stream: true });
  const call = await gateway.fleet.next();
  call.say('a');
  const response = await answered;
  call.fail('host-lost', 'gone');
  const body = await response.text();
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(body).toContain('"text_delta","text":"a"');
  expect(body).toMatch(
    /event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"gone"}}\n\n$/,
  );
});

it('sends a ping into a stream that is silent', async () => {
  await using gateway = await startScriptedGateway({ streamCommentMs: 20 });
  const answered = gateway.post('/v1/messages', { ...request, stream: true });
  const call = await gateway.fleet.next();
  call.say('a');
  const reader = (await answered).body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('event: ping')) text += (await reader?.read())?.value ?? '';
  call.finish();
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) text += part.value;
  expect(text).toContain('event: ping\ndata: {"type":"ping"}\n\n');
  expect(text).toMatch(/event: message_stop\ndata: {"type":"message_stop"}\n\n$/);
});

it('estimates the tokens of a request, and marks the estimate', async () => {
  await using gateway = await startScriptedGateway();
  const response = await gateway.post('/v1/messages/count_tokens?beta=true', {
    model: 'm',
    system: 'x'.repeat(36),
    messages: [{ role: 'user', content: [{ type: 'text', text: 'x'.repeat(40) }] }],
    tools: [{ name: 'abcd', description: 'efgh', input_schema: {} }],
  });
  expect(await response.text()).toBe('{"input_tokens":22}\n');
  expect(response.headers.get('x-drover-estimated')).toBe('input_tokens');
});

it('lists models in Anthropic’s shape for its clients only', async () => {
  await using gateway = await startScriptedGateway();
  gateway.fleet.modelListings = [
    {
      node: 'host-a',
      instance: 'ollama',
      tags: ['c', 'b', 'a'].map((name) => tag(`${name}:latest`)),
      running: [],
    } as never,
  ];
  const get = async (path: string, sent: Record<string, string> = headers): Promise<unknown> =>
    await (await fetch(gateway.url + path, { headers: sent })).json();
  expect(await get('/v1/models?limit=2')).toEqual({
    data: ['a:latest', 'b:latest'].map((id) => ({
      type: 'model',
      id,
      display_name: id,
      created_at: '2026-01-01T00:00:00Z',
    })),
    has_more: true,
    first_id: 'a:latest',
    last_id: 'b:latest',
  });
  expect(await get('/v1/models?limit=2&after_id=b:latest')).toMatchObject({
    data: [{ id: 'c:latest' }],
    has_more: false,
  });
  expect(await get('/v1/models?limit=1&before_id=c:latest')).toMatchObject({
    data: [{ id: 'b:latest' }],
    has_more: true,
  });
  expect(await get('/v1/models?limit=0')).toMatchObject({ error: { type: 'invalid_request_error' } });
  expect(await get('/v1/models/nosuch')).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
  expect(await get('/v1/models', {})).toMatchObject({ object: 'list' });
});
