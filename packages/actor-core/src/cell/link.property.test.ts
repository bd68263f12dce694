import { expect, it } from 'vitest';
import { z } from 'zod';
import { seededRandom } from '../random/seeded-random.ts';
import { advance } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from './create-props.ts';

type Order = 'fail' | 'unlink';

/** Linked to the other one from its start on; its failures are counted by life. */
function partner(other: () => ActorRef<never>, isLinking: boolean): Props<Order> {
  return props<Order>(
    () =>
      setup((context) => {
        // Only the first life: so that what happens to it shows in the restarts of both.
        if (isLinking && context.incarnation === 1) context.link(other());
        return receive((order) => {
          if (order === 'fail') throw new Error('boom');
          context.unlink(other());
        });
      }),
    { protocol: z.enum(['fail', 'unlink']) },
  );
}

const seeds = Array.from({ length: 60 }, (_, index) => index + 1);

it.each(seeds)(
  'a link over a bus that loses messages misses no failure and ends when its node leaves: seed %i',
  async (seed) => {
    const random = seededRandom(seed);
    const hub = createTestHub({ random });
    const [near, far] = [createTestNode(hub, { nodeId: 'near' }), createTestNode(hub, { nodeId: 'far' })];
    await advance(hub.clock, 1_500);
    const toA = far.system.refFor<never>('near', 'a');
    const toB = near.system.refFor<never>('far', 'b');
    const b = far.system.spawn(
      partner(() => toA, false),
      'b',
    );
    const a = near.system.spawn(
      partner(() => toB, true),
      'a',
    );
    await advance(hub.clock, 3_000);
    // Heartbeats pass: a node that seems down ends a link by right.
    hub.bus.fault = ({ subject }) => (subject.includes('.ctl.') && random.next() < 0.6 ? 'drop' : 'deliver');
    const [first, second] = random.next() < 0.5 ? [a, b] : [b, a];
    const isUnlinked = random.next() < 0.4;
    if (isUnlinked) {
      first.tell('unlink');
      await advance(hub.clock, random.next() * 9_000);
      hub.bus.fault = undefined;
      // A node that missed the leave repeats its watch within 5 s.
      await advance(hub.clock, 6_000);
      second.tell('fail');
    } else {
      (random.next() < 0.5 ? first : second).tell('fail');
      await advance(hub.clock, random.next() * 9_000);
      hub.bus.fault = undefined;
    }
    await advance(hub.clock, 12_000);
    const restarts = [near, far].map(({ system }) => system.inspect()[0]?.restarts ?? -1);
    if (isUnlinked) expect(restarts.toSorted((one, other) => one - other)).toEqual([0, 1]);
    else expect(restarts).toEqual([1, 1]);
  },
);
