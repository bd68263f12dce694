import { expect, it } from 'vitest';
import { type ScriptedGateway, startScriptedGateway } from '../../testing/scripted-gateway.ts';
import { until } from '../../testing/until.ts';

interface Taken {
  readonly id: string;
  readonly body: unknown;
  readonly attempt: number;
  readonly lease: string;
}

function client(setup: ScriptedGateway, queue = 'q') {
  const root = `/api/v1/queues/${queue}`;
  const post = (path: string, body: unknown = '', init?: RequestInit) =>
    setup.post(`${root}${path}`, body, init);
  const get = (path = '') => fetch(`${setup.url}${root}${path}`);
  const remove = (path = '') => fetch(`${setup.url}${root}${path}`, { method: 'DELETE' });
  const counts = async () => (await (await get()).json()) as Record<string, number>;
  async function take(wanted: object = { waitMs: 2_000 }): Promise<Taken[]> {
    const response = await post('/take', wanted);
    expect(response.status).toBe(200);
    return ((await response.json()) as { messages: Taken[] }).messages;
  }
  async function takeOne(wanted?: object): Promise<Taken> {
    const [message] = await take(wanted);
    if (message === undefined) throw new Error('no message');
    return message;
  }
  return { post, get, remove, counts, take, takeOne };
}

it('accepts a message with 201, and the same id again with 200', async () => {
  await using setup = await startScriptedGateway();
  const { post } = client(setup);
  const first = await post('', { body: { n: 1 }, id: 'a' });
  expect([first.status, await first.json()]).toEqual([201, { id: 'a' }]);
  const again = await post('', { body: { n: 2 }, id: 'a' });
  expect([again.status, await again.json()]).toEqual([200, { id: 'a', duplicate: true }]);
  const unnamed = await post('', { body: null });
  expect(await unnamed.json()).toEqual({ id: expect.stringMatching(/^[0-9a-z]{24}$/) as string });
});

it('delivers the body as it was put, to the last digit', async () => {
  await using setup = await startScriptedGateway();
  const { post } = client(setup);
  const body = '{"z":1.0,"1":12345678901234567890,"t":"ä\\u0001"}';
  await post('', `{"id":"a","body": ${body} }`);
  const text = await (await post('/take', {})).text();
  expect(text).toContain(`"body":${body}}`);
  expect(JSON.parse(text)).toMatchObject({ messages: [{ id: 'a', attempt: 1, priority: 0 }] });
});

it('settles a message: ack, nack and extend with 204, and 409 once the lease is lost', async () => {
  await using setup = await startScriptedGateway();
  const { post, takeOne, take, counts } = client(setup);
  await post('', { body: 1, id: 'a/b ä' });
  const path = `/messages/${encodeURIComponent('a/b ä')}`;
  const first = await takeOne();
  expect((await post(`${path}/extend`, { lease: first.lease, leaseMs: 60_000 })).status).toBe(204);
  const given = await post(`${path}/nack`, { lease: first.lease, delayMs: 0 });
  expect([given.status, await given.text()]).toEqual([204, '']);
  const lost = await post(`${path}/ack`, { lease: first.lease });
  expect(lost.status).toBe(409);
  expect(await lost.json()).toMatchObject({ error: { code: 'lease-lost', field: 'lease' } });
  const second = await takeOne();
  expect(second).toMatchObject({ id: 'a/b ä', attempt: 2, body: 1 });
  expect((await post(`${path}/ack`, { lease: 'forged' })).status).toBe(409);
  expect((await post('/messages/other/ack', { lease: second.lease })).status).toBe(409);
  expect((await post(`${path}/ack`, { lease: second.lease })).status).toBe(204);
  expect(await take({})).toEqual([]);
  expect(await counts()).toEqual({ depth: 0, inFlight: 0, delayed: 0, dead: 0, oldestAgeMs: 0 });
});

it('counts, cancels, and lists dead messages, which can be replayed', async () => {
  await using setup = await startScriptedGateway();
  const { post, get, remove, counts, takeOne } = client(setup);
  await post('', { body: 1, id: 'waits' });
  await post('', { body: 1, id: 'later', delayMs: 60_000 });
  expect(await counts()).toMatchObject({ depth: 1, delayed: 1, dead: 0 });
  expect((await remove('/messages/later')).status).toBe(204);
  const absent = await remove('/messages/later');
  expect([absent.status, await absent.json()]).toMatchObject([404, { error: { code: 'message-not-found' } }]);
  await post('/messages/waits/nack', { lease: (await takeOne()).lease, delayMs: 0 });
  await remove('/messages/waits');
  await post('', { body: [7], id: 'dies', maxAttempts: 1 });
  await post('/messages/dies/nack', { lease: (await takeOne()).lease, reason: 'no GPU' });
  const dead = (await (await get('/dead')).json()) as { messages: object[] };
  expect(dead).toEqual({
    messages: [
      {
        id: 'dies',
        body: [7],
        attempts: 1,
        reason: 'no GPU',
        diedAt: expect.stringMatching(/^20.*Z$/) as string,
      },
    ],
  });
  const replayed = await post('/dead/replay');
  expect([replayed.status, await replayed.json()]).toEqual([200, { replayed: 1 }]);
  expect(await takeOne()).toMatchObject({ id: 'dies', attempt: 1 });
});

it('waits for a message, and gives it back at once when the client has left', async () => {
  await using setup = await startScriptedGateway();
  const { post, take, takeOne, counts } = client(setup);
  await take({});
  const leaving = new AbortController();
  const left = post('/take', { waitMs: 30_000 }, { signal: leaving.signal });
  await new Promise((resolve) => setTimeout(resolve, 50));
  leaving.abort();
  await expect(left).rejects.toThrow();
  await post('', { body: 1, id: 'a' });
  expect(await takeOne({ waitMs: 2_000 })).toMatchObject({ id: 'a' });
  expect(await counts()).toMatchObject({ depth: 0, inFlight: 1 });
});

it('answers waiting takers at once when it stops', async () => {
  const setup = await startScriptedGateway();
  const { take } = client(setup);
  await take({});
  const waiting = take({ waitMs: 60_000 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await setup.gateway.stop({ drainTimeoutMs: 5_000 });
  expect(await waiting).toEqual([]);
  await setup[Symbol.asyncDispose]();
});

it('lists queues with their counts, and removes one', async () => {
  await using setup = await startScriptedGateway();
  const { post, remove, get } = client(setup, 'llama3.2%3A8b');
  await post('', { body: 1 });
  const listed = await (await fetch(`${setup.url}/api/v1/queues`)).json();
  expect(listed).toMatchObject({ queues: [{ name: 'llama3.2:8b', depth: 1 }] });
  const refused = await remove();
  expect([refused.status, await refused.json()]).toMatchObject([409, { error: { code: 'queue-not-empty' } }]);
  expect((await remove('?messages=discard')).status).toBe(204);
  const gone = await get();
  expect([gone.status, await gone.json()]).toMatchObject([404, { error: { code: 'queue-not-found' } }]);
});

it.each([
  ['', '{}', 'body'],
  ['', '{"body":1,"nosuch":1}', 'nosuch'],
  ['', '{"body":1,"id":5}', 'id'],
  ['', '{"body":1,"id":""}', 'id'],
  ['', '{"body":1,"priority":10}', 'priority'],
  ['', '{"body":1,"delayMs":-1}', 'delayMs'],
  ['', '{"body":1,"maxAttempts":0}', 'maxAttempts'],
  ['/take', '{"max":0}', 'max'],
  ['/take', '{"waitMs":"1s"}', 'waitMs'],
  ['/take', '{"leaseMs":1}', 'leaseMs'],
  ['/messages/a/ack', '{}', 'lease'],
  ['/dead/replay', '{"ids":[]}', 'ids'],
])('names the invalid field: POST %s %s', async (path, body, field) => {
  await using setup = await startScriptedGateway();
  const response = await client(setup).post(path, body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: 'invalid-input', field } });
});

it('answers 503 with retry-after while the store is away', async () => {
  await using setup = await startScriptedGateway();
  const { post } = client(setup);
  await post('', { body: 1 });
  setup.faults(() => 'away');
  const response = await post('', { body: 2 });
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(await response.json()).toMatchObject({ error: { code: 'store-unavailable' } });
  setup.faults(undefined);
  await until(async () => (await post('', { body: 3 })).status === 201, 'the queue works again');
});

it('refuses a page of another origin', async () => {
  await using setup = await startScriptedGateway();
  const headers = { origin: 'https://evil.example' };
  const response = await client(setup).post('', { body: 1 }, { headers });
  expect(response.status).toBe(403);
});
