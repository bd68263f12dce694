import type { Clock } from '@drover/actor-core';
import { RequestFailure } from '../errors.ts';
import { accessKeyText } from './access-key.ts';
import {
  createKey,
  type IssuedKey,
  type KeySpec,
  type LimitChanges,
  limitKey,
  revokeKey,
  rotateKey,
} from './change-key.ts';
import type { FollowedKeys } from './follow-keys.ts';
import { type KeyRecord, keyStateOf } from './key-record.ts';
import { maxKeys } from './key-store.ts';

/** A record with the text of its key, which is shown once. */
export interface ShownKey {
  readonly record: KeyRecord;
  readonly text: string;
}

/** Changes the keys of the cluster. Every change throws `StoreUnavailableError` where its outcome is unknown. */
export class KeyAdmin {
  readonly #keys: FollowedKeys;
  readonly #clock: Pick<Clock, 'wallNow'>;

  constructor(keys: FollowedKeys, clock: Pick<Clock, 'wallNow'>) {
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Whether this gateway knows which keys there are. */
  get isKnown(): boolean {
    return this.#keys.isKnown;
  }

  /** All keys, the oldest first. */
  list(): readonly KeyRecord[] {
    return this.#keys.ring.all();
  }

  /** The key with that id, or the only one with that name. @throws RequestFailure 404 */
  find(idOrName: string): KeyRecord {
    const [named, ...others] = this.list().filter(({ name }) => name === idOrName);
    const record = this.#keys.ring.get(idOrName) ?? (others.length === 0 ? named : undefined);
    if (record !== undefined) return record;
    const what = others.length > 0 ? `${others.length + 1} keys have the name` : 'no key has the id or name';
    throw new RequestFailure(404, 'key-not-found', `${what} ${idOrName}`, { field: 'key' });
  }

  /**
   * The first key of a cluster must be able to make others: from then on the gateways ask for keys.
   *
   * @throws InvalidArgumentError naming the field of the spec
   * @throws RequestFailure 409
   */
  async create(spec: KeySpec): Promise<ShownKey> {
    const { ring } = this.#keys;
    if (ring.isEmpty && spec.roles?.includes('admin') !== true)
      throw new RequestFailure(
        409,
        'first-key-must-administer',
        'the first key of a cluster needs the role admin: from then on every request needs a key, those for further keys too',
      );
    if (ring.size >= maxKeys)
      throw new RequestFailure(
        409,
        'too-many-keys',
        `the cluster has ${maxKeys} keys, as many as it may have`,
      );
    return this.#issue(createKey(spec, this.#clock.wallNow()));
  }

  /** @throws RequestFailure 404, 409 */
  async rotate(idOrName: string, graceMs: number): Promise<ShownKey> {
    const record = this.find(idOrName);
    const nowMs = this.#clock.wallNow();
    const state = keyStateOf(record, nowMs);
    if (state !== 'active')
      throw new RequestFailure(409, 'key-ended', `the key ${record.id} is ${state}: create another one`);
    return this.#issue(rotateKey(record, graceMs, nowMs));
  }

  /**
   * The limits count at this gateway when the promise resolves, and at the others when they have heard of it.
   *
   * @throws InvalidArgumentError naming the limit
   * @throws RequestFailure 404, 409
   */
  async limit(idOrName: string, changes: LimitChanges): Promise<KeyRecord> {
    const record = this.find(idOrName);
    const state = keyStateOf(record, this.#clock.wallNow());
    if (state !== 'active')
      throw new RequestFailure(409, 'key-ended', `the key ${record.id} is ${state}: create another one`);
    const limited = limitKey(record, changes);
    const stored = await this.#put(limited);
    if (stored === limited) return stored;
    throw keyChanged(record);
  }

  /** This gateway refuses the key when the promise resolves. @throws RequestFailure 404 */
  async revoke(idOrName: string): Promise<KeyRecord> {
    const record = this.find(idOrName);
    if (record.revokedAtMs !== undefined) return record;
    return this.#put(revokeKey(record, this.#clock.wallNow()));
  }

  async #issue({ record, key }: IssuedKey): Promise<ShownKey> {
    const stored = await this.#put(record);
    if (stored.secrets[0]?.digest === record.secrets[0]?.digest) return { record, text: accessKeyText(key) };
    throw keyChanged(record);
  }

  async #put(record: KeyRecord): Promise<KeyRecord> {
    const stored = await this.#keys.store.put(record);
    this.#keys.ring.take(stored);
    return stored;
  }
}

function keyChanged({ id }: KeyRecord): RequestFailure {
  const message = `the key ${id} was not changed, because another change of it came first: look at it and repeat`;
  return new RequestFailure(409, 'key-changed', message);
}
