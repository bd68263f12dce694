import { expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import type { RuntimeEvent } from '../actor/runtime-event.ts';
import { NameTakenError } from '../errors.ts';
import type { ManualClock } from '../testing/manual-clock.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestHub, type TestNode } from '../testing/test-node.ts';
import { startRegistry } from './cluster-registry.ts';
import type { NameConflict, Registry } from './registry.ts';

type Member = TestNode & { readonly registry: Registry; readonly conflicts: NameConflict[] };

interface Setup {
  readonly hub: TestHub<ManualClock>;
  readonly start: (nodeId: string, incarnation?: number) => Member;
  readonly actor: (node: TestNode, name: string) => ActorRef<string>;
  readonly pass: (ms: number) => Promise<void>;
}

const worker = props<string>(() => receive(() => undefined), { protocol: z.string() });

function setup(): Setup {
  const hub = createTestHub();
  const start = (nodeId: string, incarnation = 1): Member => {
    const node = createTestNode(hub, { nodeId, incarnation });
    const registry = startRegistry(node);
    const conflicts: NameConflict[] = [];
    registry.onConflict((conflict) => conflicts.push(conflict));
    return { ...node, registry, conflicts };
  };
  return {
    hub,
    start,
    actor: (node, name) => node.system.spawn(worker, name),
    pass: (ms) => advance(hub.clock, ms, 100),
  };
}

const where = (refs: readonly ActorRef<never>[]) =>
  refs.map(({ address }) => `${address.node}/${address.path}`);

it('finds a name and the members of a group on each node, as usable refs', async () => {
  const { start, actor } = setup();
  const [a, b] = [start('a'), start('b')];
  await settle();
  a.registry.register('boss', actor(a, 'w1'));
  b.registry.join('pool', actor(b, 'w1'));
  a.registry.join('pool', actor(a, 'w2'));
  await settle();
  expect(where([b.registry.find('boss') as ActorRef<never>])).toEqual(['a/w1']);
  expect(where(a.registry.members('pool'))).toEqual(['a/w2', 'b/w1']);
  expect(where(b.registry.members('pool'))).toEqual(['a/w2', 'b/w1']);
  expect(() => b.registry.register('boss', actor(b, 'w3'))).toThrow(NameTakenError);
  b.registry.find<string>('boss')?.tell('hello');
  await settle();
  expect(a.system.inspect().find(({ path }) => path === 'w1')?.processed).toBe(1);
});

it('sends all entries to a node that joins later', async () => {
  const { start, actor } = setup();
  const a = start('a');
  a.registry.join('pool', actor(a, 'w1'));
  await settle();
  const b = start('b');
  await settle();
  expect(where(b.registry.members('pool'))).toEqual(['a/w1']);
});

it('removes an actor that terminates and notifies subscribers', async () => {
  const { start, actor } = setup();
  const [a, b] = [start('a'), start('b')];
  await settle();
  const seen: string[][] = [];
  b.registry.watchGroup('pool', (members) => seen.push(where(members)));
  const ref = actor(a, 'w1');
  a.registry.join('pool', ref);
  a.registry.register('one', ref);
  await settle();
  await a.system.stop(ref);
  await settle();
  expect(seen).toEqual([[], ['a/w1'], []]);
  expect(b.registry.find('one')).toBeUndefined();
  b.registry.register('one', actor(b, 'w1'));
  await settle();
  expect(where([a.registry.find('one') as ActorRef<never>])).toEqual(['b/w1']);
});

it('removes the actors of a node that crashed or left, and accepts those of its next incarnation', async () => {
  const { start, actor, pass } = setup();
  const [a, b, c] = [start('a'), start('b'), start('c')];
  await settle();
  b.registry.join('pool', actor(b, 'w1'));
  c.registry.join('pool', actor(c, 'w1'));
  await settle();
  expect(a.registry.members('pool')).toHaveLength(2);
  b.crash();
  await Promise.all([c.leave(), pass(5_000)]);
  expect(a.registry.members('pool')).toEqual([]);
  const next = start('b', 2);
  next.registry.join('pool', actor(next, 'w2'));
  await pass(3_000);
  expect(where(a.registry.members('pool'))).toEqual(['b/w2']);
});

it('repairs entries whose messages were lost', async () => {
  const { hub, start, actor, pass } = setup();
  const [a, b] = [start('a'), start('b')];
  await settle();
  hub.bus.fault = ({ subject }) => (subject.includes('.dat.') ? 'drop' : 'deliver');
  a.registry.join('pool', actor(a, 'w1'));
  a.registry.join('pool', actor(a, 'w2'));
  await pass(1_000);
  expect(b.registry.members('pool')).toEqual([]);
  hub.bus.fault = undefined;
  await pass(2_500);
  expect(where(b.registry.members('pool'))).toEqual(['a/w1', 'a/w2']);
});

it('resolves a name that was claimed on both sides of a partition: the earlier claim wins, and both sides are notified', async () => {
  const { hub, start, actor, pass } = setup();
  const [a, b] = [start('a'), start('b')];
  await settle();
  hub.bus.fault = ({ from, to }) => (from === to ? 'deliver' : 'drop');
  await pass(5_000);
  // The second claim of b is later by its Lamport time.
  b.registry.join('pool', actor(b, 'w0'));
  b.registry.register('boss', actor(b, 'w1'));
  a.registry.register('boss', actor(a, 'w1'));
  const told = [a, b].map(({ system }) => {
    const events: RuntimeEvent[] = [];
    system.onEvent((event) => void (event.type === 'name-conflict' && events.push(event)));
    return events;
  });
  hub.bus.fault = undefined;
  await pass(5_000);
  for (const events of told)
    expect(events).toMatchObject([
      { name: 'boss', kept: { node: 'a', path: 'w1' }, lost: { node: 'b', path: 'w1' } },
    ]);
  for (const { registry, conflicts } of [a, b]) {
    expect(where([registry.find('boss') as ActorRef<never>])).toEqual(['a/w1']);
    expect(conflicts.map(({ kept, lost }) => where([kept, lost]))).toEqual([['a/w1', 'b/w1']]);
  }
});

it('orders a claim after the claims that its node knew of, independent of node names', async () => {
  const { hub, start, actor, pass } = setup();
  const [a, b, y] = [start('a'), start('b'), start('y')];
  await settle();
  // y claims `boss` while it is cut off from a; b receives the claim.
  hub.bus.fault = ({ from, to }) =>
    from === 'a' || to === 'a' ? (from === to ? 'deliver' : 'drop') : 'deliver';
  await pass(5_000);
  y.registry.join('pool', actor(y, 'w0'));
  y.registry.register('boss', actor(y, 'w1'));
  await settle();
  // Then y is gone. b, which knew that claim, sends a later claim of its own to a, so the next claim of a is later.
  hub.bus.fault = ({ from, to }) =>
    from === 'y' || to === 'y' ? (from === to ? 'deliver' : 'drop') : 'deliver';
  await pass(5_000);
  b.registry.join('pool', actor(b, 'w0'));
  await settle();
  a.registry.register('boss', actor(a, 'w1'));
  hub.bus.fault = undefined;
  await pass(6_000);
  for (const { registry } of [a, b, y])
    expect(where([registry.find('boss') as ActorRef<never>])).toEqual(['y/w1']);
});

it('removes a name and a membership by any ref of the actor', async () => {
  const { start, actor } = setup();
  const a = start('a');
  const ref = actor(a, 'w1');
  a.registry.register('boss', ref);
  a.registry.join('pool', ref);
  const other = a.system.refFor<string>('a', 'w1');
  a.registry.unregister('boss', other);
  a.registry.leave('pool', other);
  expect(a.registry.find('boss')).toBeUndefined();
  expect(a.registry.members('pool')).toEqual([]);
});

it('accepts entries of a node only from that node', async () => {
  const { hub, start, actor } = setup();
  const [a, b] = [start('a'), start('b')];
  await settle();
  b.registry.join('pool', actor(b, 'w1'));
  await settle();
  // A node that may only send in its own name claims that b has no entries any more.
  const liar = createTestNode(hub, { nodeId: 'liar' });
  await settle();
  const sayings = [
    ['full', 99, []],
    ['delta', 2, []],
    ['digest', 99],
  ] as const;
  for (const [kind, ...rest] of sayings)
    liar.system.refFor<unknown>('a', 'registry').tell([kind, liar.system.refFor('b', 'registry'), ...rest]);
  await settle();
  expect(where(a.registry.members('pool'))).toEqual(['b/w1']);
  expect(a.system.counters().deadLetters['protocol-mismatch']).toBe(3);
});

it('accepts messages to which a newer version has added fields', async () => {
  const { hub, start } = setup();
  const a = start('a');
  const newer = createTestNode(hub, { nodeId: 'newer' });
  await settle();
  const ref = newer.system.spawn(worker, 'w1');
  // A ref with the incarnation of its node, which `system.refFor` does not set.
  const self = newer.system.spawn(worker, 'registry');
  newer.system
    .refFor<unknown>('a', 'registry')
    .tell(['full', self, 1, [['group', 'pool', ref, 1, { weight: 5 }]], 'and more']);
  await settle();
  expect(where(a.registry.members('pool'))).toEqual(['newer/w1']);
});

it('keeps all entries when its own actor is restarted', async () => {
  const { start, actor, pass } = setup();
  const [a, b] = [start('a'), start('b')];
  await settle();
  const ref = actor(a, 'w1');
  a.registry.join('pool', ref);
  a.system.kill(a.system.refFor('a', 'registry'));
  await pass(3_000);
  expect(where(b.registry.members('pool'))).toEqual(['a/w1']);
  await a.system.stop(ref);
  await settle();
  expect(b.registry.members('pool')).toEqual([]);
});
