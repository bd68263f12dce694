import { expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { advance } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import { senderRefSchema } from './actor-ref-schema.ts';

interface Signed {
  readonly from: ActorRef<never>;
}

const protocol = z.object({ from: senderRefSchema<never>() });

it('accepts a ref as the sender only when the frame came from the node of the ref', async () => {
  const hub = createTestHub();
  const near = createTestNode(hub, { nodeId: 'near' });
  const far = createTestNode(hub, { nodeId: 'far' });
  createTestNode(hub, { nodeId: 'third' });
  const heard: string[] = [];
  far.system.spawn(
    props<Signed>(() => receive(({ from }) => void heard.push(from.address.node)), { protocol }),
    'listener',
  );
  await advance(hub.clock, 1_500);
  const listener = near.system.refFor<Signed>('far', 'listener');
  for (const node of ['third', 'far', 'near']) listener.tell({ from: near.system.refFor(node, 'x') });
  await advance(hub.clock, 100);
  expect(heard).toEqual(['near']);
  expect(far.system.counters().deadLetters['protocol-mismatch']).toBe(2);
});

it('refuses a ref that did not arrive in a frame', () => {
  const hub = createTestHub();
  const near = createTestNode(hub, { nodeId: 'near' });
  expect(protocol.safeParse({ from: near.system.refFor('far', 'x') }).success).toBe(false);
  expect(protocol.safeParse({ from: near.system.refFor('near', 'x') }).success).toBe(false);
});

it('lets the receiver decide by sender, and counts refused messages', async () => {
  const hub = createTestHub();
  const near = createTestNode(hub, { nodeId: 'near' });
  const far = createTestNode(hub, { nodeId: 'far' });
  const heard: string[] = [];
  far.system.spawn(
    props<string>(() => receive((message) => void heard.push(message)), {
      protocol: z.string(),
      accepts: (_, { node, lane }) => node === 'near' && lane === 'order',
    }),
    'picky',
  );
  await advance(hub.clock, 1_500);
  const picky = near.system.refFor<string>('far', 'picky');
  picky.tell('plain');
  picky.tell('ordered', { lane: 'order' });
  far.system.refFor<string>('far', 'picky').tell('of this node');
  await advance(hub.clock, 100);
  expect(heard.toSorted()).toEqual(['of this node', 'ordered']);
  expect(far.system.counters().deadLetters['not-allowed']).toBe(1);
});
