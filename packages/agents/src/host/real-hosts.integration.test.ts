import { systemClock } from '@drover/actor-core';
import { afterEach, expect, it } from 'vitest';
import type { RunView } from '../agents-client.ts';
import { delay } from '../client/delay.ts';
import { type RealCell, startRealCell } from '../testing/real-cell.ts';

let cell: RealCell | undefined;
afterEach(async () => {
  await cell?.dispose();
  cell = undefined;
});

/** The result of `run` and its duration. */
async function timed<T>(run: () => Promise<T>): Promise<{ value: T; tookMs: number }> {
  const startedAtMs = systemClock.now();
  const value = await run();
  return { value, tookMs: Math.round(systemClock.now() - startedAtMs) };
}

/** The first answer of at most 100 attempts, 100 ms apart. */
async function firstAnswer(client: RealCell['client'], id: string): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.task(id, { input: 'after', timeoutMs: 5_000 });
    } catch (error) {
      if (attempt === 100) throw error;
      await delay(systemClock, 100);
    }
  }
}

/** The run once it has ended; asked for at most 50 times, 100 ms apart. */
async function ended(client: RealCell['client'], runId: string): Promise<RunView> {
  for (let attempt = 1; ; attempt++) {
    const run = await client.run(runId);
    if (run.status !== 'running' || attempt === 50) return run;
    await delay(systemClock, 100);
  }
}

/** Starts a task that does not end by itself; resolves once it runs. */
async function holdTask(client: RealCell['client'], id: string): Promise<{ end: Promise<unknown> }> {
  const started = Promise.withResolvers<void>();
  const end = client.task(id, { input: 'hold this' }, { onEvent: () => started.resolve() }).then(
    () => 'completed',
    (error: unknown) => error,
  );
  await started.promise;
  return { end };
}

it('starts an agent on another host within 10 s of kill -9 of its host, whether that host led or not', {
  timeout: 90_000,
}, async (test) => {
  cell = await startRealCell();
  const { client, startHost, killHost } = cell;
  await startHost('host-1');
  await startHost('host-2');
  const { id, ...first } = await client.spawn({ type: 'assistant', name: 'ann' });
  let { node } = first;
  expect(first).toMatchObject({ status: 'ready', incarnation: 1 });
  expect(await client.task(id, { input: 'are you there' })).toMatchObject({ output: 'are you there', node });

  // Twice, so that the agent's host is the leader at least once.
  for (const incarnation of [2, 3]) {
    const { end } = await holdTask(client, id);
    const { runId } = await client.submit(id, { input: 'after that' });
    await killHost(node);
    const lost = timed(() => end);
    const back = await timed(() => client.task(id, { input: 'and now' }));
    expect(back.value).toMatchObject({ output: 'and now' });
    expect(back.value.node).not.toBe(node);
    expect(back.tookMs).toBeLessThan(10_000);
    const { value, tookMs } = await lost;
    expect(value).toMatchObject({ code: 'agent-lost' });
    expect(await client.get(id)).toMatchObject({ id, incarnation, node: back.value.node, status: 'ready' });
    expect(await client.run(runId)).toMatchObject({ status: 'failed', error: { code: 'agent-lost' } });
    await test.annotate(
      `kill -9: agent-lost after ${tookMs} ms, a new task answered after ${back.tookMs} ms`,
    );
    await startHost(node);
    ({ node } = back.value);
  }
});

it('moves the agents of a host, with their recorded runs, when the host is stopped with SIGTERM', {
  timeout: 60_000,
}, async (test) => {
  cell = await startRealCell();
  const { client, startHost, stopHost } = cell;
  await startHost('host-1');
  await startHost('host-2');
  const { id, node } = await client.spawn({ type: 'assistant' });
  const { end } = await holdTask(client, id);
  const { runId } = await client.submit(id, { input: 'recorded' });
  const stop = await timed(() => stopHost(node));
  expect(stop.value).toBe(0);
  expect(await end).toMatchObject({ code: 'agent-lost' });
  const { value, tookMs } = await timed(() => client.task(id, { input: 'next' }));
  expect(value).toMatchObject({ output: 'next' });
  expect(tookMs).toBeLessThan(5_000);
  const run = await ended(client, runId);
  expect(run).toMatchObject({ status: 'completed', output: 'recorded' });
  expect(run.node).not.toBe(node);
  await test.annotate(
    `the host ended ${stop.tookMs} ms after SIGTERM; a new task answered ${tookMs} ms later`,
  );
});

it('keeps agents and their records when nats-server restarts', { timeout: 60_000 }, async (test) => {
  cell = await startRealCell();
  const { client, startHost, restartNats } = cell;
  await startHost('host-1');
  const request = { type: 'assistant', idempotencyKey: 'once' };
  const agent = await client.spawn(request);
  const { runId } = await client.task(agent.id, { input: 'before' });
  await client.get(agent.id);
  await restartNats();
  const { value, tookMs } = await timed(() => firstAnswer(client, agent.id));
  expect(value).toMatchObject({ output: 'after' });
  expect(tookMs).toBeLessThan(10_000);
  expect((await client.spawn(request)).id).toBe(agent.id);
  expect(await client.run(runId)).toMatchObject({ status: 'completed', output: 'before' });
  await test.annotate(`nats restarted: a task answered after ${tookMs} ms`);
});
