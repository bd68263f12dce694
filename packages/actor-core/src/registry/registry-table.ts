import type { ActorRef } from '../actor/actor-ref.ts';
import { refKey } from '../actor/ref-key.ts';
import { EntrySet } from './entry-set.ts';
import { type EntryKind, type RegistryChange, type RegistryEntry, slotOf } from './registry-entry.ts';

/** What a registry's table wants done. */
export type RegistryEffect =
  | { readonly type: 'broadcast'; readonly version: number; readonly changes: readonly RegistryChange[] }
  | { readonly type: 'pull'; readonly node: string }
  /** Who is found under this slot may be different now. */
  | { readonly type: 'changed'; readonly slot: string }
  | {
      readonly type: 'conflict';
      readonly name: string;
      readonly kept: ActorRef<never>;
      readonly lost: ActorRef<never>;
    };

/** What one node has registered: changed by that node alone, one version a change. */
interface NodeRecord {
  incarnation: number;
  version: number;
  entries: EntrySet;
}

/**
 * What one node knows of all registrations; facts in, effects out, nothing performed. Each node owns the entries of
 * its own actors and numbers their changes; a gap in the numbers makes a reader pull the whole record, and a digest
 * said now and then shows a gap at the end. Two claims to one name: the earlier by Lamport time holds, then the lower
 * node id; everybody comes to the same verdict and the loser's own node withdraws its claim.
 */
export class RegistryTable {
  readonly #node: string;
  readonly #own: NodeRecord;
  readonly #records = new Map<string, NodeRecord>();
  /** Asked since the last tick. */
  readonly #pulled = new Set<string>();
  #stamp = 0;

  constructor(node: string, incarnation: number) {
    this.#node = node;
    this.#own = { incarnation, version: 0, entries: new EntrySet() };
    this.#records.set(node, this.#own);
  }

  get version(): number {
    return this.#own.version;
  }

  /** This node's own entries. */
  get ownEntries(): readonly RegistryEntry[] {
    return this.#own.entries.all();
  }

  /** The holder of a name. */
  holder(name: string): ActorRef<never> | undefined {
    const claims = this.#under(slotOf('name', name));
    return claims.reduce<RegistryEntry | undefined>(
      (best, claim) => (best === undefined || isBefore(claim, best) ? claim : best),
      undefined,
    )?.[2];
  }

  /** A group's members, in an order that is the same on every node. */
  members(group: string): readonly ActorRef<never>[] {
    return this.#under(slotOf('group', group))
      .map((entry) => [refKey(entry[2]), entry[2]] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, ref]) => ref);
  }

  /** Adds an actor of this node. A name's holder is asked for first: this only claims. */
  add(kind: EntryKind, key: string, ref: ActorRef<never>): RegistryEffect[] {
    const entry: RegistryEntry = [kind, key, ref, this.#stamp + 1];
    if (this.#own.entries.has(entry)) return [];
    this.#stamp++;
    return this.#change([['add', entry]]);
  }

  remove(kind: EntryKind, key: string, ref: ActorRef<never>): RegistryEffect[] {
    const entry = this.#own.entries.get([kind, key, ref, 0]);
    return entry === undefined ? [] : this.#change([['remove', entry]]);
  }

  /** That actor of this node has ended. */
  removeActor(ref: ActorRef<never>): RegistryEffect[] {
    const key = refKey(ref);
    const gone = this.ownEntries.filter((entry) => refKey(entry[2]) === key);
    return gone.length === 0 ? [] : this.#change(gone.map((entry) => ['remove', entry] as const));
  }

  /** That node is down, has left, or is in another life: nothing of it is found any more. */
  forget(node: string): RegistryEffect[] {
    const record = this.#records.get(node);
    if (record === undefined || record === this.#own) return [];
    this.#records.delete(node);
    return changedSlots(record.entries.all());
  }

  digest(node: string, incarnation: number, version: number): RegistryEffect[] {
    const effects = this.#renew(node, incarnation);
    const record = this.#recordOf(node, incarnation);
    return record === undefined || version <= record.version ? effects : [...effects, ...this.#pull(node)];
  }

  delta(
    node: string,
    incarnation: number,
    version: number,
    changes: readonly RegistryChange[],
  ): RegistryEffect[] {
    const effects = this.#renew(node, incarnation);
    const record = this.#recordOf(node, incarnation);
    if (record === undefined || version <= record.version) return effects;
    if (version > record.version + 1) return [...effects, ...this.#pull(node)];
    record.version = version;
    const fresh: RegistryEntry[] = [];
    for (const [change, entry] of changes) {
      if (change === 'remove') record.entries.delete(entry);
      else if (isOf(entry, node, incarnation)) {
        record.entries.add(entry);
        fresh.push(entry);
      }
    }
    return [...effects, ...changedSlots(changes.map(([, entry]) => entry)), ...this.#meet(fresh)];
  }

  full(
    node: string,
    incarnation: number,
    version: number,
    entries: readonly RegistryEntry[],
  ): RegistryEffect[] {
    const effects = this.#renew(node, incarnation);
    const record = this.#recordOf(node, incarnation);
    if (record === undefined || version <= record.version) return effects;
    const before = record.entries;
    record.version = version;
    record.entries = new EntrySet();
    for (const entry of entries) if (isOf(entry, node, incarnation)) record.entries.add(entry);
    const fresh = record.entries.all().filter((entry) => !before.has(entry));
    const gone = before.all().filter((entry) => !record.entries.has(entry));
    return [...effects, ...changedSlots([...fresh, ...gone]), ...this.#meet(fresh)];
  }

  /** Questions asked before may have been lost: they may be asked again. */
  tick(): void {
    this.#pulled.clear();
  }

  /** Undefined for what an earlier life of the node said; call `renew` first. */
  #recordOf(node: string, incarnation: number): NodeRecord | undefined {
    if (node === this.#node) return undefined;
    const known = this.#records.get(node);
    if (known !== undefined) return known.incarnation === incarnation ? known : undefined;
    const record: NodeRecord = { incarnation, version: 0, entries: new EntrySet() };
    this.#records.set(node, record);
    return record;
  }

  /** What an earlier life of the node had registered is gone as soon as anything of this one is known. */
  #renew(node: string, incarnation: number): RegistryEffect[] {
    const known = this.#records.get(node);
    return known !== undefined && known.incarnation < incarnation ? this.forget(node) : [];
  }

  #pull(node: string): RegistryEffect[] {
    if (this.#pulled.has(node)) return [];
    this.#pulled.add(node);
    return [{ type: 'pull', node }];
  }

  #change(changes: readonly RegistryChange[]): RegistryEffect[] {
    for (const [change, entry] of changes) {
      if (change === 'add') this.#own.entries.add(entry);
      else this.#own.entries.delete(entry);
    }
    const version = ++this.#own.version;
    return [{ type: 'broadcast', version, changes }, ...changedSlots(changes.map(([, entry]) => entry))];
  }

  /** Claims that were not known before: whoever of two holds a name stays, and a claim of this node that lost goes. */
  #meet(fresh: readonly RegistryEntry[]): RegistryEffect[] {
    const effects: RegistryEffect[] = [];
    for (const theirs of fresh) {
      this.#stamp = Math.max(this.#stamp, theirs[3]);
      if (theirs[0] !== 'name') continue;
      const ours = this.#under(slotOf('name', theirs[1])).find(
        (claim) => claim[2].address.node === this.#node,
      );
      if (ours === undefined) continue;
      const [kept, lost] = isBefore(ours, theirs) ? [ours, theirs] : [theirs, ours];
      effects.push({ type: 'conflict', name: theirs[1], kept: kept[2], lost: lost[2] });
      if (lost === ours) effects.push(...this.#change([['remove', ours]]));
    }
    return effects;
  }

  #under(slot: string): RegistryEntry[] {
    return [...this.#records.values()].flatMap(({ entries }) => [...entries.of(slot)]);
  }
}

function isBefore(a: RegistryEntry, b: RegistryEntry): boolean {
  return a[3] === b[3] ? a[2].address.node < b[2].address.node : a[3] < b[3];
}

/** Nobody registers the actors of another node. */
function isOf([, , ref]: RegistryEntry, node: string, incarnation: number): boolean {
  return ref.address.node === node && ref.address.nodeIncarnation === incarnation;
}

function changedSlots(entries: readonly RegistryEntry[]): RegistryEffect[] {
  const slots = new Set(entries.map(([kind, key]) => slotOf(kind, key)));
  return [...slots].map((slot) => ({ type: 'changed', slot }));
}
