import {
  type AccessKey,
  accessKeyText,
  createKey,
  type IssuedKey,
  type KeyRecord,
  type KeySpec,
  keyStateOf,
  type LimitChanges,
  limitKey,
  parseAccessKey,
  revokeKey,
  rotateKey,
} from '@drover/gateway/keys';
import { acquireDataLock } from '../cluster/data-lock.ts';
import { CommandError, exitCodes } from '../errors.ts';
import { keysFilePath, readKeysFile, readLocalKey, writeKeysFile, writeLocalKey } from './keys-file.ts';

/** A record with the text of its key, which is shown once. */
export interface OfflineKey {
  readonly record: KeyRecord;
  readonly text: string;
}

/** Name of the key in the data folder, which the commands of this machine use. */
export const localKeyName = 'local';

/**
 * The keys of a data folder that no `drover up` uses. Each change holds the lock of the folder, so that no `drover up`
 * starts with the keys before the change. The next `drover up` takes the keys up.
 */
export class OfflineKeys {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  list(): readonly KeyRecord[] {
    return readKeysFile(keysFilePath(this.#dataDir));
  }

  /** Makes the key of this machine too, where there is none yet: from now on its commands need one. */
  create(spec: KeySpec, nowMs: number): OfflineKey {
    return this.#change((keys) => {
      const issued = createKey(spec, nowMs);
      const local = hasLocalKey(this.#dataDir, keys, nowMs) ? [] : [this.#makeLocal(nowMs)];
      return [shown(issued), [...keys, ...local, issued.record]];
    });
  }

  /** @throws CommandError `gateway-refused` for a key that does not exist or has ended */
  rotate(idOrName: string, graceMs: number, nowMs: number): OfflineKey {
    return this.#change((keys) => {
      const record = found(keys, idOrName);
      const state = keyStateOf(record, nowMs);
      if (state !== 'active') throw no(`key-ended: the key ${record.id} is ${state}: create another one`);
      const issued = rotateKey(record, graceMs, nowMs);
      return [shown(issued), replaced(keys, issued.record)];
    });
  }

  /** @throws CommandError `gateway-refused` for a key that does not exist or has ended */
  limit(idOrName: string, changes: LimitChanges, nowMs: number): KeyRecord {
    return this.#change((keys) => {
      const record = found(keys, idOrName);
      const state = keyStateOf(record, nowMs);
      if (state !== 'active') throw no(`key-ended: the key ${record.id} is ${state}: create another one`);
      const limited = limitKey(record, changes);
      return [limited, replaced(keys, limited)];
    });
  }

  /** @throws CommandError `gateway-refused` for a key that does not exist */
  revoke(idOrName: string, nowMs: number): KeyRecord {
    return this.#change((keys) => {
      const record = found(keys, idOrName);
      const revoked = record.revokedAtMs === undefined ? revokeKey(record, nowMs) : record;
      return [revoked, replaced(keys, revoked)];
    });
  }

  #change<T>(decide: (keys: readonly KeyRecord[]) => readonly [T, readonly KeyRecord[]]): T {
    const outcome = acquireDataLock(this.#dataDir);
    if (!outcome.ok)
      throw new CommandError(
        'data-in-use',
        exitCodes.inUse,
        `the data folder ${this.#dataDir} is in use by pid ${outcome.holder.pid}, which has not told its gateway yet`,
        { fix: 'repeat the command when that drover up is ready' },
      );
    try {
      const [answer, keys] = decide(this.list());
      writeKeysFile(keysFilePath(this.#dataDir), keys);
      return answer;
    } finally {
      outcome.lock.release();
    }
  }

  #makeLocal(nowMs: number): KeyRecord {
    const { record, key } = createKey({ name: localKeyName, roles: ['admin'] }, nowMs);
    writeLocalKey(this.#dataDir, accessKeyText(key));
    return record;
  }
}

/** Whether the data folder holds a key that works. */
function hasLocalKey(dataDir: string, keys: readonly KeyRecord[], nowMs: number): boolean {
  const key: AccessKey | undefined = parseAccessKey(readLocalKey(dataDir) ?? '');
  const record = keys.find(({ id }) => id === key?.id);
  return record !== undefined && keyStateOf(record, nowMs) === 'active';
}

function shown({ record, key }: IssuedKey): OfflineKey {
  return { record, text: accessKeyText(key) };
}

function replaced(keys: readonly KeyRecord[], record: KeyRecord): readonly KeyRecord[] {
  return keys.map((one) => (one.id === record.id ? record : one));
}

function found(keys: readonly KeyRecord[], idOrName: string): KeyRecord {
  const [named, ...others] = keys.filter(({ name }) => name === idOrName);
  const record = keys.find(({ id }) => id === idOrName) ?? (others.length === 0 ? named : undefined);
  if (record !== undefined) return record;
  const what = others.length > 0 ? `${others.length + 1} keys have the name` : 'no key has the id or name';
  throw no(`key-not-found: ${what} ${idOrName}`);
}

function no(message: string): CommandError {
  return new CommandError('gateway-refused', exitCodes.no, message);
}
