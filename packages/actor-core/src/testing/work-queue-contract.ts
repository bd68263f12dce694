import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../errors.ts';
import type { QueueSpec } from '../storage/work-queue/queue-spec.ts';
import type { LeasedTask, NewTask, WorkQueue, WorkQueues } from '../storage/work-queue/work-queue.ts';

export interface WorkQueuesUnderTest {
  readonly queues: WorkQueues;
  /** @default 1 */
  readonly replicas?: number;
  /** All queues are kept in one log. @default each in its own */
  readonly isShared?: boolean;
  /** Lets time pass until the condition holds. */
  readonly eventually: (condition: () => boolean | Promise<boolean>) => Promise<void>;
  /** Lets time pass until the work is done. */
  readonly settled: <T>(work: Promise<T>) => Promise<T>;
  readonly dispose: () => Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);
const idsOf = (tasks: readonly LeasedTask[]) => tasks.map(({ id }) => id);

const put = (queue: WorkQueue, id: string, fields: Partial<NewTask> = {}) =>
  queue.put({ id, body: text(id), ...fields });

/** The promises of `WorkQueues`, for every storage that fulfils them. */
export function workQueueContract(name: string, open: () => Promise<WorkQueuesUnderTest>): void {
  describe(`${name} as a work queue`, () => {
    let under: WorkQueuesUnderTest;
    let count = 0;

    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.dispose());

    function specOf(id: string): QueueSpec {
      const replicas = under.replicas ?? 1;
      if (under.isShared !== true) return { name: id, prefix: `wq.${id}`, feed: `feed.${id}`, replicas };
      const sharedLog = { name: 'SHARED', prefix: 'shared' };
      return { name: id, prefix: `shared.${id}`, feed: 'sharedfeed', sharedLog, replicas, isLazy: true };
    }

    const setup = (fields: Partial<QueueSpec> = {}): Promise<WorkQueue> =>
      under.queues.ensure({ ...specOf(`q${++count}`), ...fields });

    /** Takes as many tasks as are expected: a cluster hands out a new task a moment after its acceptance. */
    async function takeSome(queue: WorkQueue, wanted: number): Promise<LeasedTask[]> {
      const tasks: LeasedTask[] = [];
      await under.eventually(async () => {
        tasks.push(...(await queue.take({ max: wanted - tasks.length })));
        return tasks.length === wanted;
      });
      return tasks;
    }

    async function takeOne(queue: WorkQueue): Promise<LeasedTask> {
      const [task] = await under.settled(queue.take({ max: 1, waitMs: 5_000 }));
      if (task === undefined) throw new Error('no task');
      return task;
    }

    it('hands out what was put, in order, each task once', async () => {
      const queue = await setup();
      for (const id of ['a', 'b', 'c']) expect(await put(queue, id)).toBe('queued');
      const first = await takeSome(queue, 2);
      const rest = await takeSome(queue, 1);
      expect(idsOf(first)).toEqual(['a', 'b']);
      expect(idsOf(rest)).toEqual(['c']);
      expect(first[0]).toMatchObject({ body: text('a'), attempt: 1, priority: 1 });
      expect(await queue.take({ max: 5 })).toEqual([]);
    });

    it('hands out the first priority first', async () => {
      const queue = await setup();
      await put(queue, 'low', { priority: 2 });
      await put(queue, 'middle');
      await put(queue, 'high', { priority: 0 });
      await under.eventually(async () => (await queue.counts()).depth === 3);
      expect(idsOf(await queue.take({ max: 3 }))).toEqual(['high', 'middle', 'low']);
      await expect(put(queue, 'x', { priority: 3 })).rejects.toBeInstanceOf(InvalidArgumentError);
    });

    it('accepts a task id once while the task is in the queue, and shortly after', async () => {
      const queue = await setup();
      expect(await put(queue, 'a')).toBe('queued');
      expect(await put(queue, 'a', { priority: 0 })).toBe('duplicate');
      const { lease } = await takeOne(queue);
      expect(await put(queue, 'a')).toBe('duplicate');
      await queue.ack(lease);
      expect(await put(queue, 'a')).toBe('duplicate');
      expect(await queue.counts()).toMatchObject({ depth: 0, inFlight: 0 });
    });

    it('removes a task that is acknowledged', async () => {
      const queue = await setup();
      await put(queue, 'a');
      const { lease } = await takeOne(queue);
      expect(await queue.counts()).toMatchObject({ depth: 0, inFlight: 1 });
      expect(await queue.ack(lease)).toBe('settled');
      await under.eventually(async () => (await queue.counts()).inFlight === 0);
    });

    it('delivers a task again whose lease ends, with its attempts counted', async () => {
      const queue = await setup({ leaseMs: 500 });
      await put(queue, 'a');
      const first = await takeOne(queue);
      const second = await takeOne(queue);
      expect(second).toMatchObject({ id: 'a', attempt: 2 });
      expect(await queue.ack(first.lease)).toBe('lease-lost');
      expect(await queue.ack(second.lease)).toBe('settled');
    });

    it('leases for as long as the taker asks', async () => {
      const queue = await setup({ leaseMs: 60_000 });
      await put(queue, 'a');
      expect(await under.settled(queue.take({ max: 1, leaseMs: 300, waitMs: 5_000 }))).toHaveLength(1);
      expect((await takeOne(queue)).attempt).toBe(2);
    });

    it('keeps the length of the leases of an existing queue', async () => {
      const first = await setup({ leaseMs: 400 });
      const second = await under.queues.ensure({ ...specOf(first.name), leaseMs: 60_000 });
      await put(second, 'a');
      await takeOne(second);
      expect((await takeOne(second)).attempt).toBe(2);
    });

    it('extends a lease', async () => {
      const queue = await setup({ leaseMs: 600 });
      await put(queue, 'a');
      const { lease } = await takeOne(queue);
      const extended = await queue.extend(lease, 60_000);
      expect(await under.settled(queue.take({ max: 1, waitMs: 1_500 }))).toEqual([]);
      if (extended.kind === 'lease-lost') throw new Error('lost');
      expect(await queue.ack(extended.lease)).toBe('settled');
    });

    it('delivers a task again after the delay that its taker states', async () => {
      const queue = await setup();
      await put(queue, 'a');
      const { lease } = await takeOne(queue);
      expect(await queue.nack(lease, { delayMs: 500 })).toBe('settled');
      expect(await queue.take({ max: 1 })).toEqual([]);
      expect((await takeOne(queue)).attempt).toBe(2);
    });

    it('lets a task die after its last attempt and keeps the reason', async () => {
      const queue = await setup();
      await put(queue, 'a', { maxAttempts: 2 });
      await queue.nack((await takeOne(queue)).lease);
      await queue.nack((await takeOne(queue)).lease, { reason: 'it\nbroke' });
      expect(await queue.take({ max: 1 })).toEqual([]);
      const { tasks } = await queue.dead();
      expect(tasks).toMatchObject([{ id: 'a', body: text('a'), attempts: 2, reason: 'it broke' }]);
      expect(await queue.counts()).toMatchObject({ depth: 0, inFlight: 0, dead: 1 });
    });

    it('lets a task die whose takers never answer', async () => {
      const queue = await setup({ leaseMs: 200, maxAttempts: 1 });
      await put(queue, 'a');
      await takeOne(queue);
      expect(await under.settled(queue.take({ max: 1, waitMs: 2_500 }))).toEqual([]);
      expect((await queue.dead()).tasks).toMatchObject([{ id: 'a', reason: 'not done after 1 attempts' }]);
    });

    it('lets a taker end a task for good, and replays it', async () => {
      const queue = await setup();
      await put(queue, 'a', { priority: 0 });
      expect(await queue.terminate((await takeOne(queue)).lease, 'hopeless')).toBe('settled');
      expect((await queue.counts()).dead).toBe(1);
      expect(await put(queue, 'a')).toBe('duplicate');
      expect(await queue.replay('a')).toBe(true);
      expect(await queue.replay('a')).toBe(false);
      expect(await takeOne(queue)).toMatchObject({ id: 'a', attempt: 1, priority: 0 });
      // With several replicas, the one that counts may apply the removal a moment later.
      await under.eventually(async () => (await queue.counts()).dead === 0);
    });

    it('holds a delayed task back', async () => {
      const queue = await setup();
      expect(await put(queue, 'a', { delayMs: 1_000 })).toBe('queued');
      expect(await put(queue, 'a')).toBe('duplicate');
      expect(await queue.counts()).toMatchObject({ depth: 0, delayed: 1 });
      expect(await queue.take({ max: 1 })).toEqual([]);
      expect(idsOf(await under.settled(queue.take({ max: 1, waitMs: 5_000 })))).toEqual(['a']);
      expect(await queue.counts()).toMatchObject({ depth: 0, delayed: 0, inFlight: 1 });
    });

    it('cancels a task that waits, is delayed or leased', async () => {
      const queue = await setup();
      await put(queue, 'waiting');
      await put(queue, 'delayed', { delayMs: 60_000 });
      expect(await queue.cancel('waiting')).toBe(true);
      expect(await queue.cancel('delayed')).toBe(true);
      expect(await queue.cancel('delayed')).toBe(false);
      await put(queue, 'leased');
      const { lease } = await takeOne(queue);
      expect(await queue.cancel('leased')).toBe(true);
      expect(await queue.nack(lease)).toBe('lease-lost');
      await under.eventually(async () => {
        const { depth, delayed, inFlight } = await queue.counts();
        return depth + delayed + inFlight === 0;
      });
    });

    it('ends the wait of a taker that leaves', async () => {
      const queue = await setup();
      const leaving = new AbortController();
      const taken = queue.take({ max: 1, waitMs: 30_000, signal: leaving.signal });
      leaving.abort();
      expect(await under.settled(taken)).toEqual([]);
      await put(queue, 'a');
      expect(await takeOne(queue)).toMatchObject({ id: 'a', attempt: 1 });
    });

    it('gives tasks back at once whose taker left while they were leased', async () => {
      const queue = await setup({ leaseMs: 60_000 });
      await put(queue, 'a');
      await under.eventually(async () => (await queue.counts()).depth === 1);
      const left = AbortSignal.abort();
      expect(await under.settled(queue.take({ max: 1, signal: left }))).toEqual([]);
      expect(await takeOne(queue)).toMatchObject({ id: 'a', attempt: 2 });
    });

    it('buries no task that was cancelled', async () => {
      const queue = await setup();
      await put(queue, 'a', { maxAttempts: 1 });
      const taken = await takeOne(queue);
      expect(await queue.cancel('a')).toBe(true);
      await queue.terminate(taken.lease, 'too late');
      expect((await queue.dead()).tasks).toEqual([]);
    });

    it('discards a dead task', async () => {
      const queue = await setup();
      await put(queue, 'a');
      expect(await queue.discard('a')).toBe(false);
      await queue.terminate((await takeOne(queue)).lease, 'hopeless');
      expect(await queue.discard('a')).toBe(true);
      expect((await queue.dead()).tasks).toEqual([]);
    });

    it('removes a queue with all its tasks, and leaves the others alone', async () => {
      const [gone, other] = [await setup(), await setup()];
      await put(gone, 'a');
      await put(gone, 'b', { delayMs: 60_000 });
      await put(other, 'a');
      await under.queues.remove(specOf(gone.name));
      await under.queues.remove(specOf(gone.name));
      const again = await under.queues.ensure(specOf(gone.name));
      expect(await again.counts()).toMatchObject({ depth: 0, delayed: 0 });
      expect(await takeOne(other)).toMatchObject({ id: 'a' });
    });

    it('wakes a waiting taker for a new task, and only as many as there are tasks', async () => {
      const queue = await setup();
      const takers = Array.from({ length: 3 }, () => queue.take({ max: 1, waitMs: 1_500 }));
      await put(queue, 'a');
      await put(queue, 'b');
      const taken = await under.settled(Promise.all(takers));
      expect(taken.flatMap(idsOf).toSorted()).toEqual(['a', 'b']);
    });

    it('reports the age of the oldest task', async () => {
      const queue = await setup();
      expect((await queue.counts()).oldestAtMs).toBeUndefined();
      await put(queue, 'a', { priority: 2 });
      await put(queue, 'b', { priority: 0 });
      const taken = await takeSome(queue, 2);
      const a = taken.find(({ id }) => id === 'a');
      expect(a).toBeDefined();
      expect((await queue.counts()).oldestAtMs).toBe(a?.acceptedAtMs);
    });
  });
}
