import { expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup as start } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { joinLeadership } from '../leadership/join-leadership.ts';
import { createPubSub, topic } from '../pubsub/pub-sub.ts';
import { startRegistry } from '../registry/cluster-registry.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import {
  tellGroupChanges,
  tellLeaderChanges,
  tellMemberChanges,
  tellNameChanges,
  tellNameConflicts,
  tellTopic,
} from './tell-changes.ts';

async function setup() {
  const hub = createTestHub();
  const [near, far] = [createTestNode(hub, { nodeId: 'near' }), createTestNode(hub, { nodeId: 'far' })];
  await settle();
  const seen: unknown[] = [];
  const listener = near.system.spawn(
    props<unknown>(() => receive((message) => void seen.push(message))),
    'listener',
  );
  const worker = (node: typeof near, name: string) =>
    node.system.spawn(
      props<string>(() => receive(() => undefined), { protocol: z.string() }),
      name,
    );
  return { hub, near, far, seen, listener, worker };
}

const pathOf = (ref: ActorRef<never> | undefined) => ref?.address.path;

it('tells an actor the holder of a name and the members of a group, now and at each change', async () => {
  const { near, far, seen, listener, worker } = await setup();
  const [here, there] = [startRegistry(near), startRegistry(far)];
  const endName = tellNameChanges<string>(here, 'boss', listener);
  tellGroupChanges<string>(here, 'pool', listener);
  const ref = worker(far, 'w');
  there.register('boss', ref);
  there.join('pool', ref);
  await settle();
  endName();
  await far.system.stop(ref);
  await settle();
  expect(
    (seen as { type: string; holder?: ActorRef<never>; members?: ActorRef<never>[] }[]).map((message) => [
      message.type,
      message.type === 'name-changed' ? pathOf(message.holder) : message.members?.map(pathOf),
    ]),
  ).toEqual([
    ['name-changed', undefined],
    ['group-changed', []],
    ['name-changed', 'w'],
    ['group-changed', ['w']],
    ['group-changed', []],
  ]);
});

it('tells an actor about conflicts, topic messages, the leader and members', async () => {
  const { hub, near, far, seen, listener, worker } = await setup();
  const [here, there] = [startRegistry(near), startRegistry(far)];
  tellNameConflicts(here, listener);
  const orders = topic('orders', z.number());
  const pubSub = createPubSub(near);
  tellTopic(pubSub, orders, listener);
  createPubSub(far).publish(orders, 7);
  await settle();
  expect(seen.splice(0)).toEqual([{ type: 'published', message: 7, topic: 'orders', from: 'far' }]);
  hub.bus.fault = ({ from, to }) => (from === to ? 'deliver' : 'drop');
  await advance(hub.clock, 5_000, 100);
  here.register('boss', worker(near, 'a'));
  there.register('boss', worker(far, 'b'));
  hub.bus.fault = undefined;
  await advance(hub.clock, 5_000, 100);
  expect(seen.splice(0)).toMatchObject([{ type: 'name-conflict', name: 'boss' }]);
  const leadership = joinLeadership(near, { group: 'g' });
  tellLeaderChanges(leadership, listener);
  await advance(hub.clock, 5_000, 100);
  expect(seen.splice(0)).toMatchObject([
    { type: 'leader-changed', group: 'g', leader: undefined },
    { type: 'leader-changed', group: 'g', leader: { node: 'near' } },
  ]);
  tellMemberChanges(near.presence, listener);
  await Promise.all([far.leave(), advance(hub.clock, 200, 100)]);
  expect(seen).toMatchObject([
    { type: 'member-changed', member: { node: 'far', state: 'alive' } },
    { type: 'member-changed', member: { node: 'near', state: 'alive' } },
    { type: 'member-changed', member: { node: 'far', state: 'left' } },
  ]);
});

it('ends with the actor, and for an adapter with its incarnation', async () => {
  const { hub, near } = await setup();
  const orders = topic('orders', z.number());
  const pubSub = createPubSub(near);
  const seen: string[] = [];
  const actor = near.system.spawn(
    props<string>(() =>
      start((context) => {
        tellTopic(
          pubSub,
          orders,
          context.adapt(
            ({ message }: { readonly message: number }) => `${message} in ${context.incarnation}`,
          ),
        );
        return receive((message) => {
          if (message === 'fail') throw new Error('as told');
          seen.push(message);
        });
      }),
    ),
  );
  const direct = near.system.spawn(
    props<unknown>(() => receive((message) => void seen.push(JSON.stringify(message)))),
  );
  tellTopic(pubSub, orders, direct);
  await settle();
  await near.system.stop(direct);
  tellTopic(pubSub, orders, direct);
  actor.tell('fail');
  await advance(hub.clock, 1_000, 100);
  pubSub.publish(orders, 1);
  await settle();
  expect(seen).toEqual(['1 in 2']);
  expect(near.system.counters().deadLetters['no-such-actor']).toBe(0);
});

it('refuses an actor of another node', async () => {
  const { near } = await setup();
  const remote = near.system.refFor<unknown>('far', 'somebody');
  expect(() => tellMemberChanges(near.presence, remote)).toThrow('must be the ref of an actor of this node');
});
