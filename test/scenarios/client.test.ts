import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DroverClient, hasCode, type SocketMessage } from '@drover/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster, stopLeftovers } from '../lib/cluster.ts';

const example = fileURLToPath(new URL('../../examples/client/work.ts', import.meta.url));

/** The typed client against real gateways. */
describe('the client', () => {
  let cluster: Cluster;
  let drover: DroverClient;

  beforeAll(async () => {
    cluster = await startCluster(['--sim', '1']);
    drover = new DroverClient({ url: cluster.url });
  });
  afterAll(stopLeftovers);

  it('starts an agent, gives it tasks, and watches it', async () => {
    const controller = new AbortController();
    const watching = drover.agents.watch({ signal: controller.signal });
    expect((await watching.next()).value).toMatchObject({ type: 'snapshot', agents: [] });
    const agent = await drover.agents.spawn({
      type: 'assistant',
      model: 'sim-count',
      options: { num_predict: 5 },
    });
    const events: unknown[] = [];
    for await (const event of drover.agents.stream(agent.id, { input: 'count' })) events.push(event);
    expect(events[0]).toMatchObject({ type: 'started' });
    expect(events.at(-1)).toMatchObject({ type: 'completed', status: 'completed' });
    const runId = await drover.agents.submit(agent.id, { input: 'count' });
    expect(['running', 'completed']).toContain((await drover.agents.run(runId)).status);
    const ids = [];
    for await (const { id } of drover.agents.list({ limit: 1 })) ids.push(id);
    expect(ids).toEqual([agent.id]);
    const spawned = await nextEvent(watching, 'agent.spawned');
    expect(spawned).toMatchObject({ event: { targets: [`agent/${agent.id}`] } });
    expect((await drover.agents.stop(agent.id)).status).toBe('stopped');
    controller.abort(new Error('seen enough'));
    await expect(nextEvent(watching, 'none')).rejects.toThrow('seen enough');
    const stored = [];
    for await (const { type } of drover.events({ since: '1h', types: ['agent.*'], follow: false }))
      stored.push(type);
    expect(stored).toContain('agent.stopped');
  });

  it('reads and writes the memory by revision', async () => {
    const revision = await drover.memory.putJson('session:s.1', 'a/b', { n: 1 }, { ifRevision: 0 });
    expect(await drover.memory.getJson('session:s.1', 'a/b')).toEqual({ n: 1 });
    const again = drover.memory.putJson('session:s.1', 'a/b', 2, { ifRevision: 0 });
    expect(hasCode(await again.catch((error: unknown) => error), 'revision-mismatch')).toBe(true);
    await drover.memory.put('session:s.1', 'bytes', new Uint8Array([0, 255]), { ttlMs: 60_000 });
    expect((await drover.memory.get('session:s.1', 'bytes', { read: 'fresh' }))?.bytes).toEqual(
      new Uint8Array([0, 255]),
    );
    const keys = [];
    for await (const { key } of drover.memory.list('session:s.1', { limit: 1 })) keys.push(key);
    expect(keys).toEqual(['a/b', 'bytes']);
    await drover.memory.delete('session:s.1', 'a/b', { ifRevision: revision });
    expect(await drover.memory.get('session:s.1', 'a/b')).toBeUndefined();
  });

  it('works through a queue', async () => {
    expect(await drover.queues.put('jobs', { n: 1 }, { id: 'one' })).toEqual({
      id: 'one',
      isDuplicate: false,
    });
    expect(await drover.queues.put('jobs', { n: 1 }, { id: 'one' })).toEqual({
      id: 'one',
      isDuplicate: true,
    });
    const [message] = await drover.queues.take('jobs', { waitMs: 5_000, leaseMs: 30_000 });
    expect(message).toMatchObject({ id: 'one', attempt: 1, body: { n: 1 } });
    if (message === undefined) throw new Error('no message');
    await drover.queues.extend('jobs', message, 60_000);
    await drover.queues.ack('jobs', message);
    expect(await drover.queues.counts('jobs')).toMatchObject({ depth: 0, inFlight: 0, dead: 0 });
    expect(await drover.queues.list()).toContain('jobs');
  });

  it('pulls a model, and sees nodes, jobs, models and usage', async () => {
    const steps = [];
    for await (const { status } of drover.models.pull('sim-embed')) steps.push(status);
    expect(steps.at(-1)).toBe('success');
    expect(await drover.models.jobs()).toMatchObject([{ model: 'sim-embed', state: 'done' }]);
    const names = (await drover.models.list()).map(({ name }) => name);
    expect(names).toContain('sim-embed:latest');
    expect((await drover.nodes()).map(({ state }) => state)).toContain('alive');
    expect(await drover.usage({ by: ['model'] })).toMatchObject({ complete: true });
    expect(await drover.call('GET /readyz')).toMatchObject({ ready: true });
  });

  it('runs the example', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [example, cluster.url, 'sim-count']);
    expect(stdout).toMatch(/^1 2 3/);
  });

  // From the first key on nobody is let in without one: last.
  it('makes and explains keys, and uses one', async () => {
    const admin = await drover.keys.create({ name: 'boss', roles: ['admin'] });
    const keyed = new DroverClient({ url: cluster.url, key: admin.key });
    const viewer = await keyed.keys.create({ name: 'eye', roles: ['viewer'] });
    const refused = await drover.status().catch((error: unknown) => error);
    expect(hasCode(refused, 'key-required')).toBe(true);
    expect(await keyed.keys.explain({ key: viewer.id, route: '/api/v1/status' })).toMatchObject({
      allowed: true,
    });
    const watching = keyed.agents.watch({ topics: ['metrics'] });
    expect((await watching.next()).value).toMatchObject({ type: 'snapshot' });
    await watching.return();
    expect((await keyed.keys.limit(viewer.id, { requestsPerMinute: 5 })).limits).toMatchObject({
      requestsPerMinute: 5,
    });
    expect((await keyed.keys.revoke(viewer.id)).state).toBe('revoked');
    expect((await keyed.keys.list()).map(({ name }) => name)).toEqual(['boss', 'eye']);
  });
});

/** The next event of a type. */
async function nextEvent(
  watching: AsyncGenerator<SocketMessage, void>,
  type: string,
): Promise<SocketMessage | undefined> {
  for (;;) {
    const { value, done } = await watching.next();
    if (done === true) return undefined;
    if (value.type === 'event' && value.event.type === type) return value;
  }
}
