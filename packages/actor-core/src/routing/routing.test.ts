import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { seededRandom } from '../random/seeded-random.ts';
import { startRegistry } from '../registry/cluster-registry.ts';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';
import type { ManualClock } from '../testing/manual-clock.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestHub, type TestNode } from '../testing/test-node.ts';
import { decideGather } from './decide-gather.ts';
import { askFirst, askQuorum, askTailChopping } from './gather.ts';
import { createRouter, fixedTargets, groupTargets } from './router.ts';
import {
  broadcast,
  consistentHash,
  leastMailbox,
  randomly,
  roundRobin,
  type RoutingStrategy,
} from './strategy.ts';

interface Job {
  readonly key: string;
  readonly replyTo?: ActorRef<string> | undefined;
}
const protocol: z.ZodType<Job> = z.object({ key: z.string(), replyTo: actorRefSchema<string>().optional() });

interface Setup {
  readonly hub: TestHub<ManualClock>;
  readonly node: TestNode;
  readonly far: TestNode;
  /** Messages that each worker received. */
  readonly told: Record<string, string[]>;
  readonly spawn: (name: string, does?: 'answer' | 'hang' | 'stop', on?: TestNode) => ActorRef<Job>;
}

async function setup(): Promise<Setup> {
  const hub = createTestHub();
  const node = createTestNode(hub, { nodeId: 'near' });
  const far = createTestNode(hub, { nodeId: 'far' });
  const told: Record<string, string[]> = {};
  const spawn: Setup['spawn'] = (name, does = 'answer', on = node) => {
    told[name] = [];
    const ref = on.system.spawn(
      props<Job>(
        () =>
          receive(({ key, replyTo }) => {
            told[name]?.push(key);
            if (does === 'answer') replyTo?.tell(name);
          }),
        { protocol },
      ),
      name,
    );
    if (does === 'stop') void on.system.stop(ref);
    return ref;
  };
  await settle();
  return { hub, node, far, told, spawn };
}

const named = (path: string): ActorRef<Job> => ({
  address: { node: 'n', nodeIncarnation: 1, path, uid: 1 },
  tell: () => undefined,
});
const make = (replyTo: ActorRef<string>): Job => ({ key: 'q', replyTo });
const keys = Array.from({ length: 300 }, (_, i) => `key-${i}`);
const counts = (told: Record<string, string[]>) => Object.values(told).map((of) => of.length);

async function route(strategy: RoutingStrategy<Job>): Promise<Record<string, string[]>> {
  const { node, told, spawn } = await setup();
  const router = createRouter(
    node.system,
    fixedTargets(['a', 'b', 'c'].map((name) => spawn(name))),
    strategy,
  );
  for (const key of keys) expect(router.tell({ key })).toBe(true);
  await settle();
  return told;
}

describe('a router', () => {
  it('distributes round robin, evenly', async () => {
    expect(counts(await route(roundRobin()))).toEqual([100, 100, 100]);
  });

  it('distributes at random, to all targets', async () => {
    for (const count of counts(await route(randomly(seededRandom(1))))) expect(count).toBeGreaterThan(70);
  });

  it('broadcasts to all targets', async () => {
    expect(counts(await route(broadcast()))).toEqual([300, 300, 300]);
  });

  it('prefers the shortest mailbox, using reported depths for other nodes', async () => {
    const { node, far, told, spawn } = await setup();
    const local = [spawn('a'), spawn('b')];
    spawn('c', 'answer', far);
    const remote = node.system.refFor<Job>('far', 'c');
    const depths = leastMailbox<Job>(node.random, () => 2);
    const router = createRouter(node.system, fixedTargets([...local, remote]), depths);
    for (const key of keys.slice(0, 6)) router.tell({ key });
    // No actor has run yet: six messages fill both local mailboxes to two, then all three targets are equal.
    await settle();
    expect(counts(told).reduce((sum, count) => sum + count)).toBe(6);
    expect(told['a']?.length).toBeGreaterThanOrEqual(2);
    expect(told['b']?.length).toBeGreaterThanOrEqual(2);
    const unknown = createRouter(
      node.system,
      fixedTargets([remote, ...local]),
      leastMailbox<Job>(node.random),
    );
    const before = told['c']?.length;
    for (const key of keys.slice(0, 9)) unknown.tell({ key });
    await settle();
    expect(told['c']).toHaveLength(before ?? 0);
  });

  it('keeps a key at its target, and moves only the keys of a target that is removed', () => {
    const targets = ['a', 'b', 'c', 'd'].map(named);
    const strategy = consistentHash<Job>(({ key }) => key);
    const owner = (key: string, among: readonly ActorRef<Job>[]) => among[strategy({ key }, among)[0] ?? 0];
    const share = new Map<string, number>();
    for (const key of keys) {
      const before = owner(key, targets)?.address.path as string;
      share.set(before, (share.get(before) ?? 0) + 1);
      const after = owner(key, targets.slice(0, 3))?.address.path;
      if (before !== 'd') expect(after).toBe(before);
    }
    for (const count of share.values()) expect(count).toBeGreaterThan(40);
    expect(share.size).toBe(4);
  });

  it('gives a target the same keys for any ref of it, on any node', async () => {
    const { node, far, spawn } = await setup();
    const names = ['a', 'b', 'c', 'd'];
    const spelt = [
      names.map((name) => spawn(name)),
      names.map((name) => node.system.refFor<Job>('near', name)),
      names.map((name) => far.system.refFor<Job>('near', name)),
    ];
    const strategy = consistentHash<Job>(({ key }) => key);
    for (const key of keys) {
      const picked = spelt.map((targets) => strategy({ key }, targets)[0]);
      expect(new Set(picked).size, key).toBe(1);
    }
  });

  it('routes to the present members of a registry group, and refuses if it is empty', async () => {
    const { node, far, told, spawn } = await setup();
    const [here, there] = [startRegistry(node), startRegistry(far)];
    const router = createRouter(node.system, groupTargets<Job>(here, 'pool'), roundRobin<Job>());
    expect(router.tell({ key: 'x' })).toBe(false);
    await expect(
      router.ask<string>((replyTo) => ({ key: 'x', replyTo }), { timeoutMs: 100 }),
    ).rejects.toMatchObject({ code: 'no-targets' });
    here.join('pool', spawn('a'));
    there.join('pool', spawn('b', 'answer', far));
    await settle();
    for (const key of keys.slice(0, 10)) router.tell({ key });
    await settle();
    expect(counts(told)).toEqual([5, 5]);
    const names = await Promise.all(
      [1, 2].map(() => router.ask<string>((replyTo) => ({ key: 'x', replyTo }), { timeoutMs: 1_000 })),
    );
    expect(names.toSorted()).toEqual(['a', 'b']);
  });
});

describe('a question to several targets', () => {
  it('takes the first answer, even if other targets fail or hang', async () => {
    const { node, spawn } = await setup();
    const targets = [spawn('a', 'hang'), spawn('b', 'stop'), spawn('c')];
    expect(await askFirst(node, targets, make, { timeoutMs: 1_000 })).toBe('c');
  });

  it('takes a quorum, and fails as soon as a quorum is impossible', async () => {
    const { node, spawn } = await setup();
    const targets = [spawn('a'), spawn('b', 'stop'), spawn('c'), spawn('d', 'hang')];
    expect(await askQuorum(node, targets, make, { timeoutMs: 1_000, needed: 2 })).toEqual(['a', 'c']);
    await expect(askQuorum(node, targets, make, { timeoutMs: 1_000, needed: 4 })).rejects.toMatchObject({
      code: 'too-few-answers',
      needed: 4,
    });
  });

  it('asks the next target only after an interval or a failure (tail chopping)', async () => {
    const { hub, node, told, spawn } = await setup();
    const hanging = [spawn('a', 'hang'), spawn('b', 'hang'), spawn('c', 'hang')];
    const asked = askTailChopping(node, hanging, make, { timeoutMs: 250, intervalMs: 100 });
    const failed = expect(asked).rejects.toMatchObject({ code: 'too-few-answers', answered: 0 });
    const sum = () => counts(told).reduce((total, count) => total + count, 0);
    await settle();
    expect(sum()).toBe(1);
    await advance(hub.clock, 100);
    expect(sum()).toBe(2);
    await advance(hub.clock, 150);
    await failed;
    expect(sum()).toBe(3);
    const mixed = [spawn('d', 'stop'), spawn('e', 'stop'), spawn('f')];
    expect(await askTailChopping(node, mixed, make, { timeoutMs: 250, intervalMs: 100 })).toBe('f');
    expect(hub.clock.now()).toBe(250);
  });

  it('fails at its deadline', async () => {
    const { hub, node, spawn } = await setup();
    const asked = askFirst(node, [spawn('a', 'hang')], make, { timeoutMs: 100 });
    const failed = expect(asked).rejects.toMatchObject({ code: 'too-few-answers' });
    await advance(hub.clock, 100);
    await failed;
  });
});

it.each([
  [{ targets: 3, needed: 1, asked: 0, answered: 0, failed: 0 }, false, 'next'],
  [{ targets: 3, needed: 1, asked: 1, answered: 0, failed: 0 }, false, 'wait'],
  [{ targets: 3, needed: 1, asked: 1, answered: 0, failed: 0 }, true, 'next'],
  [{ targets: 3, needed: 1, asked: 1, answered: 0, failed: 1 }, false, 'next'],
  [{ targets: 3, needed: 2, asked: 3, answered: 1, failed: 1 }, true, 'wait'],
  [{ targets: 3, needed: 2, asked: 3, answered: 2, failed: 0 }, false, 'enough'],
  [{ targets: 3, needed: 2, asked: 3, answered: 1, failed: 2 }, false, 'hopeless'],
  [{ targets: 1, needed: 2, asked: 0, answered: 0, failed: 0 }, true, 'hopeless'],
] as const)('decides for %j, time %s: %s', (state, isTime, step) => {
  expect(decideGather(state, isTime)).toBe(step);
});

it('does not prefer a terminated target for its empty mailbox', async () => {
  const { node, told, spawn } = await setup();
  const targets = [spawn('dead', 'stop'), spawn('alive')];
  const router = createRouter(node.system, fixedTargets(targets), leastMailbox<Job>(node.random));
  for (const key of ['1', '2', '3']) router.tell({ key });
  await settle();
  expect(told['alive']).toEqual(['1', '2', '3']);
});

it.each([
  ['an empty set', 0, roundRobin<Job>()],
  ['a strategy that picks no target', 1, () => []],
  ['a strategy that picks an unknown target', 1, () => [7]],
] as const)('counts a dead letter and refuses a question for %s', async (_title, size, strategy) => {
  const { node, spawn } = await setup();
  const targets = size === 0 ? [] : [spawn('a')];
  const router = createRouter(node.system, fixedTargets(targets), strategy);
  expect(router.tell({ key: 'k' })).toBe(false);
  expect(node.system.counters().deadLetters['no-targets']).toBe(1);
  await expect(router.ask(make, { timeoutMs: 10 })).rejects.toMatchObject({ code: 'no-targets' });
});
