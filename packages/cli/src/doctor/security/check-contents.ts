import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterFile } from '../../cluster/cluster-file.ts';
import { platform } from '../../platform/platform.ts';
import { bad, type Check, good } from '../check.ts';

/** What the store holds of the contents of requests. None of it is encrypted (docs/SECURITY.md, Contents at rest). */
const stored =
  'unencrypted in the store: memory and queues until they are deleted, inputs and results of agents, and requests with x-drover-on-disconnect for 10 minutes at most';

/** Says which contents are stored, and whether other users of this machine can read them. */
export async function checkContents(
  cluster: Pick<ClusterFile, 'issuer'> | undefined,
  dataDir: string,
): Promise<Check> {
  if (cluster?.issuer === undefined) return judgeContents(undefined);
  const store = join(dataDir, 'jetstream');
  const isOpen = platform.hasFileModes && (await isOpenToOthers(dataDir)) && (await isOpenToOthers(store));
  return judgeContents({ store, isOpen });
}

/** @param place the folder of the store; undefined where it is not in this data folder. Pure. */
export function judgeContents(
  place: { readonly store: string; readonly isOpen: boolean } | undefined,
): Check {
  if (place === undefined) return good('contents', `${stored}; the store is not in this data folder`);
  return place.isOpen
    ? bad('contents', `other users of this machine can read ${place.store}`, `chmod 700 ${place.store}`)
    : good('contents', `${stored}; only this user can read ${place.store}`);
}

async function isOpenToOthers(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  return found !== undefined && (found.mode & 0o007) !== 0;
}
