import { expect, it } from 'vitest';
import { createTestKeys } from '../testing/key-setup.ts';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';
import { accessKeyText, digestOfSecret, newAccessKey } from './access-key.ts';

async function setup() {
  const known = await createTestKeys({ boss: { roles: ['admin'] } });
  const gateway = await startScriptedGateway({ keys: known.keys });
  const send = async (path: string, body?: object, key = known.texts.boss) => {
    const response = await fetch(gateway.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const end = async (): Promise<void> => {
    await gateway[Symbol.asyncDispose]();
    known.close();
  };
  return { send, end };
}

it('takes a key that its client has made, once, however often the request is repeated', async () => {
  const { send, end } = await setup();
  const key = newAccessKey();
  const wanted = { name: 'ci', id: key.id, digest: digestOfSecret(key.secret) };
  const first = await send('/api/v1/keys', wanted);
  expect(first).toMatchObject({ status: 201, body: { id: key.id, name: 'ci', state: 'active' } });
  expect(first.body).not.toHaveProperty('key');
  expect(await send('/api/v1/keys', wanted)).toEqual(first);
  expect((await send('/api/v1/keys')).body['keys']).toHaveLength(2);
  expect((await send('/api/tags', undefined, accessKeyText(key))).status).not.toBe(401);
  await end();
});

it('refuses the id of another key, and an id without a digest', async () => {
  const { send, end } = await setup();
  const key = newAccessKey();
  await send('/api/v1/keys', { id: key.id, digest: digestOfSecret(key.secret) });
  const other = { id: key.id, digest: digestOfSecret('another') };
  expect(await send('/api/v1/keys', other)).toMatchObject({
    status: 409,
    body: { error: { code: 'key-exists', field: 'id' } },
  });
  expect(await send('/api/v1/keys', { id: key.id })).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid-input', field: 'digest' } },
  });
  await end();
});

it('gives a key the secret that its client has made, once', async () => {
  const { send, end } = await setup();
  const made = (await send('/api/v1/keys', { name: 'ci' })).body;
  const key = newAccessKey(String(made['id']));
  const wanted = { graceMs: 60_000, digest: digestOfSecret(key.secret) };
  const first = await send('/api/v1/keys/ci/rotate', wanted);
  expect(first.status).toBe(200);
  expect(await send('/api/v1/keys/ci/rotate', wanted)).toEqual(first);
  // The old secret goes on working: a second rotation would have ended it.
  for (const text of [String(made['key']), accessKeyText(key)])
    expect((await send('/api/tags', undefined, text)).status).not.toBe(401);
  await end();
});
