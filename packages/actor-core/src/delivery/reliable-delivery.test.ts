import { expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { ManualClock } from '../testing/manual-clock.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestHub, type TestNode } from '../testing/test-node.ts';
import type { Delivery } from '../transport/memory-transport.ts';
import type { DeliveryFrame, DeliveryResult } from './delivery-frame.ts';
import { reliableConsumer } from './reliable-consumer.ts';
import { type ProducerMessage, reliableProducer } from './reliable-producer.ts';

interface Setup {
  readonly hub: TestHub<ManualClock>;
  readonly near: TestNode;
  readonly far: TestNode;
  readonly handled: number[];
  readonly results: DeliveryResult[];
  readonly producer: ActorRef<ProducerMessage<number>>;
  /** Sends 1 … `count`. */
  readonly send: (count: number) => void;
  readonly pass: (ms: number) => Promise<void>;
}

function spawnConsumer(
  node: TestNode,
  handled: number[],
  onMessage?: (value: number) => void | Promise<void>,
) {
  const consumer = reliableConsumer({
    protocol: z.number(),
    window: 8,
    create: () => (value) => {
      const outcome = onMessage?.(value);
      if (outcome === undefined) return void handled.push(value);
      return outcome.then(() => void handled.push(value));
    },
  });
  return node.system.spawn(consumer, 'consumer');
}

async function setup(
  onMessage?: (value: number) => void | Promise<void>,
  bufferLimit = 1_000,
): Promise<Setup> {
  const hub = createTestHub();
  const near = createTestNode(hub, { nodeId: 'near' });
  const far = createTestNode(hub, { nodeId: 'far' });
  const handled: number[] = [];
  const results: DeliveryResult[] = [];
  spawnConsumer(far, handled, onMessage);
  const consumer = near.system.refFor<DeliveryFrame<number>>('far', 'consumer');
  const producer = near.system.spawn(reliableProducer({ consumer, bufferLimit }), 'producer');
  await settle();
  const send = (count: number) => {
    for (let i = 1; i <= count; i++) {
      near.system
        .ask<ProducerMessage<number>, DeliveryResult>(
          producer,
          (replyTo) => ({ type: 'send', message: i, replyTo }),
          { timeoutMs: 600_000 },
        )
        .then((result) => results.push(result))
        .catch(() => undefined);
    }
  };
  return { hub, near, far, handled, results, producer, send, pass: (ms) => advance(hub.clock, ms, 100) };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

it('delivers in order and confirms each message without a timer', async () => {
  const { send, handled, results } = await setup();
  send(100);
  await settle(60);
  expect(handled).toEqual(upTo(100));
  expect(results).toHaveLength(100);
});

it('delivers once and in order over a bus that loses, duplicates and delays messages', async () => {
  const { hub, send, handled, results, pass } = await setup();
  hub.bus.fault = ({ subject }): Delivery => {
    if (!subject.includes('.dat.')) return 'deliver';
    const draw = hub.random.next();
    if (draw < 0.3) return 'drop';
    if (draw < 0.5) return 'duplicate';
    return draw < 0.8 ? { delayMs: hub.random.next() * 300 } : 'deliver';
  };
  send(50);
  await pass(60_000);
  send(50);
  await pass(120_000);
  expect(handled).toEqual([...upTo(50), ...upTo(50)]);
  expect(results).toHaveLength(100);
});

it('sends only within the consumer’s credit', async () => {
  const gate = Promise.withResolvers<void>();
  const { far, send, handled, pass } = await setup((value) => (value === 3 ? gate.promise : undefined));
  send(100);
  await pass(500);
  const depth = far.system.inspect().find((actor) => actor.path === 'consumer')?.mailboxDepth;
  expect(depth).toBeLessThanOrEqual(8);
  expect(handled).toEqual([1, 2]);
  gate.resolve();
  await settle(60);
  expect(handled).toEqual(upTo(100));
});

it('refuses messages beyond its buffer', async () => {
  const { hub, send, results } = await setup(undefined, 10);
  hub.bus.fault = () => 'drop';
  send(12);
  await settle();
  expect(results.map(({ type }) => type)).toEqual(['refused', 'refused']);
});

it('redelivers a message whose handler failed to the restarted consumer, and no earlier message', async () => {
  let failures = 0;
  const { send, handled, pass } = await setup((value) => {
    if (value === 7 && ++failures === 1) throw new Error('not yet');
  });
  send(20);
  await pass(5_000);
  expect(failures).toBe(2);
  expect(handled).toEqual(upTo(20));
});

it('continues with the next incarnation of a crashed node and skips nothing', async () => {
  const { hub, far, send, handled, pass, results } = await setup();
  send(20);
  await settle();
  far.crash();
  send(20);
  await pass(2_000);
  const next = createTestNode(hub, { nodeId: 'far', incarnation: 2 });
  const later: number[] = [];
  spawnConsumer(next, later);
  await pass(40_000);
  expect(results).toHaveLength(40);
  const all = [...handled, ...later];
  expect(all.slice(-20)).toEqual(upTo(20));
  expect(all.slice(0, 20)).toEqual(upTo(20));
});

it('ignores messages that no consumer has sent', async () => {
  const { far, near, send, handled, pass } = await setup();
  send(5);
  await settle();
  const producer = far.system.refFor<unknown>('near', 'producer');
  // The last message names the producer itself as its sender.
  for (const noise of [
    ['demand', 1],
    ['resend'],
    { type: 'send', message: 9 },
    null,
    ['unknown', producer, 7],
  ])
    producer.tell(noise);
  send(5);
  await pass(1_000);
  expect(handled).toEqual([...upTo(5), ...upTo(5)]);
  expect(near.system.counters().deadLetters['protocol-mismatch']).toBe(5);
});
