import { freePort } from '@drover/actor-core/testing';
import { afterAll, expect, it } from 'vitest';
import { joinRole, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { consumeSocket, consumeSse } from '../lib/event-consumer.ts';
import { recordFigure } from '../lib/figures.ts';
import { kill } from '../lib/processes.ts';
import { waitUntil } from '../lib/wait-until.ts';

afterAll(stopLeftovers);

/** Spawns one agent, also while NATS restarts. Each agent is one stored event. */
async function spawnAgent(url: string): Promise<void> {
  await waitUntil('an agent is spawned', async () => {
    const response = await fetch(`${url}/api/v1/agents/spawn`, {
      method: 'POST',
      body: JSON.stringify({ type: 'assistant', model: 'sim-count' }),
      signal: AbortSignal.timeout(10_000),
    });
    await response.text();
    return response.status === 201;
  });
}

/** Sequences of the stored events of agents. */
async function storedSequences(url: string): Promise<readonly number[]> {
  const text = await (await fetch(`${url}/api/v1/events?follow=false&after=0&type=agent.*`)).text();
  const blocks = text.split('\n\n').filter((block) => /^event: ?agent\./m.test(block));
  return blocks.map((block) => Number(/^id: ?(\d+)$/m.exec(block)?.[1]));
}

it('a reader over SSE and one over a WebSocket lose and repeat no event when their gateway is killed and NATS restarts', async () => {
  const cluster = await startCluster(['--sim', '1']);
  const [first, second] = [await freePort(), await freePort()];
  const joinGateway = async (id: string, port: number) =>
    await joinRole(cluster, ['gateway', '--id', id, '--port', String(port)], id);
  const victim = await joinGateway('gateway-2', first);
  await joinGateway('gateway-3', second);
  const urls = [first, second].map((port) => `http://127.0.0.1:${port}`);
  await spawnAgent(cluster.url);
  const consumers = [consumeSse(urls, 0), consumeSocket(urls, 0)];
  const caughtUp = async (what: string): Promise<readonly number[]> => {
    const stored = await waitUntil(`the events can be read ${what}`, async () => {
      const found = await storedSequences(cluster.url);
      return found.length > 0 ? found : undefined;
    });
    for (const [index, { sequences }] of consumers.entries())
      await waitUntil(
        `reader ${index} has all ${stored.length} events ${what}`,
        () => sequences.length >= stored.length,
      );
    return stored;
  };
  await caughtUp('before the faults');

  for (let n = 0; n < 3; n++) await spawnAgent(cluster.url);
  kill(victim.pid);
  for (let n = 0; n < 3; n++) await spawnAgent(cluster.url);
  await caughtUp("after the gateway's death");

  kill(cluster.ready.nats.pid as number);
  await waitUntil('NATS is back', () => cluster.events.some(({ event }) => event === 'nats-restarted'));
  for (let n = 0; n < 3; n++) await spawnAgent(cluster.url);
  // Later events may follow, such as those of agents that a host has placed again.
  const stored = await caughtUp('after the restart of NATS');
  for (const consumer of consumers) consumer.end();

  recordFigure(
    'events read over the death of a gateway and a restart of NATS',
    stored.length,
    '',
    'each once',
  );
  expect(stored.length).toBeGreaterThanOrEqual(10);
  for (const { sequences } of consumers) {
    expect(sequences.slice(0, stored.length)).toEqual(stored);
    expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b));
  }
  expect(consumers.every((consumer) => consumer.connections() > 1)).toBe(true);
}, 180_000);
