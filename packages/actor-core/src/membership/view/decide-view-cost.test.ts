import { expect, it } from 'vitest';
import type { MemberEvidence } from '../presence.ts';
import { beginView, decideView, type ViewState } from './decide-view.ts';
import { emptyView } from './view.ts';

/** Evidence about this many nodes; the leader `n0` reaches the given number of them. */
function facts(size: number, alive: number) {
  return Array.from({ length: size }, (_, at): MemberEvidence => {
    const state = at < alive ? 'alive' : 'unreachable';
    const known = { pid: 1, incarnation: 1, isSuspect: false, isStalled: false, ageMs: 0, lagMs: 0 };
    return { node: `n${at}`, roles: ['host'], state, ...known, metadata: {} };
  });
}

/** How often the elements of an array are read. */
function counted<T>(elements: readonly T[], reads: { count: number }): readonly T[] {
  return new Proxy(elements, {
    get(target, name, receiver): unknown {
      if (typeof name === 'string' && /^\d+$/.test(name)) reads.count += 1;
      return Reflect.get(target, name, receiver);
    },
  });
}

function take(state: ViewState, type: 'tick' | 'written', members: readonly MemberEvidence[]): ViewState {
  return decideView(state, { type }, { members, nowMs: 0, random: 0.5 }).state;
}

/** Reads of members and of evidence in one decision, with all members in the view and `alive` of them reachable. */
function readsOf(size: number, alive: number): number {
  const all = facts(size, size);
  const written = take(take(beginView('n0', 1, emptyView, 0), 'tick', all), 'written', all);
  expect(written.view.members).toHaveLength(size);
  const reads = { count: 0 };
  const view = { ...written.view, members: counted(written.view.members, reads) };
  take({ ...written, view }, 'tick', counted(facts(size, alive), reads));
  return reads.count;
}

it.each([
  ['all members are there', (size: number) => size],
  ['half of them are unreachable', (size: number) => size / 2],
  ['the leader reaches nobody', () => 1],
])('decides in a time that grows with the number of members alone where %s', (_, alive) => {
  expect(readsOf(100, alive(100))).toBeLessThanOrEqual(100 * 10);
  expect(readsOf(2_000, alive(2_000))).toBeLessThanOrEqual(2_000 * 10);
});
