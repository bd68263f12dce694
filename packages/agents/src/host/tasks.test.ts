import { evidence } from '@drover/fleet/testing';
import { describe, expect, it } from 'vitest';
import type { TaskEvent } from '../agents-client.ts';
import { startTestCell } from '../testing/test-cell.ts';

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
    expect(JSON.parse(hosts.get('host-1')?.fleet.calls[0]?.body ?? '')).toMatchObject({
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
    const fleet = cell.fleetOf('host-1');
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
    const fleet = cell.fleetOf('host-1');
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
    const fleet = cell.fleetOf('host-1');
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
    const fleet = cell.fleetOf('host-1');
    fleet.mode = 'by-hand';
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    cell.client.task(id, { input: 'x' }).catch(() => undefined);
    await cell.until('the task runs', () => fleet.calls.length === 1);
    cell.gateway.crash();
    await cell.until('the call is aborted', () => fleet.calls[0]?.signal.aborted, 20_000);
  });

  it('ends with its deadline', async () => {
    const cell = await startTestCell({ hosts: ['host-1'] });
    const fleet = cell.fleetOf('host-1');
    fleet.mode = 'by-hand';
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    await expect(cell.during(cell.client.task(id, { input: 'x', timeoutMs: 2_000 }))).rejects.toMatchObject({
      code: 'deadline',
    });
    expect(fleet.calls[0]?.signal.aborted).toBe(true);
  });

  it('fails if the model server ends its stream too early, and the agent continues', async () => {
    const cell = await startTestCell({ hosts: ['host-1'] });
    const fleet = cell.fleetOf('host-1');
    fleet.mode = 'by-hand';
    const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    const task = cell.client.task(id, { input: 'x' });
    await cell.until('the task runs', () => fleet.calls.length === 1);
    fleet.calls[0]?.say('half');
    fleet.calls[0]?.end();
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
    const fleet = cell.fleetOf('host-1');
    fleet.evidence = [evidence({ models: [] })];
    const { id, model } = await cell.during(cell.client.spawn({ type: 'assistant' }));
    expect(model).toBe('');
    fleet.evidence = [evidence({ models: [{ name: 'sim-count:latest' }] })];
    await cell.during(cell.client.task(id, { input: 'x' }));
    await cell.advance(500);
    expect((await cell.during(cell.client.get(id))).model).toBe('sim-count:latest');
  });
});

describe('a submitted task', () => {
  it('is recorded before submit resolves and can be read before and after its end', async () => {
    const cell = await startTestCell({ hosts: ['host-1'] });
    const fleet = cell.fleetOf('host-1');
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

describe('a lossy bus', () => {
  it('neither loses nor duplicates a character of an answer', async () => {
    // A third of all questions gets no answer here: five in a row are no silent agent.
    const cell = await startTestCell({ hosts: ['host-1'], seed: 7, config: { silenceMs: 60_000 } });
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
