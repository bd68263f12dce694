import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cluster, type ReadyEvent, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { fullForm, recordFigure } from '../lib/figures.ts';
import { kill } from '../lib/processes.ts';
import { waitUntil } from '../lib/wait-until.ts';

afterEach(() => stopLeftovers());

const messages = fullForm ? 3_000 : 600;
const producers = 8;
/** A message whose delivery a killed server lost is leased for the queue's own 30 s, and comes again after that. */
const lastDeliveryMs = 60_000;
const workers = 4;

interface Taken {
  readonly id: string;
  readonly body: unknown;
  readonly attempt: number;
  readonly lease: string;
}

function queueOf(cluster: Cluster, name: string) {
  const root = `${cluster.url}/api/v1/queues/${name}`;
  const call = async (method: string, path: string, body?: object): Promise<Response> =>
    fetch(root + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return {
    put: (body: object) => call('POST', '', body),
    settle: (id: string, action: string, body: object) => call('POST', `/messages/${id}/${action}`, body),
    counts: async () => (await (await call('GET', '')).json()) as Record<string, number>,
    async take(wanted: object): Promise<Taken[]> {
      const response = await call('POST', '/take', wanted);
      if (response.status !== 200) throw new Error(`take answered ${response.status}`);
      return ((await response.json()) as { messages: Taken[] }).messages;
    },
  };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('durable queues', () => {
  it.each([
    ['the nats-server is killed', [], (ready: ReadyEvent) => [ready.nats.pid as number]],
    [
      'each of three nats-servers is killed in turn',
      ['--nats-servers', '3'],
      (ready: ReadyEvent) => (ready.nats.servers ?? []).map(({ pid }) => pid),
    ],
  ] as const)(
    'lose no accepted message when %s under load',
    async (what, flags, victimsOf) => {
      const cluster = await startCluster(['--sim', '1', ...flags]);
      const queue = queueOf(cluster, 'jobs');
      const accepted = new Set<string>();
      const delivered = new Map<string, number>();
      const done = new Set<string>();
      const again: string[] = [];
      let next = 0;
      let producedAtMs = Number.POSITIVE_INFINITY;
      const restarts = () => cluster.events.filter(({ event }) => event === 'nats-restarted').length;

      async function produce(): Promise<void> {
        while (next < messages) {
          const id = `m${next++}`;
          for (let isIn = false; !isIn; ) {
            const response = await queue.put({ id, body: { id } }).catch(() => undefined);
            isIn = response?.ok === true;
            if (!isIn) await pause(50);
          }
          accepted.add(id);
        }
      }
      const isMissing = () => delivered.size < messages && performance.now() < producedAtMs + lastDeliveryMs;
      async function work(): Promise<void> {
        while (isMissing()) {
          const taken = await queue.take({ max: 8, waitMs: 1_000, leaseMs: 5_000 }).catch(() => undefined);
          if (taken === undefined) {
            await pause(50);
            continue;
          }
          for (const { id, lease } of taken) {
            delivered.set(id, (delivered.get(id) ?? 0) + 1);
            if (done.has(id)) again.push(id);
            const settled = await queue.settle(id, 'ack', { lease }).catch(() => undefined);
            if (settled?.status === 204) done.add(id);
          }
        }
      }

      const producing = Promise.all(Array.from({ length: producers }, produce)).then(() => {
        producedAtMs = performance.now();
        return undefined;
      });
      const working = Promise.all(Array.from({ length: workers }, work));
      const victims = victimsOf(cluster.ready);
      for (const [index, pid] of victims.entries()) {
        const share = (index + 1) / (victims.length + 2);
        await waitUntil('a share is accepted', () => accepted.size > messages * share, { timeoutMs: 60_000 });
        await waitUntil('no server is missing', () => restarts() === index, { timeoutMs: 20_000 });
        kill(pid);
      }
      await Promise.all([producing, working]);

      expect(accepted.size).toBe(messages);
      expect([...accepted].filter((id) => !delivered.has(id))).toEqual([]);
      expect(await queue.counts()).toMatchObject({ depth: 0, delayed: 0, dead: 0 });
      const deliveries = [...delivered.values()].reduce((sum, count) => sum + count, 0);
      recordFigure(`queue: messages accepted while ${what}`, accepted.size);
      recordFigure(`queue: deliveries of them while ${what}`, deliveries);
      recordFigure(`queue: delivered again after a confirmed ack while ${what}`, again.length);
    },
    180_000,
  );

  it('deliver again what a killed gateway had taken, once its lease is over', async () => {
    const cluster = await startCluster(['--sim', '1']);
    const queue = queueOf(cluster, 'held');
    for (const id of ['a', 'b']) await queue.put({ id, body: id });
    const take = async (leaseMs: number) => (await queue.take({ waitMs: 5_000, leaseMs }))[0] as Taken;
    const first = [await take(60_000), await take(3_000)] as const;
    expect(first.map(({ id }) => id)).toEqual(['a', 'b']);
    const gateway = cluster.ready.processes.find(({ role }) => role === 'gateway') as { pid: number };
    kill(gateway.pid);
    await waitUntil(
      'the lease is settled through the gateway that took over',
      async () =>
        (await queue.settle('a', 'ack', { lease: first[0].lease }).catch(() => undefined))?.status === 204,
      { everyMs: 50 },
    );
    const taken: Taken[] = [];
    await waitUntil('the other message is delivered again', async () => {
      taken.push(...(await queue.take({ waitMs: 1_000 }).catch(() => [])));
      return taken.length > 0;
    });
    expect(taken).toMatchObject([{ id: 'b', attempt: 2, body: 'b' }]);
  });

  it('answer waiting takers when the fleet stops, and keep the messages for the next start', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'drover-queue-'));
    const dataDir = folder.path;
    const cluster = await startCluster(['--sim', '1'], { dataDir });
    const queue = queueOf(cluster, 'kept');
    await queue.put({ id: 'later', body: 1, delayMs: 3_600_000 });
    const waiting = queue.take({ waitMs: 60_000 });
    await pause(200);
    const before = performance.now();
    const [stopped, taken] = await Promise.all([cluster.stop(), waiting]);
    expect(taken).toEqual([]);
    expect(stopped).toBe(0);
    expect(performance.now() - before).toBeLessThan(9_000);
    const restarted = queueOf(await startCluster(['--sim', '1'], { dataDir }), 'kept');
    await waitUntil('the message is there', async () => (await restarted.counts())['delayed'] === 1);
  });
});
