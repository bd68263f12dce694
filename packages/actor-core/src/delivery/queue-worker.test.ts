import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RuntimeEvent } from '../actor/runtime-event.ts';
import type { WorkQueue } from '../storage/work-queue/work-queue.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import type { DeliveryResult } from './delivery-frame.ts';
import { queueProducer, type SendToQueue } from './queue-producer.ts';
import { queueWorker, type QueueWorkerOptions, type TaskInfo } from './queue-worker.ts';

interface Parcel {
  readonly value: number;
}
const protocol = z.object({ value: z.number() });
const leaseMs = 3_000;
const nothing = () => undefined;

async function setup() {
  const hub = createTestHub();
  const node = createTestNode(hub, { nodeId: 'one' });
  const queue = await node.storage.queues.ensure({
    name: 'Q',
    prefix: 'q',
    feed: 'feed.Q',
    maxAttempts: 3,
    leaseMs,
  });
  const letters: Extract<RuntimeEvent, { type: 'dead-letter' }>[] = [];
  node.system.onEvent((event) => {
    if (event.type === 'dead-letter') letters.push(event);
  });
  const producer = node.system.spawn(queueProducer<Parcel>({ queue }), 'producer');
  let workers = 0;
  const start = (
    handle: QueueWorkerOptions<Parcel>['handle'],
    more: Partial<QueueWorkerOptions<Parcel>> = {},
  ) =>
    node.system.spawn(
      queueWorker<Parcel>({ queue, protocol, handle, leaseMs, ...more }),
      `worker-${++workers}`,
    );
  const send = async (value: number, more: Partial<SendToQueue<Parcel>> = {}) => {
    const answer = node.system.ask<SendToQueue<Parcel>, DeliveryResult>(
      producer,
      (replyTo) => ({ type: 'send', message: { value }, replyTo, ...more }),
      { timeoutMs: 60_000 },
    );
    await advance(hub.clock, 100);
    return answer;
  };
  const pass = (ms: number) => advance(hub.clock, ms, 100);
  return { hub, node, queue, letters, producer, start, send, pass };
}

/** Nothing waits, is leased or dead. */
async function expectEmpty(queue: WorkQueue): Promise<void> {
  expect(await queue.counts()).toMatchObject({ depth: 0, inFlight: 0, dead: 0 });
}

describe('a worker of a durable queue', () => {
  it('handles what a producer sent, and acknowledges it', async () => {
    const { queue, start, send, pass } = await setup();
    const handled: number[] = [];
    start(({ value }) => void handled.push(value));
    for (const value of [1, 2, 3]) expect(await send(value)).toEqual({ type: 'confirmed' });
    await pass(1_000);
    expect(handled).toEqual([1, 2, 3]);
    await expectEmpty(queue);
  });

  it('sends a message again that the store did not confirm, and the queue accepts it once', async () => {
    const { hub, queue, send, pass } = await setup();
    hub.logs.faults = ({ kind }) => (kind === 'append' ? 'away' : undefined);
    const confirmed = send(1, { id: 'one' });
    await pass(8_000);
    hub.logs.faults = undefined;
    await pass(3_000);
    expect(await confirmed).toEqual({ type: 'confirmed' });
    await send(1, { id: 'one' });
    expect((await queue.counts()).depth).toBe(1);
  });

  it('refuses a message that the queue can never accept', async () => {
    const { send } = await setup();
    expect(await send(1, { id: 'not an id' })).toEqual({ type: 'refused', reason: 'does-not-fit' });
  });

  it('extends the lease while the handler runs', async () => {
    const { queue, start, send, pass } = await setup();
    const attempts: number[] = [];
    let finish: () => void = nothing;
    start((_, { attempt }) => {
      attempts.push(attempt);
      return new Promise<void>((resolve) => (finish = resolve));
    });
    start((_, { attempt }) => void attempts.push(attempt));
    await send(1);
    await pass(4 * leaseMs);
    expect(attempts).toEqual([1]);
    finish();
    await pass(500);
    await expectEmpty(queue);
  });

  it('lets another worker handle a task whose handler failed, and reports it as dead after the last attempt', async () => {
    const { queue, letters, start, send, pass } = await setup();
    const attempts: number[] = [];
    const dead: string[] = [];
    const onDead = (_: string, reason: string) => void dead.push(reason);
    start(
      (_, { attempt }) => {
        attempts.push(attempt);
        throw new Error('cannot be done');
      },
      { onDead },
    );
    await send(1, { id: 'poison' });
    await pass(20_000);
    expect(attempts).toEqual([1, 2, 3]);
    expect(dead).toEqual(['cannot be done']);
    expect(letters).toMatchObject([{ reason: 'attempts-exhausted', message: { id: 'poison' } }]);
    expect((await queue.dead()).tasks).toMatchObject([{ id: 'poison', reason: 'cannot be done' }]);
  });

  it('buries a task that does not fit at once', async () => {
    const { queue, letters, start, pass } = await setup();
    const handled: number[] = [];
    start(({ value }) => void handled.push(value));
    await queue.put({ id: 'odd', body: new TextEncoder().encode('{"value":"no number"}') });
    await queue.put({ id: 'no-json', body: new Uint8Array([0xff]) });
    await queue.put({ id: 'good', body: new TextEncoder().encode('{"value":1}') });
    await pass(2_000);
    expect(handled).toEqual([1]);
    expect(letters).toHaveLength(2);
    expect((await queue.dead()).tasks.map(({ id }) => id)).toEqual(['odd', 'no-json']);
  });

  it('aborts a handler whose lease is lost, and does not acknowledge the task', async () => {
    const { hub, queue, start, send, pass } = await setup();
    const seen: TaskInfo[] = [];
    start((_, task) => {
      seen.push(task);
      return seen.length > 1
        ? undefined
        : new Promise<void>((resolve) =>
            task.signal.addEventListener('abort', () => resolve(), { once: true }),
          );
    });
    await send(1);
    await pass(500);
    hub.logs.faults = ({ kind }) => (kind === 'settle' ? 'away' : undefined);
    for (let i = 0; i < 50 && seen[0]?.signal.aborted !== true; i++) await pass(100);
    expect(seen[0]?.signal.aborted).toBe(true);
    hub.logs.faults = undefined;
    await pass(4 * leaseMs);
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
    await expectEmpty(queue);
  });

  it('finishes the task in hand when it is stopped, and takes no more', async () => {
    const { node, queue, start, send, pass } = await setup();
    const handled: number[] = [];
    let finish: () => void = nothing;
    const worker = start(async ({ value }) => {
      await new Promise<void>((resolve) => (finish = resolve));
      handled.push(value);
    });
    await send(1);
    await send(2);
    await pass(300);
    const ended = node.system.stop(worker);
    finish();
    await pass(300);
    await ended;
    expect(handled).toEqual([1]);
    await pass(2 * leaseMs);
    expect(await queue.counts()).toMatchObject({ depth: 1, inFlight: 0 });
  });

  it('handles as many tasks at once as it may', async () => {
    const { start, send, pass } = await setup();
    let running = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    start(
      async () => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => ends.push(resolve));
        running--;
      },
      { concurrency: 3 },
    );
    for (let value = 0; value < 5; value++) await send(value);
    await pass(1_000);
    expect([running, most]).toEqual([3, 3]);
    for (let i = 0; i < 5; i++) {
      ends[i]?.();
      await pass(500);
    }
    await settle();
    expect([running, most]).toEqual([0, 3]);
  });
});
