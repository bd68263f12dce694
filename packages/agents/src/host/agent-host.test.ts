import { describe, expect, it } from 'vitest';
import { startTestCell } from '../testing/test-cell.ts';

describe('spawning', () => {
  it('starts an agent on a live host and resolves once it runs', async () => {
    const { client, during } = await startTestCell();
    const agent = await during(client.spawn({ type: 'assistant', name: 'ann', options: { temperature: 0 } }));
    expect(agent).toMatchObject({
      type: 'assistant',
      name: 'ann',
      model: 'm:latest',
      status: 'ready',
      incarnation: 1,
    });
    expect(agent.node).toMatch(/^host-[12]$/);
    expect(agent.createdAt).toMatch(/^2026-01-01T00:00:0\d\.\d{3}Z$/);
    expect(await during(client.list())).toEqual([agent]);
  });

  it('spreads agents over the hosts', async () => {
    const { client, during } = await startTestCell();
    for (let i = 0; i < 20; i++) await during(client.spawn({ type: 'assistant' }));
    const nodes = (await during(client.list())).map((agent) => agent.node);
    const first = nodes.filter((node) => node === 'host-1').length;
    expect(nodes).toHaveLength(20);
    expect(first).toBeGreaterThan(4);
    expect(first).toBeLessThan(16);
  });

  it('resolves with the same agent for the same Idempotency-Key, also under a new leader', async () => {
    const { client, during, kill, leader } = await startTestCell({ hosts: ['host-1', 'host-2', 'host-3'] });
    const request = { type: 'assistant', name: 'ann', idempotencyKey: 'k' };
    const first = await during(client.spawn(request));
    kill(await leader());
    const second = await during(client.spawn(request));
    expect(second.id).toBe(first.id);
    await expect(during(client.spawn({ ...request, name: 'bob' }))).rejects.toMatchObject({
      code: 'idempotency-conflict',
    });
  });

  it.each([
    [{ type: 'poet' }, 'unknown-agent-type', 'type'],
    [{ type: '' }, 'invalid-input', 'type'],
    [{ type: 'assistant', name: '' }, 'invalid-input', 'name'],
    [{ type: 'assistant', options: [] as unknown as Record<string, unknown> }, 'invalid-input', 'options'],
    [{ type: 'assistant', options: { stop: 'x'.repeat(9_000) } }, 'invalid-input', 'options'],
  ])('refuses %j', async (request, code, field) => {
    const { client, during } = await startTestCell({ hosts: ['host-1'] });
    await expect(during(client.spawn(request))).rejects.toMatchObject({ code, field });
  });

  it('fails with no-leader without a host', async () => {
    const { client, during } = await startTestCell({ hosts: [] });
    await expect(during(client.spawn({ type: 'assistant' }))).rejects.toMatchObject({
      code: 'no-leader',
      retryAfterMs: 1_000,
    });
  });
});

describe('an agent', () => {
  it('that crashes is restarted, its task fails with an error, and too many crashes park it', async () => {
    const cell = await startTestCell({ hosts: ['host-1'], config: { restartIntensity: 1 } });
    const fleet = cell.fleetOf('host-1');
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    fleet.mode = 'throws';
    await expect(cell.during(cell.client.task(id, { input: 'x' }))).rejects.toMatchObject({
      code: 'task-failed',
      message: expect.stringContaining('crashed'),
    });
    fleet.mode = 'echo';
    await cell.advance(1_000);
    expect(await cell.during(cell.client.task(id, { input: 'again' }))).toMatchObject({ output: 'again' });
    fleet.mode = 'throws';
    await expect(cell.during(cell.client.task(id, { input: 'x' }))).rejects.toMatchObject({
      code: expect.stringMatching(/task-failed|agent-lost/),
    });
    await cell.untilStatus(id, 'failed');
    await expect(cell.during(cell.client.task(id, { input: 'x' }))).rejects.toMatchObject({
      code: 'task-failed',
    });
    await expect(cell.during(cell.client.submit(id, { input: 'x' }))).rejects.toMatchObject({
      code: 'task-failed',
    });
  });

  it('that is stopped ends its tasks, accepts none, and stays stopped', async () => {
    const cell = await startTestCell();
    const { id, node } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const fleet = cell.fleetOf(node);
    fleet.mode = 'by-hand';
    const task = cell.client.task(id, { input: 'x' });
    await cell.until('the task runs', () => fleet.calls.length === 1);
    const outcome = expect(cell.during(task)).rejects.toMatchObject({ code: 'agent-stopped' });
    expect(await cell.during(cell.client.stop(id))).toMatchObject({ status: 'stopped', node: '' });
    await outcome;
    await expect(cell.during(cell.client.task(id, { input: 'x' }))).rejects.toMatchObject({
      code: 'agent-stopped',
    });
    expect(
      cell.hosts
        .get(node)
        ?.node.system.inspect()
        .map(({ path }) => path),
    ).not.toContainEqual(expect.stringContaining(id));
    await expect(cell.during(cell.client.stop('unknown'))).rejects.toMatchObject({ code: 'agent-not-found' });
    cell.kill(node);
    await cell.advance(6_000);
    expect(await cell.during(cell.client.get(id))).toMatchObject({ status: 'stopped', incarnation: 1 });
  });
});

describe('a host that drains', () => {
  it('gives its agents to the other hosts with their next incarnation, and gets no new ones', async () => {
    const cell = await startTestCell({ hosts: ['host-1', 'host-2', 'host-3'] });
    for (let i = 0; i < 9; i++) await cell.during(cell.client.spawn({ type: 'assistant' }));
    const before = await cell.during(cell.client.list());
    const drained = before.filter(({ node }) => node === 'host-1').map(({ id }) => id);
    expect(drained).not.toEqual([]);
    await cell.during(cell.hosts.get('host-1')?.host.drain() ?? Promise.reject(new Error('no host-1')));
    for (const id of drained) {
      expect(await cell.during(cell.client.task(id, { input: 'moved' }))).toMatchObject({ output: 'moved' });
      expect(await cell.during(cell.client.get(id))).toMatchObject({ incarnation: 2, status: 'ready' });
    }
    for (let i = 0; i < 6; i++) await cell.during(cell.client.spawn({ type: 'assistant' }));
    const after = await cell.during(cell.client.list());
    expect(after.filter(({ node }) => node === 'host-1')).toEqual([]);
    for (const { id, node } of before)
      if (node !== 'host-1')
        expect(after).toContainEqual(expect.objectContaining({ id, node, incarnation: 1 }));
  });

  it('has the recorded runs of its agents go on elsewhere; a task that is asked for ends with agent-lost', async () => {
    const cell = await startTestCell();
    const { id, node } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const { fleet, host } = cell.hosts.get(node) ?? {};
    if (fleet === undefined || host === undefined) throw new Error(`${node} does not run`);
    fleet.mode = 'by-hand';
    const task = expect(cell.during(cell.client.task(id, { input: 'asked' }))).rejects.toMatchObject({
      code: 'agent-lost',
    });
    await cell.until('the task runs', () => fleet.calls.length === 1);
    const { runId } = await cell.during(cell.client.submit(id, { input: 'recorded' }));
    await cell.during(host.drain());
    await task;
    await cell.advance(2_000);
    const run = await cell.during(cell.client.run(runId));
    expect(run).toMatchObject({ status: 'completed', output: 'recorded' });
    expect(run.node).not.toBe(node);
  });

  it('does not wait where no other host can take its agents', async () => {
    const cell = await startTestCell({ hosts: ['host-1'] });
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    await cell.during(
      cell.hosts.get('host-1')?.host.drain() ?? Promise.reject(new Error('no host-1')),
      1_000,
    );
    expect(await cell.during(cell.client.task(id, { input: 'still here' }))).toMatchObject({
      output: 'still here',
    });
  });
});

describe('a dead node', () => {
  it('costs its agent one incarnation and the running task (agent-lost); a new task is answered within 10 s', async () => {
    const cell = await startTestCell({ hosts: ['host-1', 'host-2', 'host-3'] });
    const { id, node } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const doomed = cell.hosts.get(node);
    if (!doomed) throw new Error(`${node} does not run`);
    doomed.fleet.mode = 'by-hand';
    const running = cell.client.task(id, { input: 'running' });
    const { runId } = await cell.during(cell.client.submit(id, { input: 'queued' }));
    await cell.until('the task runs', () => doomed.fleet.calls.length === 1);
    cell.kill(node);
    const killedAtMs = cell.hub.clock.now();
    const next = cell.client.task(id, { input: 'next' });
    await expect(cell.during(running)).rejects.toMatchObject({ code: 'agent-lost' });
    const result = await cell.during(next);
    expect(cell.hub.clock.now() - killedAtMs).toBeLessThan(10_000);
    expect(result).toMatchObject({ output: 'next' });
    expect(result.node).not.toBe(node);
    expect(await cell.during(cell.client.get(id))).toMatchObject({ id, incarnation: 2, status: 'ready' });
    expect(await cell.during(cell.client.run(runId))).toMatchObject({
      status: 'failed',
      error: { code: 'agent-lost' },
    });
  });

  it('that was the only host gets its agent again after a restart', async () => {
    const cell = await startTestCell({ hosts: ['host-1'] });
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    cell.kill('host-1');
    await cell.advance(5_000);
    await cell.start('host-1');
    expect(await cell.during(cell.client.task(id, { input: 'still there?' }))).toMatchObject({
      output: 'still there?',
    });
    expect(await cell.during(cell.client.get(id))).toMatchObject({ id, incarnation: 2, node: 'host-1' });
  });

  it('that was only cut off stops its old incarnation of the agent', async () => {
    const cell = await startTestCell({ hosts: ['host-1', 'host-2', 'host-3'] });
    const leader = await cell.leader();
    let agent = await cell.during(cell.client.spawn({ type: 'assistant' }));
    while (agent.node === leader) agent = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const { node } = cell.hosts.get(agent.node) ?? { node: undefined };
    node?.transport.disconnect();
    cell.hub.logs.faults = (operation) => (operation.node === agent.node ? 'away' : undefined);
    await cell.advance(6_000);
    expect(await cell.during(cell.client.get(agent.id))).toMatchObject({ incarnation: 2 });
    const paths = (): string[] => node?.system.inspect().map(({ path }) => path) ?? [];
    expect(paths()).toContain(`agents/${agent.id}-1`);
    node?.transport.reconnect();
    cell.hub.logs.faults = undefined;
    await cell.until('the old incarnation is stopped', () => !paths().includes(`agents/${agent.id}-1`));
    expect(await cell.during(cell.client.get(agent.id))).toMatchObject({ incarnation: 2, status: 'ready' });
  });
});
