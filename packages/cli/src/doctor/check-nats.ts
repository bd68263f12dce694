import type { ClusterFile } from '../cluster/cluster-file.ts';
import { reason } from '../gateway-client/gateway-api.ts';
import { parseNatsAddress, requirePayload } from '../nats/running-server.ts';
import { readServerInfo } from '../nats/server-info.ts';
import { howToGetNats, isSupportedVersion, minimumNatsVersion, parseVersion } from '../nats/version.ts';
import { bad, type Check, good } from './check.ts';

const timeoutMs = 3_000;

/** Asks the NATS of the cluster for its version and limits. */
export async function checkNats(cluster: ClusterFile | undefined): Promise<Check> {
  if (cluster === undefined) return good('nats', 'not checked: no drover up uses this data folder');
  const { host, port } = parseNatsAddress('nats', cluster.natsUrl);
  try {
    const info = await readServerInfo(host, port, timeoutMs);
    const version = parseVersion(info.version) ?? '';
    if (!isSupportedVersion(version))
      return bad('nats', `version ${info.version}, needed ${minimumNatsVersion} or newer`, howToGetNats);
    if (!info.jetStream) return bad('nats', 'it runs without JetStream', 'start it with --jetstream');
    requirePayload(`the nats-server at ${host}:${port}`, info.maxPayloadBytes);
    return good('nats', `version ${version} at ${host}:${port}, durability ${cluster.durability}`);
  } catch (error) {
    return bad('nats', `no NATS that serves at ${host}:${port}: ${reason(error)}`);
  }
}
