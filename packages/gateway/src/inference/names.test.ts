import { modelLoad } from '@drover/fleet/testing';
import { expect, it } from 'vitest';
import { evidenceOf, oneHostFleet } from '../testing/scripted-fleet.ts';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';

const messages = [{ role: 'user', content: 'hi' }];

function fleetWith(...names: string[]): ReturnType<typeof oneHostFleet> {
  const fleet = oneHostFleet();
  fleet.evidence = [evidenceOf('host-a', { models: names.map((name) => modelLoad({ name })) })];
  return fleet;
}

const listing = (name: string): { node: string; instance: string; tags: object[]; running: [] } => ({
  node: 'host-a',
  instance: 'ollama',
  tags: [{ name, model: name, modified_at: '2026-01-01T00:00:00Z', digest: 'd', details: { family: 'f' } }],
  running: [],
});

it('sends a request for an alias to its model, with all other bytes as the client wrote them', async () => {
  const fleet = fleetWith('big:32b');
  await using gateway = await startScriptedGateway({ aliases: ['claude-*=big:32b'], fleet });
  const answered = gateway.post(
    '/api/chat',
    '{"model": "claude-x", "messages":[{"role":"user","content":"é"}], "options":{"2":1.0}}',
  );
  const call = await fleet.next();
  expect(call.request.model).toBe('big:32b');
  expect(call.body).toBe(
    '{"model": "big:32b", "messages":[{"role":"user","content":"é"}], "options":{"2":1.0}}',
  );
  call.finish();
  const response = await answered;
  expect([response.status, response.headers.get('x-drover-model')]).toEqual([200, 'big:32b']);
});

it('names no model in the answer to a request for a model itself', async () => {
  const fleet = fleetWith('m:latest');
  await using gateway = await startScriptedGateway({ aliases: ['*=m'], fleet });
  const answered = gateway.post('/api/chat', { model: 'm', messages });
  (await fleet.next()).finish();
  expect((await answered).headers.has('x-drover-model')).toBe(false);
});

it.each(['no-host', 'queue-full', 'model-not-found', 'host-lost'] as const)(
  'goes on to the next model of an alias after %s',
  async (code) => {
    const fleet = fleetWith('a:latest', 'b:latest');
    await using gateway = await startScriptedGateway({ aliases: ['pair=a|b'], fleet });
    const answered = gateway.post('/api/chat', { model: 'pair', messages });
    (await fleet.next()).fail(code);
    const second = await fleet.next();
    expect(JSON.parse(second.body)).toMatchObject({ model: 'b:latest' });
    second.finish();
    expect((await answered).headers.get('x-drover-model')).toBe('b:latest');
  },
);

it('goes on to the next model after a host’s own error, but not after a refusal of the request', async () => {
  const fleet = fleetWith('a:latest', 'b:latest');
  await using gateway = await startScriptedGateway({ aliases: ['pair=a|b'], fleet });
  const refuse = async (status: number): Promise<void> => {
    const call = await fleet.next();
    call.head({ status, contentType: 'application/json' });
    call.lines(`{"error":"status ${status}"}`);
    call.end();
  };
  const first = gateway.post('/api/chat', { model: 'pair', messages });
  await refuse(500);
  await refuse(503);
  expect([(await first).status, await (await first).json()]).toEqual([503, { error: 'status 503' }]);
  const second = gateway.post('/api/chat', { model: 'pair', messages });
  await refuse(400);
  expect((await second).status).toBe(400);
});

it('skips models that no host has', async () => {
  const fleet = fleetWith('b:latest');
  await using gateway = await startScriptedGateway({ aliases: ['pair=a|b'], fleet });
  const answered = gateway.post('/api/chat', { model: 'pair', messages });
  const call = await fleet.next();
  expect(call.request.model).toBe('b:latest');
  call.finish();
  expect((await answered).status).toBe(200);
});

it('names the alias when none of its models is there', async () => {
  const fleet = fleetWith('m:latest');
  await using gateway = await startScriptedGateway({ aliases: ['pair=a'], fleet });
  const answered = gateway.post('/api/chat', { model: 'pair', messages });
  (await fleet.next()).fail('model-not-found');
  expect([(await answered).status, await (await answered).json()]).toEqual([
    404,
    { error: "model 'pair' not found" },
  ]);
});

it('maps an unknown name to the default model, and refuses an invalid one without it', async () => {
  const fleet = fleetWith('m:latest');
  await using gateway = await startScriptedGateway({ unknownModel: 'map', defaultModel: 'm', fleet });
  const answered = gateway.post('/v1/chat/completions', { model: 'gpt 9!', messages });
  const call = await fleet.next();
  expect(JSON.parse(call.body)).toMatchObject({ model: 'm:latest' });
  call.finish();
  expect((await answered).status).toBe(200);
  await using plain = await startScriptedGateway();
  expect((await plain.post('/v1/chat/completions', { model: 'gpt 9!', messages })).status).toBe(400);
});

it('lists an alias in each dialect under its name, with the entry of its model', async () => {
  const fleet = fleetWith('big:32b');
  fleet.modelListings = [listing('big:32b') as never];
  await using gateway = await startScriptedGateway({
    aliases: ['gpt-4o=big:32b', 'claude-*=big:32b', 'absent=none'],
    fleet,
  });
  const get = async (path: string, headers: Record<string, string> = {}): Promise<never> =>
    (await (await fetch(gateway.url + path, { headers })).json()) as never;
  const { models }: { models: object[] } = await get('/api/tags');
  expect(models).toMatchObject([
    { name: 'big:32b' },
    {
      name: 'gpt-4o:latest',
      model: 'gpt-4o:latest',
      digest: 'd',
      details: { family: 'f', parent_model: 'big:32b' },
    },
  ]);
  const openAi: { data: { id: string }[] } = await get('/v1/models');
  expect(openAi.data.map(({ id }) => id)).toEqual(['big:32b', 'gpt-4o']);
  expect(await get('/v1/models/claude-opus')).toMatchObject({ id: 'claude-opus', object: 'model' });
  const anthropic = { 'anthropic-version': '2023-06-01' };
  expect(await get('/v1/models', anthropic)).toMatchObject({
    data: [
      { id: 'big:32b', type: 'model' },
      { id: 'gpt-4o', type: 'model' },
    ],
    has_more: false,
    last_id: 'gpt-4o',
  });
  expect(await get('/v1/models/claude-opus', anthropic)).toMatchObject({ id: 'claude-opus', type: 'model' });
});

it('uses an alias that was added while the gateway runs', async () => {
  const fleet = fleetWith('m:latest');
  await using gateway = await startScriptedGateway({ fleet });
  gateway.gateway.reconfigure({ aliases: ['other=m'] });
  const answered = gateway.post('/api/show', { name: 'other' });
  const call = await fleet.next();
  expect(JSON.parse(call.body)).toEqual({ name: 'm:latest' });
  call.head({ status: 200, contentType: 'application/json; charset=utf-8' });
  call.lines('{}');
  call.end();
  expect((await answered).status).toBe(200);
});
