import { isOpenToOthers } from '../doctor/check-machine.ts';
import { type DoorAddress, hasActiveKey } from '../keys/open-door.ts';
import { keysFilePath, readKeysFile } from '../keys/keys-file.ts';
import { isLoopbackAddress } from '../network/open-address.ts';

/** Warnings about access by other users or machines, one sentence each. */
export async function warningsFor(
  { host, issuer }: Pick<DoorAddress, 'host' | 'issuer'>,
  dataDir: string,
): Promise<string[]> {
  const warnings: string[] = [];
  const isAsked = issuer !== '' || hasActiveKey(readKeysFile(keysFilePath(dataDir)), Date.now());
  if (!isLoopbackAddress(host) && !isAsked)
    warnings.push(
      `the gateway listens on ${host} and needs no key: every machine that can reach it can use the fleet`,
    );
  if (await isOpenToOthers(dataDir))
    warnings.push(
      `${dataDir} holds the keys of the cluster and other users can read it: chmod 700 ${dataDir}`,
    );
  return warnings;
}
