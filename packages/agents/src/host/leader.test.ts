import { controlStream } from '@drover/actor-core/cluster';
import type { AppendOutcome } from '@drover/actor-core/durable';
import { describe, expect, it } from 'vitest';
import { createAgentsClient } from '../client/create-agents-client.ts';
import { managerPath } from '../protocol/manager-message.ts';
import { startTestCell } from '../testing/test-cell.ts';

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
    const log = hub.logs.connect('watcher');
    const old = await log.readLast(stream, subject);
    const deposed = await cell.leader();
    cell.hosts.get(deposed)?.node.transport.disconnect();
    await cell.advance(6_000);
    expect(await cell.leader()).not.toBe(deposed);
    const write = log.append(
      stream,
      { subject: cell.gateway.subjects.control('agents', 'agent', '0'), payload: new Uint8Array() },
      { subject, sequence: old?.sequence ?? 0 },
    );
    expect(await write).toMatchObject({ kind: 'wrong-sequence' });
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
    const full: AppendOutcome = {
      kind: 'refused',
      trouble: 'store-full',
      isTransient: false,
      cause: 'no space',
    };
    const cell = await startTestCell({
      hosts: ['host-1'],
      logOf: (_, log) => ({
        ensure: (spec) => log.ensure(spec),
        resize: (name, limits) => log.resize(name, limits),
        info: (name) => log.info(name),
        read: (name, sequence) => log.read(name, sequence),
        readLast: (name, subject) => log.readLast(name, subject),
        readForward: (name, query) => log.readForward(name, query),
        readAllLast: (name, filter) => log.readAllLast(name, filter),
        listSubjects: (name, filter) => log.listSubjects(name, filter),
        deleteRecord: (name, sequence) => log.deleteRecord(name, sequence),
        purge: (name, query) => log.purge(name, query),
        follow: (name, follower) => log.follow(name, follower),
        send: (name, record, expected) => !disk.isFull && log.send(name, record, expected),
        append: (name, record, expected) =>
          disk.isFull ? Promise.resolve(full) : log.append(name, record, expected),
        appendBatch: (name, records) =>
          disk.isFull ? Promise.resolve(full) : log.appendBatch(name, records),
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
    cell.hub.logs.faults = () => 'away';
    const spawned = cell.client.spawn({ type: 'assistant' });
    expect(await cell.during(cell.client.task(id, { input: 'meanwhile' }))).toMatchObject({
      output: 'meanwhile',
    });
    await cell.advance(3_000);
    cell.hub.logs.faults = undefined;
    expect(await cell.during(spawned)).toMatchObject({ status: 'ready' });
    expect(await cell.during(cell.client.list())).toHaveLength(2);
  });
});
