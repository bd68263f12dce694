import { controlStream } from '@drover/actor-core/cluster';
import { FenceRejectedError, StoreUnavailableError } from '@drover/actor-core/durable';
import { describe, expect, it } from 'vitest';
import type { TaskEvent } from '../agents-client.ts';
import { createAgentsClient } from '../client/create-agents-client.ts';
import { managerPath } from '../protocol/manager-message.ts';
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
    for (let i = 0; i < 4; i++) await during(client.spawn({ type: 'assistant' }));
    const nodes = (await during(client.list())).map((agent) => agent.node);
    expect(nodes.toSorted()).toEqual(['host-1', 'host-1', 'host-2', 'host-2']);
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

describe('a task', () => {
  it('is answered by the fleet piece by piece, with the prompt and options of the definition', async () => {
    const { client, during, hosts } = await startTestCell({ hosts: ['host-1'] });
    const { id } = await during(client.spawn({ type: 'summarizer', options: { temperature: 0 } }));
    const events: TaskEvent[] = [];
    const result = await during(
      client.task(id, { input: 'one two three' }, { onEvent: (event) => events.push(event) }),
    );
    expect(result).toMatchObject({
      status: 'completed',
      output: 'one two three',
      usage: { promptTokens: 3, completionTokens: 2 },
      node: 'host-1',
    });
    const { runId } = result;
    expect(events).toEqual([
      { type: 'started', runId, node: 'host-1' },
      { type: 'token', runId, text: 'one ' },
      { type: 'token', runId, text: 'two ' },
      { type: 'token', runId, text: 'three' },
    ]);
    expect(hosts.get('host-1')?.fleet.calls[0]?.body).toMatchObject({
      model: 'm:latest',
      messages: [{ role: 'system', content: expect.stringContaining('summarise') }, { role: 'user' }],
      options: { temperature: 0, num_predict: 768 },
    });
    // The end of the run is recorded.
    await during(client.get(id));
    expect(await during(client.run(runId))).toMatchObject({
      status: 'completed',
      output: 'one two three',
      agentId: id,
    });
  });

  it('leaves its agent ready before the asker has the answer', async () => {
    const { client, during } = await startTestCell({ hosts: ['host-1'] });
    const { id } = await during(client.spawn({ type: 'assistant' }));
    for (let i = 0; i < 5; i++) {
      const then = client.task(id, { input: 'x' }).then(() => client.get(id));
      expect(await during(then)).toMatchObject({ status: 'ready' });
    }
  });

  it('waits while another one runs, and is refused when the queue is full', async () => {
    const cell = await startTestCell({ hosts: ['host-1'], config: { maxQueuedTasks: 1 } });
    const { client, during } = cell;
    const fleet = cell.hosts.get('host-1')?.fleet;
    if (!fleet) throw new Error('no host');
    fleet.mode = 'by-hand';
    const { id } = await during(client.spawn({ type: 'assistant' }));
    const first = client.task(id, { input: 'first' });
    await cell.until('the first task runs', () => fleet.calls.length === 1);
    const second = client.task(id, { input: 'second' });
    await cell.advance(100);
    await expect(during(client.task(id, { input: 'third' }))).rejects.toMatchObject({
      code: 'agent-busy',
      retryAfterMs: 1_000,
    });
    expect((await during(client.get(id))).status).toBe('busy');
    fleet.calls[0]?.say('1');
    fleet.calls[0]?.finish();
    expect(await during(first)).toMatchObject({ output: '1' });
    await cell.until('the second task runs', () => fleet.calls.length === 2);
    fleet.calls[1]?.finish();
    expect(await during(second)).toMatchObject({ output: '' });
    await cell.advance(100);
    expect((await during(client.get(id))).status).toBe('ready');
  });

  it('is cancelled down to the fleet', async () => {
    const cell = await startTestCell({ hosts: ['host-1'] });
    const fleet = cell.hosts.get('host-1')?.fleet;
    if (!fleet) throw new Error('no host');
    fleet.mode = 'by-hand';
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const abort = new AbortController();
    const task = cell.client.task(id, { input: 'x' }, { signal: abort.signal });
    await cell.until('the task runs', () => fleet.calls.length === 1);
    abort.abort();
    await expect(cell.during(task)).rejects.toMatchObject({ code: 'cancelled' });
    await cell.advance(50);
    expect(fleet.calls[0]?.signal.aborted).toBe(true);
  });

  it('of a gateway that was cut off for a while continues', async () => {
    const cell = await startTestCell({ hosts: ['host-1'] });
    const fleet = cell.hosts.get('host-1')?.fleet;
    if (!fleet) throw new Error('no host');
    fleet.mode = 'by-hand';
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const task = cell.client.task(id, { input: 'x' });
    await cell.until('the task runs', () => fleet.calls.length === 1);
    cell.gateway.transport.disconnect();
    await cell.advance(3_500);
    expect(cell.hosts.get('host-1')?.node.presence.member('gateway')?.state).toBe('unreachable');
    cell.gateway.transport.reconnect();
    await cell.advance(6_000);
    fleet.calls[0]?.say('still');
    fleet.calls[0]?.finish();
    expect(await cell.during(task)).toMatchObject({ output: 'still' });
  });

  it('of a gateway that died is cancelled', async () => {
    const cell = await startTestCell({ hosts: ['host-1'] });
    const fleet = cell.hosts.get('host-1')?.fleet;
    if (!fleet) throw new Error('no host');
    fleet.mode = 'by-hand';
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    cell.client.task(id, { input: 'x' }).catch(() => undefined);
    await cell.until('the task runs', () => fleet.calls.length === 1);
    cell.gateway.crash();
    await cell.until('the call is aborted', () => fleet.calls[0]?.signal.aborted, 20_000);
  });

  it('ends with its deadline', async () => {
    const cell = await startTestCell({ hosts: ['host-1'] });
    const fleet = cell.hosts.get('host-1')?.fleet;
    if (!fleet) throw new Error('no host');
    fleet.mode = 'by-hand';
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    await expect(cell.during(cell.client.task(id, { input: 'x', timeoutMs: 2_000 }))).rejects.toMatchObject({
      code: 'deadline',
    });
    expect(fleet.calls[0]?.signal.aborted).toBe(true);
  });

  it('fails if the model server ends its stream too early, and the agent continues', async () => {
    const cell = await startTestCell({ hosts: ['host-1'] });
    const fleet = cell.hosts.get('host-1')?.fleet;
    if (!fleet) throw new Error('no host');
    fleet.mode = 'by-hand';
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const task = cell.client.task(id, { input: 'x' });
    await cell.until('the task runs', () => fleet.calls.length === 1);
    fleet.calls[0]?.say('half');
    fleet.calls[0]?.cut();
    await expect(cell.during(task)).rejects.toMatchObject({
      code: 'task-failed',
      message: expect.stringContaining('bad-upstream'),
    });
    fleet.mode = 'echo';
    expect(await cell.during(cell.client.task(id, { input: 'again' }))).toMatchObject({ output: 'again' });
    expect((await cell.during(cell.client.get(id))).incarnation).toBe(1);
  });

  it('chooses the model if none was known at spawn, and the record keeps it', async () => {
    const cell = await startTestCell({ hosts: ['host-1'] });
    const fleet = cell.hosts.get('host-1')?.fleet;
    if (!fleet) throw new Error('no host');
    fleet.models = [];
    const { id, model } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    expect(model).toBe('');
    fleet.models = ['sim-count:latest'];
    await cell.during(cell.client.task(id, { input: 'x' }));
    await cell.advance(500);
    expect((await cell.during(cell.client.get(id))).model).toBe('sim-count:latest');
  });
});

describe('a submitted task', () => {
  it('is recorded before submit resolves and can be read before and after its end', async () => {
    const cell = await startTestCell({ hosts: ['host-1'] });
    const fleet = cell.hosts.get('host-1')?.fleet;
    if (!fleet) throw new Error('no host');
    fleet.mode = 'by-hand';
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const { runId } = await cell.during(cell.client.submit(id, { input: 'x' }));
    expect(await cell.during(cell.client.run(runId))).toEqual({
      runId,
      agentId: id,
      status: 'running',
      node: 'host-1',
    });
    await cell.until('the task runs', () => fleet.calls.length === 1);
    fleet.calls[0]?.say('done');
    fleet.calls[0]?.finish();
    await cell.advance(500);
    expect(await cell.during(cell.client.run(runId))).toMatchObject({ status: 'completed', output: 'done' });
    await expect(cell.during(cell.client.run('none'))).rejects.toMatchObject({ code: 'run-not-found' });
  });

  it('survives its leader, and the next leader records its end', async () => {
    const cell = await startTestCell({ hosts: ['host-1', 'host-2', 'host-3'] });
    const leader = await cell.leader();
    for (const { fleet } of cell.hosts.values()) fleet.mode = 'by-hand';
    let id = '';
    // An agent on another host than the leader's.
    for (let i = 0; i < 3; i++) {
      const agent = await cell.during(cell.client.spawn({ type: 'assistant' }));
      if (agent.node !== leader) id = agent.id;
    }
    const { node } = await cell.during(cell.client.get(id));
    const { runId } = await cell.during(cell.client.submit(id, { input: 'x' }));
    const fleet = cell.hosts.get(node)?.fleet;
    await cell.until('the task runs', () => fleet?.calls.length === 1);
    cell.kill(leader);
    fleet?.calls[0]?.say('done');
    fleet?.calls[0]?.finish();
    await cell.advance(6_000);
    expect(await cell.during(cell.client.run(runId))).toMatchObject({ status: 'completed', output: 'done' });
    expect(await cell.during(cell.client.get(id))).toMatchObject({ node, incarnation: 1 });
  });
});

describe('a dead node', () => {
  it('costs its agent one incarnation and the running task (agent-lost); a new task is answered within 10 s', async () => {
    const cell = await startTestCell({ hosts: ['host-1', 'host-2', 'host-3'] });
    const { id, node } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const doomed = cell.hosts.get(node);
    if (!doomed) throw new Error('no host');
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
    await cell.advance(6_000);
    expect(await cell.during(cell.client.get(agent.id))).toMatchObject({ incarnation: 2 });
    const paths = (): string[] => node?.system.inspect().map(({ path }) => path) ?? [];
    expect(paths()).toContain(`agents/${agent.id}-1`);
    node?.transport.reconnect();
    await cell.until('the old incarnation is stopped', () => !paths().includes(`agents/${agent.id}-1`));
    expect(await cell.during(cell.client.get(agent.id))).toMatchObject({ incarnation: 2, status: 'ready' });
  });
});

describe('a leader', () => {
  it('is found from each node, including its own, and after it has changed', async () => {
    const cell = await startTestCell({ hosts: ['host-1', 'host-2', 'host-3'] });
    const clients = new Map([...cell.hosts].map(([nodeId, { node }]) => [nodeId, createAgentsClient(node)]));
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    for (const client of clients.values()) {
      expect(await cell.during(client.task(id, { input: 'x' }))).toMatchObject({ output: 'x' });
    }
    const leader = await cell.leader();
    cell.kill(leader);
    clients.delete(leader);
    for (const client of clients.values()) {
      expect(await cell.during(client.spawn({ type: 'assistant' }))).toMatchObject({ status: 'ready' });
    }
  });

  it('that dies is replaced, and agents on other hosts keep their incarnation', async () => {
    const cell = await startTestCell({ hosts: ['host-1', 'host-2', 'host-3'] });
    const before = [];
    for (let i = 0; i < 3; i++) before.push(await cell.during(cell.client.spawn({ type: 'assistant' })));
    const leader = await cell.leader();
    cell.kill(leader);
    await cell.advance(8_000);
    const after = await cell.during(cell.client.list());
    expect(after).toHaveLength(3);
    for (const agent of after) {
      const { node, incarnation } = before.find(({ id }) => id === agent.id) ?? { node: '', incarnation: 0 };
      expect(agent.status).toBe('ready');
      if (node === leader) expect(agent).toMatchObject({ incarnation: 2 });
      else expect(agent).toMatchObject({ node, incarnation });
    }
  });

  it('that was deposed while cut off can write no record, and no host obeys it', async () => {
    const cell = await startTestCell({ hosts: ['host-1', 'host-2', 'host-3'] });
    const { hub } = cell;
    const subject = cell.gateway.subjects.control('agents', 'lead');
    const stream = controlStream('test', 'agents');
    const old = await hub.store.readLast(stream, subject);
    const deposed = await cell.leader();
    cell.hosts.get(deposed)?.node.transport.disconnect();
    await cell.advance(6_000);
    expect(await cell.leader()).not.toBe(deposed);
    const fence = { subject, sequence: old?.sequence ?? 0 };
    const write = hub.store.append(
      stream,
      cell.gateway.subjects.control('agents', 'agent', '0'),
      new Uint8Array(),
      { fence },
    );
    await expect(write).rejects.toBeInstanceOf(FenceRejectedError);
    // Its orders are refused: each manager knows a newer fence.
    const { id, node } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const replyTo = cell.gateway.system.refFor<never>('gateway', 'nobody');
    const manager = cell.gateway.system.refFor<object>(node, managerPath);
    const order = { kind: 'deactivate', id, incarnation: 9, final: false, term: 1, replyTo } as const;
    manager.tell({ ...order, fence: old?.sequence }, { lane: 'order' });
    await cell.advance(500);
    expect(await cell.during(cell.client.task(id, { input: 'here' }))).toMatchObject({
      output: 'here',
      node,
    });
  });

  it('cannot be impersonated: an order with a huge fence takes no agent away, on whatever lane', async () => {
    const cell = await startTestCell({ hosts: ['host-1', 'host-2'] });
    const { id, node } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const replyTo = cell.gateway.system.refFor<never>('gateway', 'nobody');
    const manager = cell.gateway.system.refFor<object>(node, managerPath);
    const fence = Number.MAX_SAFE_INTEGER;
    for (const lane of ['data', 'control', 'request', 'order'] as const) {
      manager.tell({ kind: 'survey', survey: 1, term: 1, fence, replyTo }, { lane });
      manager.tell(
        { kind: 'deactivate', id, incarnation: 9, final: true, term: 1, fence, replyTo },
        { lane },
      );
    }
    await cell.advance(2_000);
    expect(await cell.during(cell.client.task(id, { input: 'still here' }))).toMatchObject({
      output: 'still here',
      node,
    });
    // The real leader is still obeyed.
    expect(await cell.during(cell.client.stop(id))).toMatchObject({ status: 'stopped' });
    expect(await cell.during(cell.client.spawn({ type: 'assistant' }))).toMatchObject({ status: 'ready' });
    expect(cell.hosts.get(node)?.node.system.counters().deadLetters['not-allowed']).toBe(6);
  });

  it('answers store-full to every request that needs a record, and continues when there is room', async () => {
    const disk = { isFull: false };
    const cell = await startTestCell({
      hosts: ['host-1'],
      storeOf: (_, store) => ({
        ensureStream: (spec) => store.ensureStream(spec),
        readLast: (stream, subject) => store.readLast(stream, subject),
        readAllLast: (stream, filter) => store.readAllLast(stream, filter),
        append: (stream, subject, payload, expected) =>
          disk.isFull
            ? Promise.reject(new StoreUnavailableError(stream, { trouble: 'store-full' }))
            : store.append(stream, subject, payload, expected),
      }),
    });
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    expect(await cell.during(cell.client.proveStore())).toMatchObject({ ok: true, node: 'host-1' });
    disk.isFull = true;
    await expect(cell.during(cell.client.proveStore())).resolves.toMatchObject({
      ok: false,
      code: 'store-full',
      message: expect.stringContaining('its disk is full') as string,
    });
    // The first request finds the fault; every later request is answered at once.
    const found = cell.client.spawn({ type: 'assistant' }).catch((error: unknown) => error);
    await cell.advance(1_000);
    await expect(cell.during(cell.client.spawn({ type: 'assistant' }), 500)).rejects.toMatchObject({
      code: 'store-full',
    });
    await expect(cell.during(cell.client.submit(id, { input: 'x' }), 500)).rejects.toMatchObject({
      code: 'store-full',
    });
    expect(await cell.during(cell.client.task(id, { input: 'not recorded' }))).toMatchObject({
      output: 'not recorded',
    });
    expect(await cell.during(found)).toMatchObject({ code: 'store-full' });
    disk.isFull = false;
    await cell.advance(2_000);
    expect(await cell.during(cell.client.spawn({ type: 'assistant' }))).toMatchObject({ status: 'ready' });
    expect(await cell.during(cell.client.proveStore())).toMatchObject({ ok: true });
  });

  it('survives a JetStream outage, and executes requests of that time afterwards', async () => {
    const cell = await startTestCell();
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    cell.hub.store.state = 'down';
    const spawned = cell.client.spawn({ type: 'assistant' });
    expect(await cell.during(cell.client.task(id, { input: 'meanwhile' }))).toMatchObject({
      output: 'meanwhile',
    });
    await cell.advance(3_000);
    cell.hub.store.state = 'up';
    expect(await cell.during(spawned)).toMatchObject({ status: 'ready' });
    expect(await cell.during(cell.client.list())).toHaveLength(2);
  });
});

describe('an agent', () => {
  it('that crashes is restarted, its task fails with an error, and too many crashes park it', async () => {
    const cell = await startTestCell({ hosts: ['host-1'], config: { restartIntensity: 1 } });
    const fleet = cell.hosts.get('host-1')?.fleet;
    if (!fleet) throw new Error('no host');
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
    const fleet = cell.hosts.get(node)?.fleet;
    if (!fleet) throw new Error('no host');
    fleet.mode = 'by-hand';
    const task = cell.client.task(id, { input: 'x' });
    await cell.until('the task runs', () => fleet.calls.length === 1);
    const outcome = expect(cell.during(task)).rejects.toMatchObject({ code: 'agent-stopped' });
    expect(await cell.during(cell.client.stop(id))).toMatchObject({ status: 'stopped', node: '' });
    await outcome;
    await expect(cell.during(cell.client.task(id, { input: 'x' }))).rejects.toMatchObject({
      code: 'agent-stopped',
    });
    await expect(cell.during(cell.client.stop('unknown'))).rejects.toMatchObject({ code: 'agent-not-found' });
    cell.kill(node);
    await cell.advance(6_000);
    expect(await cell.during(cell.client.get(id))).toMatchObject({ status: 'stopped', incarnation: 1 });
  });
});

describe('a lossy bus', () => {
  it('neither loses nor duplicates a character of an answer', async () => {
    const cell = await startTestCell({ hosts: ['host-1'], seed: 7 });
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const { random } = cell.hub;
    cell.hub.bus.fault = ({ from, to, subject }) => {
      if (from === to || !subject.includes('.n.')) return 'deliver';
      const dice = random.next();
      return dice < 0.2 ? 'drop' : dice < 0.3 ? 'duplicate' : 'deliver';
    };
    const input = Array.from({ length: 200 }, (_, i) => `${i}`).join(' ');
    for (let i = 0; i < 5; i++) {
      let received = '';
      const onEvent = (event: TaskEvent): void => {
        if (event.type === 'token') received += event.text;
      };
      const { output } = await cell.during(cell.client.task(id, { input }, { onEvent }), 60_000);
      expect(output).toBe(input);
      expect(received).toBe(input);
    }
  });
});
