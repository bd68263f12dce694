import { describe, expect, it } from 'vitest';
import { ElectionNetwork, type ElectionNetworkOptions } from './testing/election-network.ts';

const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

function led(options: ElectionNetworkOptions): {
  readonly network: ElectionNetwork;
  readonly leader: string;
} {
  const network = new ElectionNetwork(options);
  expect(network.run(20_000, () => network.leader() !== undefined)).toBe(true);
  return { network, leader: network.leader() as string };
}

/** Waits for a leader other than that one, and returns how long it took. */
function untilAnother(network: ElectionNetwork, than: string): number {
  const sinceMs = network.nowMs;
  expect(network.run(20_000, () => ![undefined, than].includes(network.leader()))).toBe(true);
  return network.nowMs - sinceMs;
}

describe.each([1, 3, 5])('with %i voters', (voters) => {
  it('a leader is elected and stays', () => {
    for (const seed of seeds) {
      const { network, leader } = led({ seed, voters });
      network.run(60_000);
      expect(network.leader()).toBe(leader);
      expect(network.records).toHaveLength(1);
    }
  });
});

it('a leader that is killed has a successor within 3 s', () => {
  const took = seeds.map((seed) => {
    const { network, leader } = led({ seed });
    network.run(5_000 + 1_000 * network.random.next());
    network.kill(leader);
    return untilAnother(network, leader);
  });
  expect(Math.max(...took)).toBeLessThan(3_000);
});

describe.each([3, 100])('with up to %i ms for a message', (mostLatencyMs) => {
  it('each of ten leaders that are killed and restarted at once has a successor within 3 s', () => {
    const took = seeds.flatMap((seed) => {
      const { network } = led({ seed, voters: 5, mostLatencyMs });
      return Array.from({ length: 10 }, () => {
        const leader = network.leader() as string;
        network.kill(leader);
        const tookMs = untilAnother(network, leader);
        network.run(300);
        network.restart(leader);
        network.run(500 * network.random.next());
        return tookMs;
      });
    });
    expect(Math.max(...took)).toBeLessThan(3_000);
  });
});

it('a leader that is cut off stops acting before its successor begins', () => {
  for (const seed of seeds) {
    const { network, leader } = led({ seed, voters: 5, drift: 0.05 });
    network.run(4_000);
    network.cut(leader);
    untilAnother(network, leader);
    network.cut(leader, false);
    network.run(10_000);
    // Its return does not depose the new leader.
    expect(network.records).toHaveLength(2);
  }
});

it('a follower that is cut off and returns deposes nobody', () => {
  for (const seed of seeds) {
    const { network, leader } = led({ seed });
    const follower = [...network.voters.keys()].find((node) => node !== leader) as string;
    for (let i = 0; i < 3; i++) {
      network.cut(follower);
      network.run(10_000);
      network.cut(follower, false);
      network.run(5_000);
    }
    expect(network.leader()).toBe(leader);
    expect(network.records).toHaveLength(1);
  }
});

it('leadership is handed over within half a second', () => {
  for (const seed of seeds) {
    const { network, leader } = led({ seed });
    network.run(4_000);
    const to = [...network.voters.keys()].find((node) => node !== leader) as string;
    network.transfer(to);
    expect(untilAnother(network, leader)).toBeLessThan(500);
    expect(network.leader()).toBe(to);
    network.run(10_000);
    expect(network.leader()).toBe(to);
  }
});

it('leads on when the voter that should take over is gone', () => {
  const { network, leader } = led({ seed: 1 });
  network.run(4_000);
  const to = [...network.voters.keys()].find((node) => node !== leader) as string;
  network.kill(to);
  network.transfer(to);
  expect(network.leader()).toBeUndefined();
  expect(network.run(3_000, () => network.leader() === leader)).toBe(true);
});

it('without a quorum nobody leads; with one again, somebody does', () => {
  for (const seed of seeds) {
    const { network, leader } = led({ seed });
    const others = [...network.voters.keys()].filter((node) => node !== leader);
    for (const node of others) network.kill(node);
    expect(network.run(5_000, () => network.leader() === undefined)).toBe(true);
    network.run(10_000);
    expect(network.leader()).toBeUndefined();
    network.restart(others[0] as string);
    expect(network.run(15_000, () => network.leader() !== undefined)).toBe(true);
  }
});

it('a store that is away elects nobody, and the terms do not run away', () => {
  const network = new ElectionNetwork({ seed: 3 });
  network.loseStore(60_000);
  network.run(59_000);
  expect(network.leader()).toBeUndefined();
  expect(network.run(20_000, () => network.leader() !== undefined)).toBe(true);
  expect(network.records[0]?.term).toBeLessThan(60);
});

it('under random faults never two may act, and one leads once the faults end', () => {
  for (const seed of seeds) {
    const network = new ElectionNetwork({ seed, voters: seed % 2 === 0 ? 3 : 5, loss: 0.02, drift: 0.05 });
    const names = [...network.voters.keys()];
    for (let step = 0; step < 40; step++) {
      const node = names[Math.floor(network.random.next() * names.length)] as string;
      const dice = network.random.next();
      if (dice < 0.2) network.kill(node);
      else if (dice < 0.4) network.restart(node);
      else if (dice < 0.55) network.pause(node, 5_000 * network.random.next());
      else if (dice < 0.7) network.cut(node);
      else if (dice < 0.85) network.cut(node, false);
      else if (dice < 0.95) network.transfer(node);
      else network.loseStore(3_000 * network.random.next());
      network.run(2_000 * network.random.next());
    }
    for (const node of names) {
      network.cut(node, false);
      if (network.voters.get(node)?.isDown === true) network.restart(node);
    }
    expect(network.run(40_000, () => network.leader() !== undefined)).toBe(true);
    const terms = network.records.map(({ term }) => term);
    expect(terms).toEqual([...new Set(terms)].toSorted((a, b) => a - b));
  }
});
