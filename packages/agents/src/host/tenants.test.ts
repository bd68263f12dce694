import { expect, it } from 'vitest';
import { startTestCell } from '../testing/test-cell.ts';

const notFound = { code: 'agent-not-found' };

async function setup() {
  const cell = await startTestCell({ hosts: ['host-1'] });
  const { client, during } = cell;
  const [acme, rival] = [client.forTenant('acme'), client.forTenant('rival')];
  const own = await during(acme.spawn({ type: 'assistant' }));
  return { cell, client, acme, rival, own, during };
}

it('an agent exists for its tenant alone', async () => {
  const { client, acme, rival, own, during } = await setup();
  expect(own.tenant).toBe('acme');
  expect(await during(acme.get(own.id))).toMatchObject({ id: own.id, tenant: 'acme' });
  expect((await during(acme.list())).map(({ id }) => id)).toEqual([own.id]);
  for (const other of [client, rival]) {
    expect(await during(other.list())).toEqual([]);
    await expect(during(other.get(own.id))).rejects.toMatchObject(notFound);
    await expect(during(other.stop(own.id))).rejects.toMatchObject(notFound);
    await expect(during(other.submit(own.id, { input: 'x' }))).rejects.toMatchObject(notFound);
    await expect(during(other.task(own.id, { input: 'x' }))).rejects.toMatchObject(notFound);
  }
  expect(await during(acme.get(own.id))).toMatchObject({ status: 'ready' });
});

it('another tenant does not find an agent whose place this node knows already', async () => {
  const { acme, rival, own, during } = await setup();
  expect(await during(acme.task(own.id, { input: 'one' }))).toMatchObject({ output: 'one' });
  await expect(during(rival.task(own.id, { input: 'one' }))).rejects.toMatchObject(notFound);
});

it('a run exists for the tenant of its agent alone', async () => {
  const { client, acme, rival, own, during } = await setup();
  const { runId } = await during(acme.submit(own.id, { input: 'one' }));
  const task = await during(acme.task(own.id, { input: 'two' }));
  await during(acme.get(own.id));
  for (const run of [runId, task.runId]) {
    expect(await during(acme.run(run))).toMatchObject({ runId: run, tenant: 'acme' });
    for (const other of [client, rival])
      await expect(during(other.run(run))).rejects.toMatchObject({ code: 'run-not-found' });
  }
});

it('the same idempotency key of two tenants makes two agents', async () => {
  const { client, acme, rival, during } = await setup();
  const spec = { type: 'assistant', idempotencyKey: 'k' };
  const made = [];
  for (const one of [acme, rival, client, acme]) made.push(await during(one.spawn(spec)));
  const [first, second, third, again] = made.map(({ id }) => id);
  expect(new Set([first, second, third]).size).toBe(3);
  expect(again).toBe(first);
});

it('keeps the tenant of its agents when another host leads', async () => {
  const cell = await startTestCell({ hosts: ['host-1', 'host-2'] });
  const { client, during } = cell;
  const acme = client.forTenant('acme');
  const { id } = await during(acme.spawn({ type: 'assistant' }));
  const leader = await cell.leader();
  cell.kill(leader);
  expect(await during(acme.get(id))).toMatchObject({ id, tenant: 'acme' });
  await expect(during(client.get(id))).rejects.toMatchObject(notFound);
});
