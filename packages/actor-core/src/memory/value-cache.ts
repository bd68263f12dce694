import type { StoredValue } from './stored-value.ts';

/** A value as it is cached. */
export interface CachedValue {
  readonly stored: StoredValue;
  /**
   * Clock instant at which the value was read from the leader; infinite for one that was announced or written here. A
   * leader may lag behind, and the change that it did not know of is not announced again.
   */
  readonly readAtMs: number;
}

interface Slot extends CachedValue {
  stored: StoredValue;
  readonly bytes: number;
  /** Read since the cache last looked for something to drop. */
  isUsed: boolean;
  /** The leader is asked for the value again. */
  isChecked: boolean;
}

/** Bytes that a slot takes beside value and key; an estimate. */
const slotBytes = 200;

/**
 * Newest known values by key, up to a number of bytes. What was not read for longest is dropped first ("second
 * chance"). Also remembers the newest revision of recently changed keys, so that an older value is never taken in.
 */
export class ValueCache {
  readonly #maxBytes: number;
  readonly #maxRevisions: number;
  readonly #slots = new Map<string, Slot>();
  /** Negative for a key whose newest record is a removal. */
  readonly #revisions = new Map<string, number>();
  #bytes = 0;

  constructor(maxBytes: number, maxRevisions: number) {
    this.#maxBytes = maxBytes;
    this.#maxRevisions = maxRevisions;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** The value of a key; undefined where it is not cached. */
  get(key: string): StoredValue | undefined {
    return this.find(key)?.stored;
  }

  /** As `get`, with the instant of its last read. */
  find(key: string): CachedValue | undefined {
    const slot = this.#slots.get(key);
    if (slot !== undefined) slot.isUsed = true;
    return slot;
  }

  /** Whether somebody has to read the value again now; true once for each value. */
  takeCheck(key: string): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined || slot.isChecked) return false;
    slot.isChecked = true;
    return true;
  }

  /** Newest sequence that is known of a key; 0 where none is. */
  newest(key: string): number {
    return Math.max(Math.abs(this.#revisions.get(key) ?? 0), this.#slots.get(key)?.stored.sequence ?? 0);
  }

  /** Whether the newest known record of a key, if there is any, is a removal: it may be gone by now. */
  mayBeAbsent(key: string): boolean {
    return (this.#revisions.get(key) ?? 0) <= 0;
  }

  /** A record of the key with this sequence exists. A cached value that is older is dropped. */
  learn(key: string, sequence: number, isRemoval: boolean = false): void {
    if (sequence <= this.newest(key)) return;
    this.#remember(key, isRemoval ? -sequence : sequence);
    this.drop(key);
  }

  /** Forgets everything about a key. */
  forget(key: string): void {
    this.drop(key);
    this.#revisions.delete(key);
  }

  /** Takes a value in, unless a newer one is known. False: the value is outdated. */
  put(stored: StoredValue, readAtMs: number = Number.POSITIVE_INFINITY): boolean {
    const { key, kind, sequence } = stored;
    const before = this.#slots.get(key);
    // It was announced before its confirmation, with the server's instant.
    if (before?.stored.sequence === sequence && before.readAtMs === Number.POSITIVE_INFINITY) return true;
    if (sequence < this.newest(key)) return false;
    if (sequence > 0) this.#remember(key, kind === 'value' ? sequence : -sequence);
    this.drop(key);
    const bytes = slotBytes + 2 * key.length + stored.value.length;
    if (bytes > this.#maxBytes) return true;
    this.#slots.set(key, { stored, bytes, isUsed: false, readAtMs, isChecked: false });
    this.#bytes += bytes;
    this.#makeRoom();
    return true;
  }

  /** As `put` for a change that is announced: only keys that are cached take the value. */
  update(stored: StoredValue): void {
    const slot = this.#slots.get(stored.key);
    // A write of this node that was confirmed before: now with the server's instant.
    if (slot?.stored.sequence === stored.sequence && slot.readAtMs === Number.POSITIVE_INFINITY)
      slot.stored = stored;
    else if (slot !== undefined) this.put(stored);
    else this.learn(stored.key, stored.sequence, stored.kind !== 'value');
  }

  drop(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#bytes -= slot.bytes;
    this.#slots.delete(key);
  }

  /** Forgets the values. */
  clear(): void {
    this.#slots.clear();
    this.#bytes = 0;
  }

  /** Forgets values and revisions: another log has the name now. */
  reset(): void {
    this.clear();
    this.#revisions.clear();
  }

  #remember(key: string, sequence: number): void {
    this.#revisions.delete(key);
    this.#revisions.set(key, sequence);
    if (this.#revisions.size <= this.#maxRevisions) return;
    const [oldest] = this.#revisions.keys();
    if (oldest !== undefined) this.#revisions.delete(oldest);
  }

  #makeRoom(): void {
    for (const [key, slot] of this.#slots) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#slots.delete(key);
      if (slot.isUsed) {
        slot.isUsed = false;
        this.#slots.set(key, slot);
      } else this.#bytes -= slot.bytes;
    }
  }
}
