import { entryId, type RegistryEntry, slotOf } from './registry-entry.ts';

/** Entries of one node, indexed by actor and by slot. */
export class EntrySet {
  readonly #bySlot = new Map<string, Map<string, RegistryEntry>>();

  get(entry: RegistryEntry): RegistryEntry | undefined {
    return this.#bySlot.get(slotOf(entry[0], entry[1]))?.get(entryId(entry));
  }

  has(entry: RegistryEntry): boolean {
    return this.get(entry) !== undefined;
  }

  add(entry: RegistryEntry): void {
    const slot = slotOf(entry[0], entry[1]);
    const entries = this.#bySlot.get(slot) ?? new Map<string, RegistryEntry>();
    this.#bySlot.set(slot, entries.set(entryId(entry), entry));
  }

  delete(entry: RegistryEntry): void {
    const slot = slotOf(entry[0], entry[1]);
    const entries = this.#bySlot.get(slot);
    entries?.delete(entryId(entry));
    if (entries?.size === 0) this.#bySlot.delete(slot);
  }

  of(slot: string): Iterable<RegistryEntry> {
    return this.#bySlot.get(slot)?.values() ?? [];
  }

  all(): RegistryEntry[] {
    return [...this.#bySlot.values()].flatMap((entries) => [...entries.values()]);
  }
}
