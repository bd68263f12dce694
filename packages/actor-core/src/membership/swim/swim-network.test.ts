import { describe, expect, it } from 'vitest';
import { lanProfile, localProfile, tunedProfile } from './swim-config.ts';
import { drawScale } from './testing/scale-curve.ts';
import { growsFasterThanLogarithm } from './testing/swim-scale-main.ts';
import { measureScale } from './testing/swim-scale.ts';
import { SwimNetwork, type SwimNetworkOptions } from './testing/swim-network.ts';

const seeds = [1, 2, 3, 4, 5];

/** Members that have all found each other, and run for ten seconds more. */
function settled(count: number, options: SwimNetworkOptions): SwimNetwork {
  const network = new SwimNetwork(options);
  network.joinAll(count);
  expect(network.run(20_000, () => network.isConverged())).toBe(true);
  network.run(10_000);
  expect(wrongly(network)).toEqual([]);
  return network;
}

function wrongly(network: SwimNetwork): readonly string[] {
  return network.changes
    .filter(({ status }) => status === 'unreachable')
    .map(({ by, node }) => `${by}: ${node}`);
}

describe.each(seeds)('with seed %i', (seed) => {
  it('a process that ended is known everywhere within a second', () => {
    const network = settled(20, { seed });
    network.crash('n3');
    expect(network.run(1_000, () => network.allSee('n3', 'unreachable'))).toBe(true);
  });

  it('a member whose link is cut is known within 12 s by default and within 5 s when tuned', () => {
    const network = settled(10, { seed });
    network.cut('n3');
    const others = (): boolean =>
      [...network.members.keys()].every((by) => by === 'n3' || network.status(by, 'n3') === 'unreachable');
    expect(network.run(12_000, others)).toBe(true);
    const tuned = settled(10, { seed, config: tunedProfile });
    tuned.cut('n3');
    expect(
      tuned.run(5_000, () =>
        [...tuned.members.keys()].every((by) => by === 'n3' || tuned.status(by, 'n3') === 'unreachable'),
      ),
    ).toBe(true);
  });

  it('a NATS that stands still for 3, 10 or 60 s makes nobody unreachable', () => {
    const network = settled(10, { seed });
    for (const forMs of [3_000, 10_000, 60_000]) {
      network.freezeNats(forMs);
      network.run(forMs + 20_000);
    }
    expect(wrongly(network)).toEqual([]);
  });

  it('processes that stand still for 2 s make nobody unreachable', () => {
    const network = settled(10, { seed });
    for (let i = 0; i < 30; i++) {
      network.pause(`n${Math.floor(network.random.next() * 10)}`, 2_000);
      network.run(4_000);
    }
    expect(wrongly(network)).toEqual([]);
  });

  it('main loops that are blocked for 5 s make nobody unreachable, and show as stalled', () => {
    for (const config of [lanProfile, tunedProfile]) {
      const network = settled(6, { seed, config });
      for (let i = 0; i < 20; i++) {
        const node = `n${Math.floor(network.random.next() * 6)}`;
        network.stall(node, 5_000);
        network.run(4_900);
        const lags = [...network.members.values()].map(({ state }) => state.members.get(node)?.lagMs ?? 0);
        expect(Math.max(...lags)).toBeGreaterThan(config.stalledLagMs);
        network.run(3_000);
      }
      expect(wrongly(network)).toEqual([]);
    }
  });

  it('a cluster cut in two finds itself again', () => {
    const network = settled(12, { seed });
    for (const node of ['n0', 'n1', 'n2', 'n3']) network.cut(node);
    network.run(40_000);
    expect(network.status('n5', 'n1')).toBe('unreachable');
    // A member that is cut off from NATS does not judge other members.
    expect(network.status('n1', 'n5')).toBe('alive');
    for (const node of ['n0', 'n1', 'n2', 'n3']) network.cut(node, false);
    expect(network.run(20_000, () => network.isConverged())).toBe(true);
  });

  it('lost messages make nobody unreachable, and everybody is found', () => {
    const network = settled(20, { seed, loss: 0.05 });
    network.run(60_000);
    expect(wrongly(network)).toEqual([]);
  });

  it('a member that leaves is known as such, and its next incarnation as alive', () => {
    const network = settled(8, { seed, config: localProfile });
    network.leave('n2');
    expect(network.run(1_000, () => network.allSee('n2', 'left'))).toBe(true);
    network.join('n2', 2);
    expect(network.run(5_000, () => network.isConverged())).toBe(true);
  });
});

/** Messages per second and member in a cluster of this size, once it is settled. */
function rate(count: number): number {
  const network = settled(count, { seed: 1 });
  const before = network.messages;
  network.run(20_000);
  return (network.messages - before) / 20 / count;
}

it('costs each member the same, whatever the size of the cluster', () => {
  const small = rate(10);
  expect(small).toBeLessThan(10);
  expect(rate(100)).toBeLessThan(1.2 * small);
});

it('costs a member no more than the logarithm of the cluster, and finds everybody after a crash and a partition', {
  timeout: 300_000,
}, () => {
  // `npm run proof -- swim` plays up to 1,000 members.
  const figures = [10, 30, 60].map((members) => measureScale(members, 1, lanProfile));
  expect(growsFasterThanLogarithm(figures)).toEqual([]);
  for (const { joinMs, crashMs, healMs } of figures)
    expect(Math.max(joinMs, crashMs, healMs)).toBeLessThan(10_000);
  expect(drawScale(figures)).toContain('<polyline');
});
