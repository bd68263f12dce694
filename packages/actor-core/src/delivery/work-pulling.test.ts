import { expect, it } from 'vitest';
import { z } from 'zod';
import type { ManualClock } from '../testing/manual-clock.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestHub, type TestNode } from '../testing/test-node.ts';
import type { Delivery } from '../transport/memory-transport.ts';
import type { DeliveryResult } from './delivery-frame.ts';
import type { DeliveryInfo } from './reliable-consumer.ts';
import {
  type DispatcherMessage,
  workDispatcher,
  type WorkDispatcherOptions,
  type WorkerOffer,
} from './work-dispatcher.ts';
import { workPuller } from './work-puller.ts';

interface Setup {
  readonly hub: TestHub<ManualClock>;
  readonly boss: TestNode;
  /** Messages that each worker has handled. */
  readonly handled: Map<string, number[]>;
  readonly results: DeliveryResult[];
  /** Starts a node with one worker. */
  readonly hire: (
    name: string,
    onWork?: (value: number, delivery: DeliveryInfo) => void | Promise<void>,
  ) => TestNode;
  readonly send: (count: number) => void;
  readonly all: () => number[];
  readonly pass: (ms: number) => Promise<void>;
}

function setup(bufferLimit = 1_000, options: WorkDispatcherOptions<number> = {}): Setup {
  const hub = createTestHub();
  const boss = createTestNode(hub, { nodeId: 'boss' });
  const dispatcher = boss.system.spawn(workDispatcher<number>({ bufferLimit, ...options }), 'dispatcher');
  const handled = new Map<string, number[]>();
  const results: DeliveryResult[] = [];
  const hire: Setup['hire'] = (name, onWork) => {
    const node = createTestNode(hub, { nodeId: name });
    const mine: number[] = [];
    handled.set(name, mine);
    const puller = workPuller<number>({
      dispatcher: node.system.refFor<WorkerOffer<number>>('boss', 'dispatcher'),
      protocol: z.number(),
      create: () => async (value, _context, delivery) => {
        await onWork?.(value, delivery);
        mine.push(value);
      },
    });
    node.system.spawn(puller, 'puller');
    return node;
  };
  let sent = 0;
  const send = (count: number) => {
    for (let i = 0; i < count; i++) {
      const message = ++sent;
      boss.system
        .ask<DispatcherMessage<number>, DeliveryResult>(
          dispatcher,
          (replyTo) => ({ type: 'send', message, replyTo }),
          { timeoutMs: 600_000 },
        )
        .then((result) => results.push(result))
        .catch(() => undefined);
    }
  };
  const all = () => [...handled.values()].flat().toSorted((a, b) => a - b);
  return { hub, boss, handled, results, hire, send, all, pass: (ms) => advance(hub.clock, ms, 100) };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

it('distributes work to all workers, each message once', async () => {
  const { hire, send, all, handled, results } = setup();
  for (const name of ['a', 'b', 'c']) hire(name);
  await settle(30);
  send(60);
  await settle(200);
  expect(all()).toEqual(upTo(60));
  expect(results).toHaveLength(60);
  for (const mine of handled.values()) expect(mine.length).toBeGreaterThan(10);
});

it('keeps work until a worker has room, and refuses work beyond its buffer', async () => {
  const { hire, send, all, results } = setup(10);
  send(12);
  await settle();
  expect(results.map(({ type }) => type)).toEqual(['refused', 'refused']);
  hire('a');
  await settle(100);
  expect(all()).toEqual(upTo(10));
});

it('sends no further work to a busy worker', async () => {
  const { hire, send, handled } = setup();
  const gate = Promise.withResolvers<void>();
  hire('busy', () => gate.promise);
  hire('free');
  await settle(30);
  send(20);
  await settle(200);
  expect(handled.get('free')).toHaveLength(18);
  gate.resolve();
  await settle(30);
  expect(handled.get('busy')).toHaveLength(2);
});

it('gives the unconfirmed work of a worker that ends, or whose node dies, to other workers', async () => {
  const { hire, send, all, results, pass } = setup();
  const never = new Promise<void>(() => undefined);
  const stopping = hire('stopping', () => never);
  const crashing = hire('crashing', () => never);
  await settle(30);
  send(10);
  await settle(30);
  hire('good');
  await settle(100);
  expect(all()).toHaveLength(6);
  stopping.system.kill(stopping.system.refFor('stopping', 'puller'));
  crashing.crash();
  await pass(15_000);
  expect(all()).toEqual(upTo(10));
  expect(results).toHaveLength(10);
});

it('gets each message handled over a bus that loses, duplicates and delays messages', async () => {
  const { hub, hire, send, all, results, pass } = setup();
  hub.bus.fault = ({ subject }): Delivery => {
    if (!subject.includes('.dat.')) return 'deliver';
    const draw = hub.random.next();
    if (draw < 0.3) return 'drop';
    if (draw < 0.4) return 'duplicate';
    return draw < 0.7 ? { delayMs: hub.random.next() * 300 } : 'deliver';
  };
  for (const name of ['a', 'b', 'c']) hire(name);
  send(100);
  await pass(300_000);
  expect(all()).toEqual(upTo(100));
  expect(results).toHaveLength(100);
});

it('parks work that crashes each worker that gets it, reports that to the sender, and continues with the rest', async () => {
  const parked: unknown[] = [];
  const attempts: number[] = [];
  const { boss, hire, send, all, results, pass } = setup(1_000, {
    maxAttempts: 5,
    onParked: (...told) => parked.push(told),
  });
  const letters: unknown[] = [];
  boss.system.onEvent((event) => void (event.type === 'dead-letter' && letters.push(event.reason)));
  for (const name of ['a', 'b', 'c'])
    hire(name, (value, { attempt }) => {
      if (value !== 3) return;
      attempts.push(attempt);
      throw new Error('poison');
    });
  await settle(30);
  send(20);
  await pass(60_000);
  expect(attempts).toEqual([1, 2, 3, 4, 5]);
  expect(parked).toEqual([[3, 5]]);
  expect(letters).toContain('attempts-exhausted');
  expect(all()).toEqual(upTo(20).filter((value) => value !== 3));
  expect(results.filter(({ type }) => type === 'confirmed')).toHaveLength(19);
  expect(results).toContainEqual({ type: 'parked', attempts: 5 });
});

it('counts no failure when a worker stops normally', async () => {
  const { hire, send, all, pass, results } = setup(1_000, { maxAttempts: 1 });
  const work = Promise.withResolvers<void>();
  const first = hire('a', () => work.promise);
  await settle(30);
  // The worker has received the second message, but not read it.
  send(2);
  await settle(50);
  const left = first.leave();
  work.resolve();
  await Promise.all([left, pass(1_000)]);
  hire('b');
  await pass(10_000);
  expect(all()).toEqual([1, 2]);
  expect(results.map(({ type }) => type)).toEqual(['confirmed', 'confirmed']);
});

it('finds its workers again after a restart of the dispatcher', async () => {
  const { boss, hire, send, all, pass } = setup();
  hire('a');
  await settle(30);
  send(5);
  await settle(50);
  boss.system.kill(boss.system.refFor('boss', 'dispatcher'));
  await pass(10_000);
  send(5);
  await pass(5_000);
  expect(all()).toEqual(upTo(10));
});
