import { expect, it } from 'vitest';
import { chooseHost } from './choose-host.ts';
import type { HostSeen } from './placement.ts';

const host = (node: string): HostSeen => ({ node, incarnation: 1, alive: true });
const hosts = [host('h1'), host('h2'), host('h3')];
const counts = (entries: Record<string, number>) => () => new Map(Object.entries(entries));
const random = (next: number) => ({ next: () => next, id: () => 'unused' });

it('chooses the host with the fewest entities', () => {
  expect(chooseHost(hosts, counts({ h1: 2, h2: 1, h3: 2 }), random(0))?.node).toBe('h2');
});

it('breaks ties at random', () => {
  const tie = counts({ h1: 1 });
  expect(chooseHost(hosts, tie, random(0))?.node).toBe('h2');
  expect(chooseHost(hosts, tie, random(0.99))?.node).toBe('h3');
});

it('avoids a host only if another one is live', () => {
  expect(chooseHost(hosts, counts({ h2: 5, h3: 5 }), random(0), 'h1')?.node).toBe('h2');
  expect(chooseHost([host('h1')], counts({}), random(0), 'h1')?.node).toBe('h1');
});

it('chooses none without a live host', () => {
  expect(chooseHost([], counts({}), random(0))).toBeUndefined();
});
