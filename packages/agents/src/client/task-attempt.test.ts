import { tableSizes } from '@drover/actor-core/internal';
import type { ScriptedFleet } from '@drover/fleet/testing';
import { describe, expect, it } from 'vitest';
import { startTestCell, type TestCell } from '../testing/test-cell.ts';

/** Sizes of the runtime's tables on the asking node and on the agent's host. */
function tableSizesOf(cell: TestCell): unknown {
  const host = cell.hosts.get('host-1');
  return [cell.gateway, host?.node].map((node) => {
    if (!node) throw new Error('host-1 does not run');
    const { actors, timers, watchers, watching, outboundWatches, inboundWatches, endpoints, deadlines } =
      tableSizes(node.system);
    return { actors, timers, watchers, watching, outboundWatches, inboundWatches, endpoints, deadlines };
  });
}

async function setup() {
  const cell = await startTestCell({ hosts: ['host-1'], config: { maxQueuedTasks: 1 } });
  const fleet = cell.fleetOf('host-1');
  const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
  await cell.during(cell.client.task(id, { input: 'warm up' }));
  await cell.advance(5_000);
  return { cell, fleet, id, before: tableSizesOf(cell) };
}

type Facts = { cell: TestCell; fleet: ScriptedFleet; id: string };

describe('a task leaves no actor, timer or watch behind', () => {
  it.each<[string, (facts: Facts) => Promise<void>]>([
    [
      'when it is answered',
      async ({ cell, id }) => {
        for (let i = 0; i < 50; i++) await cell.during(cell.client.task(id, { input: 'one two' }));
      },
    ],
    [
      'when its asker cancels it',
      async ({ cell, fleet, id }) => {
        fleet.mode = 'by-hand';
        const abort = new AbortController();
        const task = cell.client.task(id, { input: 'x' }, { signal: abort.signal });
        const calls = fleet.calls.length;
        await cell.until('the task runs', () => fleet.calls.length > calls);
        abort.abort();
        await expect(cell.during(task)).rejects.toMatchObject({ code: 'cancelled' });
      },
    ],
    [
      'when it was cancelled before it started',
      async ({ cell, id }) => {
        const task = cell.client.task(id, { input: 'x' }, { signal: AbortSignal.abort() });
        await expect(cell.during(task)).rejects.toMatchObject({ code: 'cancelled' });
      },
    ],
    [
      'when its deadline passes',
      async ({ cell, fleet, id }) => {
        fleet.mode = 'by-hand';
        const task = cell.client.task(id, { input: 'x', timeoutMs: 2_000 });
        await expect(cell.during(task)).rejects.toMatchObject({ code: 'deadline' });
      },
    ],
    [
      'when the model server ends its stream too early',
      async ({ cell, fleet, id }) => {
        fleet.mode = 'by-hand';
        const calls = fleet.calls.length;
        const task = cell.client.task(id, { input: 'x' });
        await cell.until('the task runs', () => fleet.calls.length > calls);
        const call = fleet.calls.at(-1);
        call?.head();
        call?.end();
        await expect(cell.during(task)).rejects.toMatchObject({ code: 'task-failed' });
      },
    ],
    [
      'when the agent refuses it because its queue is full',
      async ({ cell, fleet, id }) => {
        fleet.mode = 'by-hand';
        const calls = fleet.calls.length;
        const running = cell.client.task(id, { input: 'first' });
        await cell.until('the task runs', () => fleet.calls.length > calls);
        const waiting = cell.client.task(id, { input: 'second' });
        await cell.advance(100);
        await expect(cell.during(cell.client.task(id, { input: 'third' }))).rejects.toMatchObject({
          code: 'agent-busy',
        });
        fleet.calls.at(-1)?.finish();
        await cell.during(running);
        fleet.mode = 'echo';
        await cell.until('the second runs', () => fleet.calls.length > calls + 1);
        fleet.calls.at(-1)?.finish();
        await cell.during(waiting);
      },
    ],
  ])('%s', async (_, act) => {
    const { cell, fleet, id, before } = await setup();
    await act({ cell, fleet, id });
    await cell.advance(10_000);
    expect(tableSizesOf(cell)).toEqual(before);
  });

  it('when its agent is stopped while it runs', async () => {
    const { cell, fleet, id } = await setup();
    const other = (await cell.during(cell.client.spawn({ type: 'assistant' }))).id;
    await cell.during(cell.client.stop(other));
    await cell.advance(10_000);
    const [before] = tableSizesOf(cell) as readonly unknown[];
    fleet.mode = 'by-hand';
    const calls = fleet.calls.length;
    const task = cell.client.task(id, { input: 'x' });
    await cell.until('the task runs', () => fleet.calls.length > calls);
    const stopping = cell.client.stop(id);
    await expect(cell.during(task)).rejects.toMatchObject({ code: 'agent-stopped' });
    await cell.during(stopping);
    await cell.advance(10_000);
    expect((tableSizesOf(cell) as readonly unknown[])[0]).toEqual(before);
  });
});
