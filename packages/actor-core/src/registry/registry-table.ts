import type { ActorRef } from '../actor/actor-ref.ts';
import { refKey } from '../actor/ref-key.ts';
import { EntrySet } from './entry-set.ts';
import { type EntryKind, type RegistryChange, type RegistryEntry, slotOf } from './registry-entry.ts';

/** Effects of the registry table. */
export type RegistryEffect =
  | { readonly type: 'broadcast'; readonly version: number; readonly changes: readonly RegistryChange[] }
  | { readonly type: 'pull'; readonly node: string }
  /** The result of a lookup under this slot may have changed. */
  | { readonly type: 'changed'; readonly slot: string }
  | {
      readonly type: 'conflict';
      readonly name: string;
      readonly kept: ActorRef<never>;
      readonly lost: ActorRef<never>;
    };

/** Registrations of one node. Only that node changes them; each change has its own version. */
interface NodeRecord {
  incarnation: number;
  version: number;
  entries: EntrySet;
}

/**
 * What one node knows of all registrations, as a pure core: facts in, effects out. Each node owns the entries of its
 * own actors and numbers their changes. A gap in the numbers makes a reader pull the whole record; a periodic digest
 * reveals a gap at the end. Of two claims to one name the earlier by Lamport time wins, then the lower node id. All
 * nodes come to the same result, and the node of the loser withdraws its claim.
 */
export class RegistryTable {
  readonly #node: string;
  readonly #own: NodeRecord;
  readonly #records = new Map<string, NodeRecord>();
  /** Nodes that were asked for their record since the last tick. */
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

  /** Adds an actor of this node. For a name, look for a holder first: this function only claims it. */
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

  /** An actor of this node has ended. */
  removeActor(ref: ActorRef<never>): RegistryEffect[] {
    const key = refKey(ref);
    const gone = this.ownEntries.filter((entry) => refKey(entry[2]) === key);
    return gone.length === 0 ? [] : this.#change(gone.map((entry) => ['remove', entry] as const));
  }

  /** That node is down, has left, or has a newer incarnation: its entries are no longer found. */
  forget(node: string, incarnation: number): RegistryEffect[] {
    const record = this.#records.get(node);
    if (record === undefined || record === this.#own || record.incarnation > incarnation) return [];
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
    return [...effects, ...changedSlots(changes.map(([, entry]) => entry)), ...this.#resolveClaims(fresh)];
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
    return [...effects, ...changedSlots([...fresh, ...gone]), ...this.#resolveClaims(fresh)];
  }

  /** Earlier questions may have been lost, so they may be asked again. */
  tick(): void {
    this.#pulled.clear();
  }

  /** Undefined for a message of an earlier incarnation of the node; call `renew` first. */
  #recordOf(node: string, incarnation: number): NodeRecord | undefined {
    if (node === this.#node) return undefined;
    const known = this.#records.get(node);
    if (known !== undefined) return known.incarnation === incarnation ? known : undefined;
    const record: NodeRecord = { incarnation, version: 0, entries: new EntrySet() };
    this.#records.set(node, record);
    return record;
  }

  /** Entries of an earlier incarnation are dropped as soon as a newer one is known. */
  #renew(node: string, incarnation: number): RegistryEffect[] {
    const known = this.#records.get(node);
    return known !== undefined && known.incarnation < incarnation ? this.forget(node, known.incarnation) : [];
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

  /**
   * Claims that are new to this node. Of two claims to a name one wins, and a claim of this node that lost is
   * withdrawn.
   */
  #resolveClaims(fresh: readonly RegistryEntry[]): RegistryEffect[] {
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

/** A node registers only its own actors. */
function isOf([, , ref]: RegistryEntry, node: string, incarnation: number): boolean {
  return ref.address.node === node && ref.address.nodeIncarnation === incarnation;
}

function changedSlots(entries: readonly RegistryEntry[]): RegistryEffect[] {
  const slots = new Set(entries.map(([kind, key]) => slotOf(kind, key)));
  return [...slots].map((slot) => ({ type: 'changed', slot }));
}
