import { keyView } from '@drover/gateway/keys';
import { z } from 'zod';
import { auditDirOf } from '../../audit/audit-files.ts';
import { type ClusterFile, readClusterFile } from '../../cluster/cluster-file.ts';
import { errorLine } from '../../errors.ts';
import type { GatewayAddress } from '../../gateway-client/gateway-address.ts';
import { getJson } from '../../gateway-client/gateway-api.ts';
import { type KeyView, listKeys } from '../../gateway-client/key-api.ts';
import { asStatus, type StatusReport } from '../../gateway-client/status-report.ts';
import { keysFilePath, readKeysFile } from '../../keys/keys-file.ts';
import { isLoopbackAddress } from '../../network/open-address.ts';
import { bad, type Check, good } from '../check.ts';
import { checkAuditLog } from './check-audit-log.ts';
import { checkBrowsers } from './check-browsers.ts';
import { checkBus } from './check-bus.ts';
import { checkContents } from './check-contents.ts';
import { checkDoor } from './check-door.ts';
import { checkFiles } from './check-files.ts';
import { checkMonitoring } from './check-monitoring.ts';
import { checkTls } from './check-tls.ts';
import { judgeKeys, type KeyUse } from './judge-keys.ts';

/** Days of the usage of keys that are looked at. */
const useDays = 90;
const dayMs = 24 * 3_600_000;

/**
 * Checks how a running cluster and this machine are guarded, in the order of the report. Several faults of one check
 * are several findings. Never throws: a failure is a finding.
 */
export async function diagnoseSecurity(address: GatewayAddress, dataDir: string): Promise<Check[]> {
  const cluster = readClusterFile(dataDir);
  const isOpen = isReachable(address, cluster);
  const keys = await readKeys(address, dataDir, cluster);
  const status = await readStatus(address);
  const [ofGateway, ofMachine] = await Promise.all([
    status.report === undefined
      ? []
      : checkGateway(address, dataDir, { isOpen, keys, report: status.report }),
    checkMachine(cluster, dataDir, keys.length > 0),
  ]);
  return [status.check, ...ofGateway, ...ofMachine];
}

interface GatewayFacts {
  readonly isOpen: boolean;
  readonly keys: readonly KeyView[];
  readonly report: StatusReport;
}

async function checkGateway(
  address: GatewayAddress,
  dataDir: string,
  { isOpen, keys, report }: GatewayFacts,
): Promise<readonly Check[]> {
  const { url } = address;
  const [door, use, tls, browsers, audit] = await Promise.all([
    checkDoor(url, { isOpen, keys: keys.length }),
    readUse(address),
    checkTls(url, isOpen),
    checkBrowsers(url, isOpen),
    checkAuditLog(address, auditDirOf(dataDir), report, isOpen),
  ]);
  return [door, ...judgeKeys({ keys, use, isOpen, nowMs: Date.now() }), ...tls, ...browsers, audit];
}

async function checkMachine(
  cluster: ClusterFile | undefined,
  dataDir: string,
  hasKeys: boolean,
): Promise<readonly Check[]> {
  const [files, bus, monitoring, contents] = await Promise.all([
    checkFiles(cluster, dataDir),
    checkBus(cluster, hasKeys),
    checkMonitoring(cluster),
    checkContents(cluster, dataDir),
  ]);
  return [...files, ...bus, monitoring, contents];
}

/** Whether other machines can reach the gateway: by its listen address on this machine, else by its URL. */
function isReachable({ url }: GatewayAddress, cluster: ClusterFile | undefined): boolean {
  if (cluster?.gatewayUrl === url && cluster.listenHost !== undefined)
    return !isLoopbackAddress(cluster.listenHost);
  return URL.canParse(url) && !isLoopbackAddress(new URL(url).hostname);
}

async function readStatus(
  address: GatewayAddress,
): Promise<{ readonly check: Check; readonly report?: StatusReport }> {
  try {
    const report = asStatus(await getJson(address, '/api/v1/status'), address);
    const where = address.url;
    return { check: good('gateway', `${where} answers; other gateways are checked with --url`), report };
  } catch (error) {
    const text = errorLine(error).replace(/^drover: /, '');
    return { check: bad('gateway', text.replace(/;.*$/, '')) };
  }
}

/** The keys as the gateway has them; without it or without the right to see them, those of the data folder. */
async function readKeys(
  address: GatewayAddress,
  dataDir: string,
  cluster: ClusterFile | undefined,
): Promise<readonly KeyView[]> {
  try {
    return await listKeys(address);
  } catch {
    if (cluster === undefined) return [];
  }
  try {
    return readKeysFile(keysFilePath(dataDir)).map((record) => keyView(record, Date.now()));
  } catch {
    return [];
  }
}

const usageSchema = z.object({
  rows: z.array(z.object({ key: z.string().optional(), requests: z.number() })),
  complete: z.boolean(),
});

async function readUse(address: GatewayAddress): Promise<KeyUse | undefined> {
  const since = new Date(Date.now() - useDays * dayMs).toISOString();
  try {
    const query = new URLSearchParams({ by: 'key', since }).toString();
    const { rows, complete } = usageSchema.parse(await getJson(address, `/api/v1/usage?${query}`));
    if (!complete) return undefined;
    return { requests: new Map(rows.map(({ key = '', requests }) => [key, requests])), days: useDays };
  } catch {
    return undefined;
  }
}
