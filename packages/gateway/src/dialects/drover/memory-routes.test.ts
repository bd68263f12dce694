import { expect, it } from 'vitest';
import { type ScriptedGateway, startScriptedGateway } from '../../testing/scripted-gateway.ts';

const root = '/api/v1/memory';

function call(
  setup: ScriptedGateway,
  method: string,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${setup.url}${root}${path}`, { method, ...init });
}

const tag = (response: Response) => response.headers.get('etag') ?? '';
const codeOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string; field?: string; revision?: number } }).error;

it('keeps a value as it is, with its content type, and sends it so that it cannot run', async () => {
  await using setup = await startScriptedGateway();
  const body = new Uint8Array([0, 1, 255, 254, 13, 10]);
  const created = await call(setup, 'PUT', '/global/a', { body, headers: { 'content-type': 'image/x-odd' } });
  expect(created.status).toBe(201);
  const read = await call(setup, 'GET', '/global/a');
  expect(read.status).toBe(200);
  expect(new Uint8Array(await read.arrayBuffer())).toEqual(body);
  expect(Object.fromEntries(read.headers)).toMatchObject({
    'content-type': 'image/x-odd',
    etag: tag(created),
    'x-drover-memory-read': 'leader',
    'x-drover-memory-age-ms': '0',
    'x-drover-memory-policy': 'reject',
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
  });
  expect(tag(created)).toMatch(/^"\d+"$/);
  const head = await call(setup, 'HEAD', '/global/a');
  expect(head.headers.get('etag')).toBe(tag(created));
});

it.each(['cached', 'leader', 'fresh'])('reads at the level %s', async (level) => {
  await using setup = await startScriptedGateway();
  await call(setup, 'PUT', '/run:r1/a', { body: '1' });
  const read = await call(setup, 'GET', `/run:r1/a?read=${level}`);
  expect(read.headers.get('x-drover-memory-read')).toBe(level);
  expect(Number(read.headers.get('x-drover-memory-age-ms'))).toBeLessThan(5_000);
  expect(await read.text()).toBe('1');
});

it.each(['a/b', 'a%b', '.x', 'ü ', 'a//b', 'a?b#c', 'a.b*>', 'events', 'ops'])(
  'takes any text as a key: %s',
  async (key) => {
    await using setup = await startScriptedGateway();
    const path = `/session:${encodeURIComponent('s 1/2')}/${encodeURIComponent(key).replaceAll('.', '%2E')}`;
    expect((await call(setup, 'PUT', path, { body: key })).status).toBe(201);
    expect(await (await call(setup, 'GET', path)).text()).toBe(key);
    const listed = (await (await call(setup, 'GET', `/session:${encodeURIComponent('s 1/2')}`)).json()) as {
      items: { key: string }[];
    };
    expect(listed.items.map((item) => item.key)).toEqual([key]);
  },
);

it('answers 404 for a key without a value, and for the scope of another tenant', async () => {
  await using setup = await startScriptedGateway();
  const absent = await call(setup, 'GET', '/global/none');
  expect(absent.status).toBe(404);
  expect(await codeOf(absent)).toMatchObject({ code: 'not-found' });
  expect((await call(setup, 'GET', '/tenant:other/a')).status).toBe(404);
  expect((await call(setup, 'PUT', '/tenant:other/a', { body: '1' })).status).toBe(404);
  expect((await call(setup, 'PUT', '/tenant:default/a', { body: '1' })).status).toBe(201);
});

it('changes a value only under its precondition, and shows the present revision', async () => {
  await using setup = await startScriptedGateway();
  const create = { body: '1', headers: { 'if-none-match': '*' } };
  const first = await call(setup, 'PUT', '/global/a', create);
  expect(first.status).toBe(201);
  const again = await call(setup, 'PUT', '/global/a', create);
  expect(again.status).toBe(412);
  expect(tag(again)).toBe(tag(first));
  expect(await codeOf(again)).toMatchObject({
    code: 'revision-mismatch',
    revision: Number(tag(first).slice(1, -1)),
  });
  const second = await call(setup, 'PUT', '/global/a', { body: '2', headers: { 'if-match': tag(first) } });
  expect(second.status).toBe(200);
  const late = await call(setup, 'DELETE', '/global/a', { headers: { 'if-match': tag(first) } });
  expect(late.status).toBe(412);
  expect((await call(setup, 'DELETE', '/global/a', { headers: { 'if-match': tag(second) } })).status).toBe(
    204,
  );
  expect((await call(setup, 'DELETE', '/global/a')).status).toBe(204);
  const gone = await call(setup, 'PUT', '/global/a', { body: '3', headers: { 'if-match': '*' } });
  expect(gone.status).toBe(412);
});

it('answers 304 to a client that has the value', async () => {
  await using setup = await startScriptedGateway();
  const first = await call(setup, 'PUT', '/global/a', { body: '1' });
  const same = await call(setup, 'GET', '/global/a', { headers: { 'if-none-match': tag(first) } });
  expect(same.status).toBe(304);
  expect(await same.text()).toBe('');
  const other = await call(setup, 'GET', '/global/a', { headers: { 'if-none-match': '"1"' } });
  expect(other.status).toBe(200);
});

it('fixes the policy at the first write', async () => {
  await using setup = await startScriptedGateway();
  await call(setup, 'PUT', '/global/a?policy=last-writer', { body: '1' });
  const other = await call(setup, 'PUT', '/global/a?policy=reject', { body: '2' });
  expect(other.status).toBe(409);
  expect(await codeOf(other)).toMatchObject({ code: 'policy-mismatch', policy: 'last-writer' });
  expect((await call(setup, 'PUT', '/global/a', { body: '2' })).status).toBe(200);
});

it('changes a CRDT by operations', async () => {
  await using setup = await startScriptedGateway();
  const ops = (body: unknown, query = '') =>
    call(setup, 'POST', `/global/n/ops${query}`, { body: JSON.stringify(body) });
  expect((await ops({ ops: [{ add: 1 }] })).status).toBe(404);
  const first = await ops({ ops: [{ add: 5 }, { add: -2 }] }, '?policy=crdt:pn-counter');
  expect(first.status).toBe(201);
  expect(await first.json()).toMatchObject({ value: 3 });
  const second = await ops({ add: 4 });
  expect(second.status).toBe(200);
  expect(await second.json()).toMatchObject({ value: 7 });
  const read = await call(setup, 'GET', '/global/n');
  expect(await read.json()).toBe(7);
  expect(tag(read)).toBe(tag(second));
  expect((await call(setup, 'PUT', '/global/n', { body: '9' })).status).toBe(409);
  const wrong = await ops({ ops: [{ append: 'x' }] });
  expect(wrong.status).toBe(400);
  expect((await ops({ ops: [] })).status).toBe(400);
});

it('ends a value after its time to live', async () => {
  await using setup = await startScriptedGateway();
  await call(setup, 'PUT', '/global/a?ttlMs=1000', { body: '1' });
  const read = await call(setup, 'GET', '/global/a');
  expect(read.headers.get('x-drover-memory-expires-at')).toMatch(/^\d{4}-/);
  await expect
    .poll(async () => (await call(setup, 'GET', '/global/a?read=cached')).status, { timeout: 5_000 })
    .toBe(404);
});

it('lists keys by prefix, in pages', async () => {
  await using setup = await startScriptedGateway();
  for (const key of ['x1', 'x2', 'x3', 'y'])
    await call(setup, 'PUT', `/agent:a1/${key}${key === 'x2' ? '?ttlMs=60000' : ''}`, { body: key });
  type Page = { items: { key: string; bytes: number; expiresAt?: string }[]; cursor?: string };
  const first = (await (await call(setup, 'GET', '/agent:a1?prefix=x&limit=2')).json()) as Page;
  expect(first.items.map(({ key }) => key)).toEqual(['x1', 'x2']);
  expect(first.items[0]).toEqual({ key: 'x1', revision: expect.any(Number) as number, bytes: 2 });
  expect(first.items[1]?.expiresAt).toMatch(/^\d{4}-/);
  const second = (await (
    await call(setup, 'GET', `/agent:a1?prefix=x&limit=2&cursor=${first.cursor ?? ''}`)
  ).json()) as Page;
  expect(second.items.map(({ key }) => key)).toEqual(['x3']);
  expect(second).not.toHaveProperty('cursor');
});

it.each([
  ['GET', '/global/a?read=newest', {}, 'read'],
  ['GET', '/global/a?nosuch=1', {}, 'nosuch'],
  ['GET', '/other/a', {}, 'scope'],
  ['GET', '/session:/a', {}, 'scope'],
  ['GET', '/global/-', {}, 'key'],
  ['PUT', '/global/-', { body: '1' }, 'key'],
  ['PUT', `/global/${'k'.repeat(600)}`, { body: '1' }, 'key'],
  ['PUT', '/global/a?ttlMs=5', { body: '1' }, 'ttlMs'],
  ['PUT', '/global/a?ttlMs=soon', { body: '1' }, 'ttlMs'],
  ['PUT', '/global/a?policy=mine', { body: '1' }, 'policy'],
  ['PUT', '/global/a', { body: '1', headers: { 'if-match': 'abc' } }, 'If-Match'],
  ['PUT', '/global/a', { body: '1', headers: { 'if-none-match': '"1"' } }, 'If-None-Match'],
  ['DELETE', '/global/a', { headers: { 'if-match': '"1"', 'if-none-match': '*' } }, 'If-None-Match'],
  ['GET', '/global?limit=0', {}, 'limit'],
  ['GET', '/global?cursor=~', {}, 'cursor'],
])('names what is invalid in %s %s', async (method, path, init, field) => {
  await using setup = await startScriptedGateway();
  const response = await call(setup, method, path, init);
  expect(response.status).toBe(400);
  expect(await codeOf(response)).toMatchObject({ code: 'invalid-input', field });
});

it('refuses a value above the limit, before it is sent and while it arrives', async () => {
  await using setup = await startScriptedGateway({}, { maxValueBytes: 1024 * 1024 });
  const large = new Uint8Array(2 * 1024 * 1024);
  const announced = await call(setup, 'PUT', '/global/a', { body: large });
  expect(announced.status).toBe(413);
  expect(await codeOf(announced)).toMatchObject({ code: 'value-too-large' });
  const stream = new ReadableStream({
    start(controller) {
      for (let part = 0; part < 4; part++) controller.enqueue(large.subarray(0, large.length / 2));
      controller.close();
    },
  });
  const streamed = await call(setup, 'PUT', '/global/a', { body: stream, duplex: 'half' });
  expect(streamed.status).toBe(413);
});

it('takes and gives a value of many parts, with its etag and its length', async () => {
  await using setup = await startScriptedGateway();
  const large = Uint8Array.from({ length: 3_000_001 }, (_, index) => (index * 7 + (index >> 9)) & 0xff);
  const put = await call(setup, 'PUT', '/global/a', {
    body: large,
    headers: { 'content-type': 'text/x-odd' },
  });
  expect(put.status).toBe(201);
  for (const level of ['cached', 'leader', 'fresh']) {
    const read = await call(setup, 'GET', `/global/a?read=${level}`);
    expect(read.status).toBe(200);
    expect(read.headers.get('content-length')).toBe('3000001');
    expect(read.headers.get('content-type')).toBe('text/x-odd');
    expect(read.headers.get('etag')).toBe(put.headers.get('etag'));
    expect(Buffer.compare(Buffer.from(await read.arrayBuffer()), large)).toBe(0);
  }
  const head = await call(setup, 'HEAD', '/global/a');
  expect(head.headers.get('content-length')).toBe('3000001');
  expect(await head.text()).toBe('');
  const known = { 'if-none-match': put.headers.get('etag') ?? '' };
  expect((await call(setup, 'GET', '/global/a', { headers: known })).status).toBe(304);
  const stale = await call(setup, 'PUT', '/global/a', { body: large, headers: { 'if-none-match': '*' } });
  expect(stale.status).toBe(412);
  const listed = (await (await call(setup, 'GET', '/global')).json()) as { items: { bytes: number }[] };
  expect(listed.items.map(({ bytes }) => bytes)).toEqual([3_000_001]);
});

it('stores nothing of a large value whose client breaks off', async () => {
  await using setup = await startScriptedGateway();
  const aborting = new AbortController();
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(2_000_000));
      setImmediate(() => aborting.abort());
    },
  });
  const sent = call(setup, 'PUT', '/global/a', { body, duplex: 'half', signal: aborting.signal });
  await expect(sent).rejects.toThrow();
  expect((await call(setup, 'GET', '/global/a?read=fresh')).status).toBe(404);
});

it('refuses changes from the pages of other sites', async () => {
  await using setup = await startScriptedGateway();
  for (const method of ['PUT', 'DELETE', 'GET']) {
    const init = { headers: { origin: 'https://evil.test' }, ...(method === 'PUT' ? { body: '1' } : {}) };
    expect((await call(setup, method, '/global/a', init)).status).toBe(403);
  }
});

it('answers 405 to other methods', async () => {
  await using setup = await startScriptedGateway();
  const response = await call(setup, 'PATCH', '/global/a%2Fb', { body: '1' });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toContain('PUT');
});

it('answers 503 with a stable code while the store is away', async () => {
  await using setup = await startScriptedGateway();
  await call(setup, 'PUT', '/global/a', { body: '1' });
  setup.faults(({ kind }) => (kind === 'append' || kind === 'read' ? 'away' : undefined));
  const write = await call(setup, 'PUT', '/global/a', { body: '2' });
  expect(write.status).toBe(503);
  expect(write.headers.get('retry-after')).toBe('1');
  expect(await codeOf(write)).toMatchObject({ code: 'write-unknown' });
  const read = await call(setup, 'GET', '/global/a?read=fresh');
  expect(read.status).toBe(503);
  expect(await codeOf(read)).toMatchObject({ code: 'store-unavailable' });
  setup.faults(undefined);
  expect(await (await call(setup, 'GET', '/global/a?read=fresh')).text()).toBe('1');
}, 30_000);

it('sends the changes of a scope as events, until the client leaves', async () => {
  await using setup = await startScriptedGateway();
  const aborting = new AbortController();
  const response = await call(setup, 'GET', '/global/-/events?prefix=a', { signal: aborting.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  const until = async (part: string) => {
    while (!text.includes(part)) text += new TextDecoder().decode((await reader.read()).value);
  };
  await until(': watching');
  const put = await call(setup, 'PUT', '/global/a1', { body: '1' });
  await call(setup, 'PUT', '/global/b1', { body: '1' });
  await call(setup, 'PUT', '/session:x/a1', { body: '1' });
  await call(setup, 'DELETE', '/global/a1');
  await until('event: deleted');
  expect(text).toContain(`id: ${tag(put).slice(1, -1)}\nevent: put\ndata: {"type":"put"`);
  expect(text.match(/^event: /gm)).toHaveLength(2);
  expect(text).toContain('"scope":"global","key":"a1"');
  aborting.abort();
});

it('ends its event streams when the gateway stops', async () => {
  const setup = await startScriptedGateway();
  const response = await call(setup, 'GET', '/global/-/events');
  const started = performance.now();
  await setup.gateway.stop({ drainTimeoutMs: 20_000 });
  expect(performance.now() - started).toBeLessThan(5_000);
  await response.text();
  await setup[Symbol.asyncDispose]();
});

it('shows the lag of the memory in the status', async () => {
  await using setup = await startScriptedGateway();
  await call(setup, 'PUT', '/global/a', { body: '1' });
  const status = (await (await fetch(`${setup.url}/api/v1/status`)).json()) as { memoryLagMs: number };
  expect(status.memoryLagMs).toBeGreaterThanOrEqual(0);
  const metrics = await (await fetch(`${setup.url}/metrics`)).text();
  expect(metrics).toContain('drover_memory_writes_total 1');
});
