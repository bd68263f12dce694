import type { Clock } from '@drover/actor-core';
import { RequestFailure } from '../errors.ts';
import { accessKeyText } from './access-key.ts';
import {
  createKey,
  type KeySpec,
  type LimitChanges,
  limitKey,
  type ProposedKey,
  recordOf,
  revokeKey,
  rotateKey,
  withSecret,
} from './change-key.ts';
import type { FollowedKeys } from './follow-keys.ts';
import { type KeyRecord, keyStateOf } from './key-record.ts';
import { maxKeys } from './key-store.ts';

/** A record with the text of its key, which is shown once. */
export interface ShownKey {
  readonly record: KeyRecord;
  /** Undefined for a key whose secret its client has made. */
  readonly text: string | undefined;
  /** False where the same request was carried out before. */
  readonly isNew: boolean;
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
   * @param proposed by the client, which has the secret: repeating the request changes nothing
   * @throws InvalidArgumentError naming the field of the spec
   * @throws RequestFailure 409
   */
  async create(spec: KeySpec, proposed?: ProposedKey): Promise<ShownKey> {
    const { ring } = this.#keys;
    const known = proposed && ring.get(proposed.id);
    if (known !== undefined) return sameKey(known, proposed?.digest);
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
    const nowMs = this.#clock.wallNow();
    if (proposed !== undefined) return this.#issue(recordOf(spec, proposed, nowMs), undefined);
    const { record, key } = createKey(spec, nowMs);
    return this.#issue(record, accessKeyText(key));
  }

  /**
   * @param digest of a secret that the client has made: repeating the request changes nothing
   * @throws RequestFailure 404, 409
   */
  async rotate(idOrName: string, graceMs: number, digest?: string): Promise<ShownKey> {
    const record = this.find(idOrName);
    if (digest !== undefined && record.secrets[0]?.digest === digest) return sameKey(record, digest);
    const nowMs = this.#clock.wallNow();
    const state = keyStateOf(record, nowMs);
    if (state !== 'active')
      throw new RequestFailure(409, 'key-ended', `the key ${record.id} is ${state}: create another one`);
    if (digest !== undefined) return this.#issue(withSecret(record, digest, graceMs, nowMs), undefined);
    const { record: rotated, key } = rotateKey(record, graceMs, nowMs);
    return this.#issue(rotated, accessKeyText(key));
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

  async #issue(record: KeyRecord, text: string | undefined): Promise<ShownKey> {
    const stored = await this.#put(record);
    if (stored.secrets[0]?.digest === record.secrets[0]?.digest) return { record: stored, text, isNew: true };
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

/** The answer to a request that was carried out before. @throws RequestFailure 409 where it was another one */
function sameKey(record: KeyRecord, digest: string | undefined): ShownKey {
  if (record.secrets[0]?.digest === digest) return { record, text: undefined, isNew: false };
  throw new RequestFailure(409, 'key-exists', `the key ${record.id} exists, with another secret`, {
    field: 'id',
  });
}
