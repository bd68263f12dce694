import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidArgumentError, QueueLimitError, QueueNotEmptyError, QueueNotFoundError } from '../errors.ts';
import type { QueueEvent } from '../queue/queue-event.ts';
import type { QueueOptions } from '../queue/queue-options.ts';
import type { QueueAddress, Queues, TakenMessage, TakeMessages } from '../queue/queues.ts';

export interface QueuesUnderTest {
  /** The queues as one more node sees them. */
  readonly node: (options?: QueueOptions) => Queues;
  readonly eventually: (condition: () => boolean | Promise<boolean>) => Promise<void>;
  readonly settled: <T>(work: Promise<T>) => Promise<T>;
  readonly pass: (ms: number) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const idsOf = (messages: readonly { readonly id: string }[]) => messages.map(({ id }) => id);

/** The promises of `Queues`, for every storage. */
export function queuesContract(name: string, open: () => Promise<QueuesUnderTest>): void {
  describe(`${name} as durable queues`, () => {
    let under: QueuesUnderTest;
    let count = 0;

    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.dispose());

    function setup(options?: QueueOptions) {
      const at: QueueAddress = { tenant: 'acme', queue: `q${++count}` };
      const queues = under.node(options);
      const put = (id: string, fields: Partial<Parameters<Queues['put']>[1]> = {}) =>
        under.settled(queues.put(at, { id, body: bytes(id), ...fields }));
      const take = (wanted: TakeMessages = {}) => under.settled(queues.take(at, wanted));
      async function takeOne(from: Queues = queues): Promise<TakenMessage> {
        const [message] = await under.settled(from.take(at, { waitMs: 10_000 }));
        if (message === undefined) throw new Error('no message');
        return message;
      }
      return { at, queues, put, take, takeOne };
    }

    it('delivers what was put and removes what was acknowledged', async () => {
      const { at, queues, put, takeOne } = setup();
      expect(await put('a')).toEqual({ id: 'a', isDuplicate: false });
      expect(await put('a')).toEqual({ id: 'a', isDuplicate: true });
      const message = await takeOne();
      expect(message).toMatchObject({ id: 'a', body: bytes('a'), attempt: 1, priority: 0 });
      expect(await under.settled(queues.ack(at, message))).toBe('settled');
      await under.eventually(async () => (await queues.counts(at)).inFlight === 0);
      expect(await put('a')).toEqual({ id: 'a', isDuplicate: true });
    });

    it('makes an id where none is stated, and keeps any text as an id and as the name of a queue', async () => {
      const { queues } = setup();
      const at = { tenant: 'acme', queue: 'llama3.2:8b *>' };
      const { id } = await under.settled(queues.put(at, { body: bytes('x') }));
      expect(id).toMatch(/^[0-9a-z]{24}$/);
      await under.settled(queues.put(at, { id: 'jöb.1 >', body: bytes('y') }));
      const taken: TakenMessage[] = [];
      await under.eventually(async () => {
        taken.push(...(await queues.take(at, { max: 2 })));
        return taken.length === 2;
      });
      expect(idsOf(taken)).toEqual([id, 'jöb.1 >']);
      for (const message of taken) expect(await under.settled(queues.ack(at, message))).toBe('settled');
      expect(idsOf((await under.settled(queues.list('acme'))).map(({ queue }) => ({ id: queue })))).toContain(
        at.queue,
      );
    });

    it('delivers higher priorities first, also to a node that did not put them', async () => {
      const { at, queues, put } = setup();
      const other = under.node();
      await under.settled(other.take(at));
      await put('low');
      await put('high', { priority: 9 });
      await put('middle', { priority: 4 });
      await under.eventually(async () => (await queues.counts(at)).depth === 3);
      await under.pass(1_100);
      expect(idsOf(await under.settled(other.take(at, { max: 3 })))).toEqual(['high', 'middle', 'low']);
    });

    it('settles on any node, and only with the token of that message', async () => {
      const { at, put, takeOne } = setup();
      const other = under.node();
      await put('a');
      await put('b');
      const a = await takeOne();
      const b = await takeOne();
      for (const lease of ['', 'x.y', b.lease, `${a.lease}x`, a.lease.slice(0, -1)])
        expect(await under.settled(other.ack(at, { id: 'a', lease }))).toBe('lease-lost');
      const foreign = { ...at, tenant: 'other' };
      expect(await under.settled(other.ack(foreign, a))).toBe('lease-lost');
      expect(await under.settled(other.ack(at, a))).toBe('settled');
    });

    it('keeps an extended lease valid on every node, under its first token', async () => {
      const { at, queues, put, take } = setup();
      const other = under.node();
      await put('a');
      const [message] = await take({ leaseMs: 1_000, waitMs: 5_000 });
      if (message === undefined) throw new Error('no message');
      expect(await under.settled(queues.extend(at, message, 60_000))).toBe('settled');
      await under.pass(1_500);
      expect(await take({ waitMs: 500 })).toEqual([]);
      expect(await under.settled(other.ack(at, message))).toBe('settled');
    });

    it('refuses a lease that is over', async () => {
      const { at, queues, put, take, takeOne } = setup();
      await put('a');
      const [first] = await take({ leaseMs: 300, waitMs: 5_000 });
      if (first === undefined) throw new Error('no message');
      const second = await takeOne();
      expect(second.attempt).toBe(2);
      for (const settle of ['ack', 'nack', 'extend'] as const)
        expect(await under.settled(queues[settle](at, first))).toBe('lease-lost');
      expect(await under.settled(queues.ack(at, second))).toBe('settled');
    });

    it('delivers again after a growing delay what was given back, and says why', async () => {
      const { at, queues, put, takeOne } = setup({ backoffMs: 400, backoffMaxMs: 10_000 });
      const events: QueueEvent[] = [];
      queues.onEvent((event) => void events.push(event));
      await put('a', { maxAttempts: 3 });
      for (const attempt of [1, 2, 3]) {
        const message = await takeOne();
        expect(message.attempt).toBe(attempt);
        expect(await under.settled(queues.nack(at, message, { reason: 'no GPU' }))).toBe('settled');
        expect(await under.settled(queues.ack(at, message))).toBe('lease-lost');
      }
      expect(events.map(({ type, attempt }) => `${type} ${attempt}`)).toEqual([
        'given-back 1',
        'redelivered 2',
        'given-back 2',
        'redelivered 3',
        'dead 3',
        'given-back 3',
      ]);
      const delays = events.flatMap((event) => (event.type === 'given-back' ? [event.delayMs] : []));
      expect(delays[0]).toBeGreaterThanOrEqual(200);
      expect(delays[0]).toBeLessThanOrEqual(400);
      expect(delays[1]).toBeGreaterThanOrEqual(400);
      const { tasks } = await under.settled(queues.dead(at));
      expect(tasks).toMatchObject([{ id: 'a', attempts: 3, reason: 'no GPU' }]);
    });

    it('replays dead messages: those that are named, or all', async () => {
      const { at, queues, put, takeOne } = setup({ maxAttempts: 1 });
      for (const id of ['a', 'b', 'c.d']) {
        await put(id);
        await under.settled(queues.nack(at, await takeOne(), { delayMs: 0 }));
      }
      expect(await under.settled(queues.replay(at, ['b', 'x']))).toBe(1);
      expect((await takeOne()).id).toBe('b');
      expect(await under.settled(queues.replay(at))).toBe(2);
      expect((await takeOne()).id).toBe('a');
      expect((await takeOne()).id).toBe('c.d');
    });

    it('cancels a message in whatever state it is', async () => {
      const { at, queues, put, takeOne } = setup();
      await put('waiting');
      await put('delayed', { delayMs: 60_000 });
      expect(await under.settled(queues.cancel(at, 'waiting'))).toBe(true);
      expect(await under.settled(queues.cancel(at, 'delayed'))).toBe(true);
      await put('dead', { maxAttempts: 1 });
      await under.settled(queues.nack(at, await takeOne()));
      expect(await under.settled(queues.cancel(at, 'dead'))).toBe(true);
      expect(await under.settled(queues.cancel(at, 'dead'))).toBe(false);
      await under.eventually(async () => {
        const { depth, inFlight, delayed, dead } = await queues.counts(at);
        return depth + inFlight + delayed + dead === 0;
      });
    });

    it('refuses more than a queue may hold, and accepts again when there is room', async () => {
      const { at, queues, put, takeOne } = setup({ maxMessages: 2 });
      await put('a');
      await put('b');
      await expect(put('c')).rejects.toMatchObject({ code: 'queue-full' });
      await under.settled(queues.ack(at, await takeOne()));
      await under.pass(1_100);
      expect(await put('c')).toMatchObject({ isDuplicate: false });
    });

    it('refuses a body above the limit, and a queue too many', async () => {
      const { at, put, queues } = setup({ maxBodyBytes: 10, maxQueues: 1 });
      await expect(put('a', { body: bytes('12345678901') })).rejects.toMatchObject({
        code: 'message-too-large',
      });
      const poor = { tenant: 'poor', queue: at.queue };
      await under.settled(queues.put(poor, { body: bytes('x') }));
      const second = under.settled(queues.put({ ...poor, queue: 'second' }, { body: bytes('x') }));
      await expect(second).rejects.toBeInstanceOf(QueueLimitError);
    });

    it('keeps tenants apart', async () => {
      const { at, queues, put } = setup();
      await put('a');
      const foreign = { ...at, tenant: 'other' };
      expect(await under.settled(queues.take(foreign, { waitMs: 500 }))).toEqual([]);
      expect(await under.settled(queues.cancel(foreign, 'a'))).toBe(false);
    });

    it('knows no queue before something was put into it', async () => {
      const { at, queues } = setup();
      await expect(under.settled(queues.counts(at))).rejects.toBeInstanceOf(QueueNotFoundError);
      await expect(under.settled(queues.cancel(at, 'a'))).rejects.toBeInstanceOf(QueueNotFoundError);
    });

    it('removes an empty queue, and another one only with its messages', async () => {
      const { at, queues, put, takeOne } = setup();
      await put('a');
      await under.eventually(async () => (await queues.counts(at)).depth === 1);
      await expect(under.settled(queues.remove(at))).rejects.toBeInstanceOf(QueueNotEmptyError);
      await under.settled(queues.remove(at, { discardsMessages: true }));
      await expect(under.settled(queues.counts(at))).rejects.toBeInstanceOf(QueueNotFoundError);
      await put('b');
      expect((await takeOne()).id).toBe('b');
    });

    it.each([
      ['queue', { queue: '' }, {}],
      ['queue', { queue: 'x'.repeat(65) }, {}],
      ['queue', { queue: 'a\nb' }, {}],
      ['tenant', { tenant: 'A' }, {}],
      ['id', {}, { id: '' }],
      ['id', {}, { id: 'x'.repeat(129) }],
      ['priority', {}, { priority: 10 }],
      ['priority', {}, { priority: 0.5 }],
      ['delayMs', {}, { delayMs: -1 }],
      ['maxAttempts', {}, { maxAttempts: 0 }],
    ])('names the wrong argument: %s %o %o', async (argument, address, fields) => {
      const { at, queues } = setup();
      const putting = queues.put({ ...at, ...address }, { body: bytes('x'), ...fields });
      await expect(under.settled(putting)).rejects.toMatchObject({ argument });
      await expect(under.settled(putting)).rejects.toBeInstanceOf(InvalidArgumentError);
    });
  });
}
