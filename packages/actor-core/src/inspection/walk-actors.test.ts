import { expect, it } from 'vitest';
import { chooseActors } from './choose-actors.ts';
import type { Inspected } from './relevance.ts';
import { walkActors } from './walk-actors.ts';

interface Sketch {
  readonly state?: string;
  readonly depth?: number;
  readonly incarnation?: number;
  readonly failed?: boolean;
  readonly children?: Readonly<Record<string, Sketch>>;
}

function actorOf(sketch: Sketch, name = '', above = ''): Inspected {
  const path = above === '' ? name : `${above}/${name}`;
  const children = Object.entries(sketch.children ?? {});
  return {
    name,
    path,
    uid: 0,
    state: sketch.state ?? 'running',
    incarnation: sketch.incarnation ?? 1,
    processed: 0,
    mailbox: { depth: sketch.depth ?? 0, capacity: 1_000 },
    lastFailure: sketch.failed === true ? { text: 'Error: x', code: 'x', atMs: 0 } : undefined,
    hasChildren: children.length > 0,
    children: children.map(([child, one]) => actorOf(one, child, path)),
  };
}

async function shown(
  tree: Readonly<Record<string, Sketch>>,
  { path = '', limit = 100 }: { path?: string; limit?: number } = {},
): Promise<{ total: number; paths: string[]; children: Record<string, number> }> {
  const root = actorOf({ children: tree });
  const walk = await walkActors(root, { path, limit, pause: async () => undefined, isLate: () => false });
  const seen = chooseActors(walk.tops, walk.others, limit);
  return {
    total: walk.total,
    paths: seen.map(({ actor }) => actor.path),
    children: Object.fromEntries(seen.map(({ actor, children }) => [actor.path, children])),
  };
}

function many(count: number, prefix = 'n'): Record<string, Sketch> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, {}]));
}

it('shows each actor before its children, children in start order, with their number', async () => {
  const tree = { z: { children: { b: { children: { c: {} } }, a: {} } }, y: {} };
  expect(await shown(tree)).toEqual({
    total: 5,
    paths: ['z', 'z/b', 'z/b/c', 'z/a', 'y'],
    children: { z: 2, 'z/b': 1, 'z/b/c': 0, 'z/a': 0, y: 0 },
  });
});

it('prefers parked actors, then restarting ones, then deep mailboxes, restarts and failures', async () => {
  const crowd = {
    ...many(500),
    calm: { failed: true },
    restarted: { incarnation: 4 },
    deep: { depth: 12 },
    half: { depth: 501 },
    coming: { state: 'restarting' },
    given: { state: 'parked' },
    more: many(500, 'm'),
  };
  const order = ['given', 'coming', 'half', 'deep', 'restarted', 'calm', 'n0'];
  for (let limit = 2; limit < order.length + 1; limit++) {
    const { paths, total } = await shown({ pool: { children: crowd } }, { limit });
    expect(total).toBe(508);
    expect(paths).toHaveLength(limit);
    expect(new Set(paths)).toEqual(
      new Set(['pool', ...order.slice(0, limit - 1).map((name) => `pool/${name}`)]),
    );
  }
});

it('always shows the top level, and of one that is too wide the most relevant half', async () => {
  const wide = { ...many(20), bad: { state: 'parked' } };
  const pool = { children: { deep: { depth: 7 }, ...many(50) } };
  const { paths } = await shown({ ...wide, pool }, { limit: 10 });
  expect(paths).toHaveLength(10);
  expect(paths).toContain('bad');
  expect(paths).toEqual(expect.arrayContaining(['pool', 'pool/deep']));
  const roomy = await shown({ a: { children: many(50) }, b: {}, c: {} }, { limit: 8 });
  expect(roomy.paths.filter((path) => !path.includes('/'))).toEqual(['a', 'b', 'c']);
});

it('shows no actor without its ancestors', async () => {
  const tree = {
    a: { children: { b: { children: { c: { children: { deep: { depth: 900 } } } } } } },
    ...many(9),
  };
  const { paths } = await shown(tree, { limit: 8 });
  expect(paths).toEqual(expect.arrayContaining(['a', 'a/b', 'a/b/c', 'a/b/c/deep']));
});

it('visits no branch that the path does not name', async () => {
  const tree = {
    agents: { children: { a1: { children: { x: {} } }, a10: {}, b: {} } },
    agents2: {},
    other: {},
  };
  expect(await shown(tree, { path: 'agents/a1' })).toMatchObject({
    total: 3,
    paths: ['agents/a1', 'agents/a1/x', 'agents/a10'],
  });
  expect(await shown(tree, { path: 'agents' })).toMatchObject({ total: 6 });
  expect(await shown(tree, { path: 'nothing' })).toEqual({ total: 0, paths: [], children: {} });
});

it('visits a hundred thousand actors in slices, and without time only the top level of the rest', async () => {
  const root = actorOf({ children: { first: { children: many(100_000) }, last: { state: 'parked' } } });
  let pauses = 0;
  const pause = async (): Promise<void> => void pauses++;
  const whole = await walkActors(root, { path: '', limit: 5, pause, isLate: () => false });
  expect(whole).toMatchObject({ total: 100_002, complete: true });
  expect(whole.others).toHaveLength(5);
  expect(pauses).toBeGreaterThan(40);
  const hasty = await walkActors(root, { path: '', limit: 5, pause, isLate: () => true });
  expect(hasty.complete).toBe(false);
  expect(hasty.total).toBeLessThan(3_000);
  expect(hasty.tops.map(({ actor }) => actor.path)).toEqual(['last', 'first']);
});
