import { isOpenToOthers } from '../doctor/check-machine.ts';
import { isLoopbackAddress } from '../network/open-address.ts';

/** What is open to others than it should be, one sentence each. */
export async function warningsFor(host: string, dataDir: string): Promise<string[]> {
  const warnings: string[] = [];
  if (!isLoopbackAddress(host))
    warnings.push(
      `the gateway listens on ${host} and asks nobody for a key: whoever reaches it can use the fleet`,
    );
  if (await isOpenToOthers(dataDir))
    warnings.push(
      `${dataDir} holds the keys of the cluster and others may look into it: chmod 700 ${dataDir}`,
    );
  return warnings;
}
