import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KeyRecord, keyRecordSchema } from '@drover/gateway/keys';
import { z } from 'zod';
import { badConfiguration } from '../errors.ts';

const schema = z.object({ version: z.literal(1), keys: z.array(keyRecordSchema) });

/** Path of the file that holds the keys of a data folder: their digests, no secrets. */
export function keysFilePath(dataDir: string): string {
  return join(dataDir, 'keys.json');
}

/**
 * The keys of a data folder. A running `drover up` writes all keys of the cluster to it; `drover key --data` changes it
 * while none runs. Empty where there is no file.
 *
 * @throws CommandError `bad-configuration` for a file that cannot be read: the gateway must not start without its keys
 */
export function readKeysFile(path: string): readonly KeyRecord[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw badConfiguration(path, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const parsed = schema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data.keys;
  throw badConfiguration(
    path,
    'is damaged and holds the keys of the cluster: restore it from a backup; without it the keys in the store of NATS count alone',
  );
}

/** Replaces the file as a whole, so that a crash leaves the old one or the new one. */
export function writeKeysFile(path: string, keys: readonly KeyRecord[]): void {
  writePrivate(path, JSON.stringify({ version: 1, keys }));
}

const localKeyName = 'key';

/** The key with which the commands of this machine enter, from the data folder; undefined where there is none. */
export function readLocalKey(dataDir: string): string | undefined {
  try {
    const text = readFileSync(join(dataDir, localKeyName), 'utf8').trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

export function writeLocalKey(dataDir: string, text: string): void {
  writePrivate(join(dataDir, localKeyName), `${text}\n`);
}

/** Readable by the owner alone. */
function writePrivate(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    // The mode of `writeFileSync` counts only for a file that it makes.
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
