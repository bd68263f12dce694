import { createHash } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { createTestKeys } from '../../testing/key-setup.ts';
import { startStack, type Stack, type StackOptions } from '../../testing/stack.ts';
import { until } from '../../testing/until.ts';

const stacks: Stack[] = [];
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.end();
});

const weights = { name: 'weights', sizeBytes: 40_000 };
const slow = { registry: [weights], pullBytesPerSecond: 20_000 };
const fast = { registry: [weights], pullBytesPerSecond: 1e9 };

async function start(options: StackOptions) {
  const stack = await startStack(options);
  stacks.push(stack);
  const { url } = stack.gateway;
  const send = (method: string, path: string, body?: object, init: RequestInit = {}) =>
    fetch(url + path, { method, ...(body && { body: JSON.stringify(body) }), ...init });
  const namesAt = async (index: number): Promise<string[]> => {
    const answer = (await (await fetch(`${stack.sims[index]?.url}/api/tags`)).json()) as {
      models: { name: string }[];
    };
    return answer.models.map(({ name }) => name);
  };
  const jobs = async () =>
    ((await (await send('GET', '/api/v1/admin-jobs')).json()) as { jobs: Record<string, unknown>[] }).jobs;
  return { stack, send, namesAt, jobs };
}

async function linesOf(response: Response): Promise<Record<string, unknown>[]> {
  return (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('pulls at every host once, with the lines of one Ollama, whose bytes only grow', async () => {
  const { stack, send, namesAt } = await start({ sims: [slow, { ...slow, pullBytesPerSecond: 40_000 }] });
  const [one, other] = await Promise.all(
    [1, 2].map(async () => linesOf(await send('POST', '/api/pull', { model: 'weights' }))),
  );
  for (const lines of [one, other]) {
    const statuses = (lines ?? []).map(({ status }) => status);
    expect(statuses[0]).toBe('pulling manifest');
    expect(statuses.slice(-3)).toEqual(['verifying sha256 digest', 'writing manifest', 'success']);
    const bytes = (lines ?? []).flatMap(({ digest, completed }) => (digest ? [Number(completed ?? 0)] : []));
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(bytes.at(-1)).toBe(40_000);
  }
  for (const index of [0, 1]) expect(await namesAt(index)).toContain('weights:latest');
  for (const sim of stack.sims) expect(sim.state()).toMatchObject({ pulledBytes: 40_000, layerStarts: 1 });
  // The gateway routes to the new model at once.
  expect((await send('POST', '/api/show', { model: 'weights' })).status).toBe(200);
});

it('goes on when the client leaves', async () => {
  const { send, namesAt, jobs } = await start({ sims: [slow] });
  const client = new AbortController();
  const answer = await send('POST', '/api/pull', { model: 'weights' }, { signal: client.signal });
  await answer.body?.getReader().read();
  client.abort();
  await until(async () => (await jobs())[0]?.['state'] === 'done', 'the end of the job', 20_000);
  expect(await namesAt(0)).toContain('weights:latest');
  expect((await jobs())[0]).toMatchObject({ operation: 'pull', totalBytes: 40_000, completedBytes: 40_000 });
});

it('pulls at the named host alone, and refuses a name that the fleet does not know', async () => {
  const { send, namesAt } = await start({ sims: [fast, fast] });
  const whole = await send('POST', '/api/pull?host=host-1', { name: 'weights', stream: false });
  expect(await whole.json()).toEqual({ status: 'success' });
  expect(await namesAt(0)).not.toContain('weights:latest');
  expect(await namesAt(1)).toContain('weights:latest');
  const unknown = await send(
    'POST',
    '/api/pull',
    { model: 'weights' },
    { headers: { 'x-drover-host': 'nobody' } },
  );
  expect(unknown.status).toBe(404);
  expect(await unknown.json()).toEqual({ error: "the fleet has no host 'nobody'" });
});

it("answers with Ollama's own error where all hosts fail alike, and names the hosts where they differ", async () => {
  const { send } = await start({ sims: [fast, { ...fast, network: false }] });
  const alike = await linesOf(await send('POST', '/api/pull?host=host-0', { model: 'nowhere' }));
  expect(alike.at(-1)).toEqual({ error: 'pull model manifest: file does not exist' });
  const partly = await linesOf(await send('POST', '/api/pull', { model: 'weights' }));
  expect(partly.at(-1)?.['error']).toMatch(/^1 of 2 hosts failed: host-1: pull model manifest: Get/);
  const whole = await send('POST', '/api/pull?host=host-0', { model: 'nowhere', stream: false });
  expect(whole.status).toBe(500);
  expect(await whole.json()).toEqual({ error: 'pull model manifest: file does not exist' });
});

it('copies where the source is, creates, pushes from one host, and deletes everywhere', async () => {
  const { send, namesAt } = await start({ sims: [{ models: ['base'] }, { models: ['base'] }] });
  const copied = await send('POST', '/api/copy', { source: 'base', destination: 'twin' });
  expect([copied.status, await copied.text()]).toEqual([200, '']);
  const created = await linesOf(
    await send('POST', '/api/create', { model: 'pirate', from: 'base', system: 'You are a pirate.' }),
  );
  expect(created.map(({ status }) => status)).toEqual([
    expect.stringMatching(/^using existing layer sha256:/),
    'writing manifest',
    'success',
  ]);
  const pushed = await linesOf(await send('POST', '/api/push', { model: 'pirate' }));
  expect(pushed[0]).toEqual({ status: 'retrieving manifest' });
  expect(pushed.at(-1)).toEqual({ status: 'success' });
  for (const index of [0, 1])
    expect(await namesAt(index)).toEqual(expect.arrayContaining(['twin:latest', 'pirate:latest']));
  const deleted = await send('DELETE', '/api/delete', { model: 'twin' });
  expect([deleted.status, await deleted.text()]).toEqual([200, '']);
  for (const index of [0, 1]) expect(await namesAt(index)).not.toContain('twin:latest');
  const gone = await send('DELETE', '/api/delete', { model: 'twin' });
  expect(gone.status).toBe(404);
  expect(await gone.json()).toEqual({ error: "model 'twin' not found" });
});

it('cancels a job, which ends the download', async () => {
  const { stack, send, jobs } = await start({ sims: [{ ...slow, pullBytesPerSecond: 2_000 }] });
  const answer = send('POST', '/api/pull', { model: 'weights' });
  await until(async () => Number((await jobs())[0]?.['completedBytes'] ?? 0) > 0, 'progress', 20_000);
  const { id } = (await jobs())[0] as { id: string };
  expect((await send('DELETE', `/api/v1/admin-jobs/${id}`)).status).toBe(204);
  const lines = await linesOf(await answer);
  expect(lines.at(-1)).toEqual({ error: 'the job was cancelled' });
  await until(() => stack.sims[0]?.state().downloads === 0, 'the end of the download', 20_000);
  expect(stack.sims[0]?.state().pulledBytes).toBeLessThan(40_000);
});

it.each([
  ['POST', '/api/pull', {}, 400, 'invalid model name'],
  ['POST', '/api/pull', { model: 'a b' }, 400, 'invalid model name'],
  [
    'POST',
    '/api/pull',
    { model: 7 },
    400,
    'json: cannot unmarshal number into Go struct field PullRequest.model of type string',
  ],
  ['POST', '/api/pull', { model: 'x:cloud' }, 403, 'ollama cloud is disabled: remote model is unavailable'],
  ['POST', '/api/push', { model: 'nowhere' }, 404, "model 'nowhere' not found"],
  ['POST', '/api/copy', { source: 'nowhere', destination: 'x' }, 404, 'model "nowhere" not found'],
  ['POST', '/api/copy', { source: 'sim-chat', destination: 'a b' }, 400, 'destination "a b" is invalid'],
  ['POST', '/api/create', { model: 'x', from: 'nowhere' }, 400, 'file does not exist'],
] as const)('refuses %s %s %j with %i', async (method, path, body, status, error) => {
  const { send } = await start({});
  const answer = await send(method, path, body);
  expect(answer.status).toBe(status);
  expect(await answer.json()).toEqual({ error });
});

it('uploads a file to every host that lacks it, and creates a model out of it there', async () => {
  const { stack, send, namesAt } = await start({ sims: [{}, {}] });
  const file = Buffer.alloc(1_000_000, 'weights');
  const digest = `sha256:${createHash('sha256').update(file).digest('hex')}`;
  const path = `/api/blobs/${digest}`;
  expect((await send('HEAD', path)).status).toBe(404);
  const direct = await fetch(`${stack.sims[1]?.url}${path}`, { method: 'POST', body: file });
  expect(direct.status).toBe(201);
  expect((await send('HEAD', path)).status).toBe(404);
  expect((await send('POST', path, undefined, { body: file })).status).toBe(201);
  expect((await send('HEAD', path)).status).toBe(200);
  expect((await send('POST', path, undefined, { body: file })).status).toBe(200);
  const created = await linesOf(
    await send('POST', '/api/create', { model: 'own', files: { 'own.gguf': digest } }),
  );
  expect(created.at(-1)).toEqual({ status: 'success' });
  for (const index of [0, 1]) expect(await namesAt(index)).toContain('own:latest');
});

it("passes on Ollama's refusal of a file, and names the host that does not answer", async () => {
  const { stack, send } = await start({ sims: [{}, {}] });
  const digest = `sha256:${'0'.repeat(64)}`;
  const wrong = await send('POST', `/api/blobs/${digest}`, undefined, { body: 'other' });
  expect(wrong.status).toBe(400);
  expect(((await wrong.json()) as { error: string }).error).toMatch(/^digest mismatch, expected "sha256:0/);
  expect((await send('POST', '/api/blobs/none', undefined, { body: 'x' })).status).toBe(400);
  await stack.sims[1]?.close();
  const partly = await send('POST', `/api/blobs/${digestOf('x')}?host=host-0,host-1`, undefined, {
    body: 'x',
  });
  expect(partly.status).toBe(502);
  expect(((await partly.json()) as { error: string }).error).toBe(
    '1 of 2 hosts failed: host-1: the connection to Ollama broke',
  );
});

it('changes only models that the key may use', async () => {
  const known = await createTestKeys({ ops: { roles: ['operator'], models: ['weights'] } });
  const { send } = await start({ sims: [{ ...fast, models: ['base'] }], gateway: { keys: known.keys } });
  const headers = { authorization: `Bearer ${known.texts.ops}` };
  expect((await send('POST', '/api/pull', { model: 'weights' }, { headers })).status).toBe(200);
  const others = [
    await send('POST', '/api/pull', { model: 'other' }, { headers }),
    await send('POST', '/api/copy', { source: 'base', destination: 'weights' }, { headers }),
    await send('DELETE', '/api/delete', { model: 'base' }, { headers }),
  ];
  expect(others.map(({ status }) => status)).toEqual([403, 403, 403]);
  known.close();
});

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
