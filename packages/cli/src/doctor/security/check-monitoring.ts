import { networkInterfaces } from 'node:os';
import type { ClusterFile } from '../../cluster/cluster-file.ts';
import { parseNatsAddress } from '../../nats/running-server.ts';
import { isLoopbackAddress } from '../../network/open-address.ts';
import { bad, type Check, good } from '../check.ts';

/** Port of the monitoring pages in the documents of NATS. */
const monitoringPort = 8222;
const timeoutMs = 1_500;
/** Addresses that are tried. */
const maxAddresses = 16;

/**
 * Looks for the monitoring pages of NATS, which need no credentials and show connections, accounts and streams, at the
 * address of NATS and, for a NATS on this machine, at all addresses that other machines reach.
 */
export async function checkMonitoring(cluster: Pick<ClusterFile, 'natsUrl'> | undefined): Promise<Check> {
  if (cluster === undefined) return good('monitoring', 'not checked: no drover up uses this data folder');
  const { host } = parseNatsAddress('nats', cluster.natsUrl);
  const addresses = isLoopbackAddress(host) ? outerAddresses() : [host];
  const found = await Promise.all(
    addresses.map(async (address) => ((await isMonitoring(address)) ? [address] : [])),
  );
  return judgeMonitoring(found.flat());
}

/** @param open addresses where the pages of NATS are served. Pure. */
export function judgeMonitoring(open: readonly string[]): Check {
  return open.length === 0
    ? good('monitoring', `no monitoring pages of NATS where other machines reach port ${monitoringPort}`)
    : bad(
        'monitoring',
        `other machines can read the monitoring pages of NATS: ${open.join(', ')}, port ${monitoringPort}`,
      );
}

function outerAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses = []) => addresses.filter(({ internal, scopeid }) => !internal && !scopeid))
    .map(({ address }) => address)
    .slice(0, maxAddresses);
}

async function isMonitoring(address: string): Promise<boolean> {
  const host = address.includes(':') ? `[${address}]` : address;
  try {
    const response = await fetch(`http://${host}:${monitoringPort}/varz`, {
      signal: AbortSignal.timeout(timeoutMs),
    });
    return (await response.text()).includes('"server_id"');
  } catch {
    return false;
  }
}
