import { expect, it } from 'vitest';
import { startTestCell } from '../testing/test-cell.ts';

async function busyAgent() {
  const cell = await startTestCell({ hosts: ['host-1'] });
  const fleet = cell.fleetOf('host-1');
  fleet.mode = 'by-hand';
  const { id } = await cell.during(cell.client.spawn({ type: 'assistant' }));
  const task = cell.client.task(id, { input: 'x' });
  task.catch(() => undefined);
  await cell.until('the task runs', () => fleet.calls.length === 1);
  return { cell, fleet, id, task };
}

it('stops an agent at once, with its task', async () => {
  const { cell, id, task } = await busyAgent();
  expect(await cell.during(cell.client.stop(id))).toMatchObject({ status: 'stopped' });
  await expect(cell.during(task)).rejects.toMatchObject({ code: 'agent-stopped' });
});

it('stops an agent after the task that it has, and gives it no further one', async () => {
  const { cell, fleet, id, task } = await busyAgent();
  const stopped = cell.client.stop(id, { finishMs: 30_000 });
  await cell.advance(2_000);
  await expect(cell.during(cell.client.task(id, { input: 'y' }))).rejects.toMatchObject({
    code: 'agent-stopped',
  });
  fleet.calls[0]?.say('done');
  fleet.calls[0]?.finish();
  expect(await cell.during(task)).toMatchObject({ output: 'done' });
  expect(await cell.during(stopped)).toMatchObject({ status: 'stopped' });
});

it('stops an agent whose task does not end in time', async () => {
  const { cell, id, task } = await busyAgent();
  const stopped = cell.client.stop(id, { finishMs: 3_000 });
  await cell.advance(2_500);
  expect((await cell.during(cell.client.get(id))).status).toBe('busy');
  expect(await cell.during(stopped)).toMatchObject({ status: 'stopped' });
  await expect(cell.during(task)).rejects.toMatchObject({ code: 'agent-stopped' });
});
