import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { it, expect } from 'vitest';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';

const compress = promisify(zstdCompress);
const chat = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });

it('accepts a zstd body on the routes where Ollama does', async () => {
  await using setup = await startScriptedGateway();
  const headers = { 'content-encoding': 'zstd' };
  const body = await compress(chat);
  const answer = fetch(`${setup.url}/v1/chat/completions`, { method: 'POST', headers, body });
  const call = await setup.fleet.next();
  expect(JSON.parse(call.body)).toMatchObject({ model: 'm' });
  call.fail('no-host');
  await answer;
  expect((await fetch(`${setup.url}/v1/embeddings`, { method: 'POST', headers, body })).status).toBe(400);
});

it('refuses a zstd body that becomes too large or is invalid', async () => {
  await using setup = await startScriptedGateway();
  const post = async (body: string | Buffer<ArrayBuffer>): Promise<unknown> => {
    const headers = { 'content-encoding': 'zstd' };
    return await (await fetch(`${setup.url}/v1/completions`, { method: 'POST', headers, body })).json();
  };
  expect(await post(await compress(Buffer.alloc(30_000_000)))).toMatchObject({
    error: { message: 'http: request body too large' },
  });
  expect(await post((await compress(chat)).subarray(0, -6))).toMatchObject({
    error: { message: 'failed to decompress zstd body' },
  });
  expect(await post('plain')).toMatchObject({ error: { message: 'failed to decompress zstd body' } });
});

it.each([
  ['object members', `{"model":"m","options":{${'"a":1,'.repeat(60)}"b":1}}`, 'maxJsonKeys'],
  ['values', `{"model":"m","context":[${'1,'.repeat(120)}1]}`, 'maxJsonValues'],
])(
  'refuses a body with too many %s with 413 naming the limit, in each dialect',
  async (_what, body, limit) => {
    await using setup = await startScriptedGateway({ maxJsonKeys: 50, maxJsonValues: 100 });
    const native = await setup.post('/api/generate', body);
    expect(native.status).toBe(413);
    expect(JSON.stringify(await native.json())).toContain(limit);
    const openAi = await setup.post('/v1/chat/completions', body);
    expect(openAi.status).toBe(413);
    expect(JSON.stringify(await openAi.json())).toContain(limit);
    const zipped = await fetch(`${setup.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-encoding': 'zstd' },
      body: await compress(body),
    });
    expect(zipped.status).toBe(413);
    const long = JSON.stringify({ model: 'm', prompt: '{[,:"'.repeat(1_000) });
    const answer = setup.post('/api/generate', long);
    (await setup.fleet.next()).fail('no-host');
    expect((await answer).status).toBe(503);
  },
);

it('counts whole answers together with bodies, and refuses above the limit with 503 naming it', async () => {
  await using setup = await startScriptedGateway({ maxBodyBytes: 1_000, maxHeldBytes: 2_000 });
  const ask = () => setup.post('/api/generate', { model: 'm', prompt: 'x', stream: false });
  const answer = ask();
  const call = await setup.fleet.next();
  call.head({ contentType: 'application/json; charset=utf-8' });
  call.lines(JSON.stringify({ response: 'y'.repeat(2_000) }));
  call.end();
  const response = await answer;
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(JSON.stringify(await response.json())).toContain('maxHeldBytes is 2000');
  const small = ask();
  const next = await setup.fleet.next();
  next.head({ contentType: 'application/json; charset=utf-8' });
  next.lines('{"response":"y"}');
  next.end();
  expect((await small).status).toBe(200);
});

it('refuses a body with 503 if all bodies together are too large, and accepts it again later', async () => {
  await using setup = await startScriptedGateway({ maxBodyBytes: 1_000, maxHeldBytes: 1_000 });
  const long = JSON.stringify({ model: 'm', prompt: 'x'.repeat(700) });
  const first = setup.post('/api/generate', long);
  const call = await setup.fleet.next();
  const second = await setup.post('/api/generate', long);
  expect(second.status).toBe(503);
  expect(second.headers.get('retry-after')).toBe('1');
  call.fail('no-host');
  await (await first).text();
  const third = setup.post('/api/generate', long);
  (await setup.fleet.next()).fail('no-host');
  expect(await (await third).json()).toEqual({ error: 'no-host' });
});

it('counts a decompressed body against the limit of all bodies, and releases it', async () => {
  await using setup = await startScriptedGateway({ maxBodyBytes: 100_000, maxHeldBytes: 1_000_000 });
  const headers = { 'content-encoding': 'zstd' };
  const bomb = await compress(Buffer.alloc(10_000_000));
  const refused = await fetch(`${setup.url}/v1/completions`, { method: 'POST', headers, body: bomb });
  expect(refused.status).toBe(503);
  await refused.text();
  const body = await compress(JSON.stringify({ model: 'm', prompt: 'x'.repeat(900_000) }));
  const answer = fetch(`${setup.url}/v1/completions`, { method: 'POST', headers, body });
  (await setup.fleet.next()).fail('model-not-found');
  expect((await answer).status).toBe(404);
});
