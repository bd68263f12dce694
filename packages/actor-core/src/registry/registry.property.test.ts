import { type Arbitrary, array, assert, constantFrom, nat, oneof, property, record } from 'fast-check';
import { expect, it } from 'vitest';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { EntryKind, RegistryChange, RegistryEntry } from './registry-entry.ts';
import { type RegistryEffect, RegistryTable } from './registry-table.ts';

const nodes = ['a', 'b', 'c'] as const;
const keys = ['x', 'y'] as const;

type Said =
  | { readonly type: 'delta'; readonly version: number; readonly changes: readonly RegistryChange[] }
  | { readonly type: 'digest'; readonly version: number }
  | { readonly type: 'pull' }
  | { readonly type: 'full'; readonly version: number; readonly entries: readonly RegistryEntry[] };
interface Word {
  readonly from: number;
  readonly incarnation: number;
  readonly to: number;
  readonly said: Said;
}

/** Three registries, connected by a channel that loses, duplicates and reorders messages. */
class Cluster {
  readonly incarnations = nodes.map(() => 1);
  tables: RegistryTable[] = nodes.map((node) => new RegistryTable(node, 1));
  readonly channel: Word[] = [];

  claim(at: number, kind: EntryKind, key: string, uid: number): void {
    const table = this.tables[at] as RegistryTable;
    if (kind === 'name' && table.holder(key) !== undefined) return;
    this.#perform(at, table.add(kind, key, this.#ref(at, uid)));
  }

  end(at: number, uid: number): void {
    this.#perform(at, (this.tables[at] as RegistryTable).removeActor(this.#ref(at, uid)));
  }

  restart(at: number): void {
    const incarnation = (this.incarnations[at] ?? 0) + 1;
    this.incarnations[at] = incarnation;
    this.tables[at] = new RegistryTable(nodes[at] as string, incarnation);
  }

  lose(at: number, other: number): void {
    this.#perform(
      at,
      (this.tables[at] as RegistryTable).forget(nodes[other] as string, Number.POSITIVE_INFINITY),
    );
  }

  tick(at: number): void {
    const table = this.tables[at] as RegistryTable;
    table.tick();
    for (const to of nodes.keys())
      if (to !== at) this.#say(at, to, { type: 'digest', version: table.version });
  }

  deliver(index: number, keep: boolean): void {
    const at = index % Math.max(1, this.channel.length);
    const word = this.channel[at];
    if (word === undefined) return;
    if (!keep) this.channel.splice(at, 1);
    const { from, incarnation, to, said } = word;
    const table = this.tables[to] as RegistryTable;
    const node = nodes[from] as string;
    // As the shell does: membership tells which incarnation runs.
    if (incarnation !== this.incarnations[from]) return;
    if (said.type === 'pull')
      this.#say(to, from, { type: 'full', version: table.version, entries: table.ownEntries });
    else if (said.type === 'digest') this.#perform(to, table.digest(node, incarnation, said.version));
    else if (said.type === 'delta')
      this.#perform(to, table.delta(node, incarnation, said.version, said.changes));
    else this.#perform(to, table.full(node, incarnation, said.version, said.entries));
  }

  drop(index: number): void {
    this.channel.splice(index % Math.max(1, this.channel.length), 1);
  }

  finish(): void {
    for (let round = 0; round < 4; round++) {
      for (const at of nodes.keys()) this.tick(at);
      while (this.channel.length > 0) this.deliver(0, false);
    }
  }

  #ref(at: number, uid: number): ActorRef<never> {
    const nodeIncarnation = this.incarnations[at] as number;
    const address = { node: nodes[at] as string, nodeIncarnation, path: `p${uid}`, uid };
    return { address, tell: () => undefined };
  }

  #perform(at: number, effects: readonly RegistryEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'broadcast') {
        const { version, changes } = effect;
        for (const to of nodes.keys()) if (to !== at) this.#say(at, to, { type: 'delta', version, changes });
      } else if (effect.type === 'pull') this.#say(at, nodes.indexOf(effect.node as 'a'), { type: 'pull' });
    }
  }

  #say(from: number, to: number, said: Said): void {
    this.channel.push({ from, incarnation: this.incarnations[from] as number, to, said });
  }
}

const at = nat(nodes.length - 1);
const uid = nat(3).map((n) => n + 1);
type Step = (cluster: Cluster) => void;
const kind: Arbitrary<EntryKind> = constantFrom<EntryKind>('name', 'group');
const step: Arbitrary<Step> = oneof(
  {
    weight: 5,
    arbitrary: record({ at, kind, key: constantFrom(...keys), uid }).map(
      (one) => (cluster: Cluster) => cluster.claim(one.at, one.kind, one.key, one.uid),
    ),
  },
  {
    weight: 2,
    arbitrary: record({ at, uid }).map((one) => (cluster: Cluster) => cluster.end(one.at, one.uid)),
  },
  { weight: 1, arbitrary: at.map((one) => (cluster: Cluster) => cluster.restart(one)) },
  {
    weight: 1,
    arbitrary: record({ at, other: at }).map((one) => (cluster: Cluster) => cluster.lose(one.at, one.other)),
  },
  { weight: 1, arbitrary: at.map((one) => (cluster: Cluster) => cluster.tick(one)) },
  { weight: 8, arbitrary: nat(30).map((one) => (cluster: Cluster) => cluster.deliver(one, false)) },
  { weight: 2, arbitrary: nat(30).map((one) => (cluster: Cluster) => cluster.deliver(one, true)) },
  { weight: 3, arbitrary: nat(30).map((one) => (cluster: Cluster) => cluster.drop(one)) },
);

it('converges to one view on all nodes: exactly the entries of their owners, and one holder per name', () => {
  assert(
    property(array(step, { maxLength: 120 }), (steps) => {
      const cluster = new Cluster();
      for (const act of steps) act(cluster);
      cluster.finish();
      const { tables } = cluster;
      const owned = tables.flatMap((table) => table.ownEntries);
      for (const key of keys) {
        const groups = tables.map((table) => table.members(key).map(({ address }) => address));
        for (const members of groups) expect(members).toEqual(groups[0]);
        expect(groups[0]).toHaveLength(owned.filter((one) => one[0] === 'group' && one[1] === key).length);
        const claims = owned.filter((one) => one[0] === 'name' && one[1] === key);
        expect(claims.length).toBeLessThanOrEqual(1);
        for (const table of tables) expect(table.holder(key)?.address).toEqual(claims[0]?.[2].address);
      }
    }),
    { numRuns: 1_000 },
  );
});
