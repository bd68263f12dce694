import { digestOfSecret, isSameDigest, parseAccessKey } from './access-key.ts';
import { isNewer, type KeyRecord, keyStateOf } from './key-record.ts';
import { type Principal, principalOf } from './principal.ts';

/** What became of a key that a client sent. */
export type Identified =
  | { readonly kind: 'known'; readonly principal: Principal }
  /** `unknown`: no such key, a wrong secret, or a revoked key: a caller must not learn which. */
  | { readonly kind: 'unknown' | 'expired' };

/** Compared where no record has the id, so that both cases take the same time. */
const noDigest = '0'.repeat(64);

/**
 * All keys that this process knows. Records only get newer: a copy that was lost, or an older one, changes nothing.
 * So a gateway that has asked for keys once does not open when the store is lost.
 */
export class KeyRing {
  readonly #records = new Map<string, KeyRecord>();
  readonly #listeners = new Set<(record: KeyRecord) => void>();

  constructor(records: Iterable<KeyRecord> = []) {
    for (const record of records) this.take(record);
  }

  /** No key was ever made. */
  get isEmpty(): boolean {
    return this.#records.size === 0;
  }

  get size(): number {
    return this.#records.size;
  }

  get(id: string): KeyRecord | undefined {
    return this.#records.get(id);
  }

  /** All records, the oldest first. */
  all(): readonly KeyRecord[] {
    return [...this.#records.values()].toSorted(
      (a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1),
    );
  }

  /** Takes a record over if it is newer than the known one. Returns whether it is. */
  take(record: KeyRecord): boolean {
    if (!isNewer(record, this.#records.get(record.id))) return false;
    this.#records.set(record.id, record);
    for (const listener of this.#listeners) listener(record);
    return true;
  }

  /** Calls `listener` with every record that is taken over. Returns the function that ends it. */
  onChange(listener: (record: KeyRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Who has the key with this id, or the only key with this name. Revoked keys do not count, and expired ones where
   * another one has the name. Looks at every key.
   */
  named(idOrName: string, nowMs: number): Identified {
    const byId = this.#records.get(idOrName);
    const found =
      byId === undefined ? [...this.#records.values()].filter(({ name }) => name === idOrName) : [byId];
    const active = found.filter((record) => keyStateOf(record, nowMs) === 'active');
    const [only, ...others] = active;
    if (only !== undefined && others.length === 0) return { kind: 'known', principal: principalOf(only) };
    const hasExpired = active.length === 0 && found.some((record) => keyStateOf(record, nowMs) === 'expired');
    return { kind: hasExpired ? 'expired' : 'unknown' };
  }

  /** Who sends this key. Takes the same time for a wrong id and a wrong secret. */
  identify(text: string, nowMs: number): Identified {
    const key = parseAccessKey(text);
    const digest = digestOfSecret(key?.secret ?? '');
    const record = this.#records.get(key?.id ?? '');
    const secrets = record?.secrets ?? [];
    let isRight = false;
    for (const index of [0, 1]) {
      const { digest: stored = noDigest, validUntilMs = Number.POSITIVE_INFINITY } = secrets[index] ?? {};
      if (isSameDigest(digest, stored) && nowMs < validUntilMs) isRight = true;
    }
    if (record === undefined || !isRight) return { kind: 'unknown' };
    if (keyStateOf(record, nowMs) === 'expired') return { kind: 'expired' };
    return { kind: 'known', principal: principalOf(record) };
  }
}
