import type { KeyRecord } from '@drover/gateway/keys';
import { type ClusterFile, readClusterFile } from '../cluster/cluster-file.ts';
import { errorLine } from '../errors.ts';
import { readActorsReport } from '../gateway-client/actors-report.ts';
import type { GatewayAddress } from '../gateway-client/gateway-address.ts';
import { getJson } from '../gateway-client/gateway-api.ts';
import { keysFilePath, readKeysFile } from '../keys/keys-file.ts';
import { readVoters } from '../gateway-client/voters-report.ts';
import { asStatus, type StatusReport } from '../gateway-client/status-report.ts';
import { bad, type Check, good } from './check.ts';
import {
  checkAddress,
  checkClock,
  checkDataDir,
  checkDisk,
  checkNode,
  checkOpenFiles,
  checkStoreFolder,
} from './check-machine.ts';
import { checkNats } from './check-nats.ts';
import { checkQueues } from './check-queues.ts';
import { checkStore } from './check-store.ts';
import { checkTokens } from './check-tokens.ts';
import { judgeActors } from './judge-actors.ts';
import { checkTlsFiles } from './check-tls-files.ts';
import { judgeCertificate } from './judge-certificate.ts';
import { judgeAudit } from './judge-audit.ts';
import { judgeNodes } from './judge-nodes.ts';
import { judgeStorage } from './judge-storage.ts';
import { judgeVoters } from './judge-voters.ts';

export interface DiagnoseOptions {
  /** Load a model on hosts that have none loaded. @default false */
  readonly isDeep?: boolean;
}

/** A gateway opens the memory within some seconds of the start of a cluster. */
const maxLooks = 8;
const lookMs = 500;

/** Checks a running cluster and this machine, in the order of the report. Never throws: a failure is a finding. */
export async function diagnose(
  address: GatewayAddress,
  dataDir: string,
  { isDeep = false }: DiagnoseOptions = {},
): Promise<Check[]> {
  const gateway = await checkGateway(address);
  const { report } = gateway;
  const cluster = readClusterFile(dataDir);
  const [certificate, ofCluster, ofMachine] = await Promise.all([
    report === undefined ? checkTlsFiles(cluster) : judgeCertificate(report, Date.now()),
    report === undefined ? [] : checkCluster(address, report, isDeep),
    checkMachine(address, cluster, dataDir),
  ]);
  return [gateway.check, certificate, ...ofCluster, ...ofMachine];
}

async function checkCluster(
  address: GatewayAddress,
  report: StatusReport,
  isDeep: boolean,
): Promise<Check[]> {
  const [tokens, stored, actors, voters] = await Promise.all([
    checkTokens(address, report, isDeep),
    checkStored(address, report),
    checkActors(address),
    checkVoters(address, report),
  ]);
  return [...judgeNodes(report), tokens, ...stored, actors, ...voters];
}

/** The queues after the store: shortly after the start of a cluster its streams exist once the leader has answered. */
async function checkStored(address: GatewayAddress, report: StatusReport): Promise<Check[]> {
  const store = await checkStore(address);
  const opening = await opened(address, report);
  return [store, ...judgeStorage(opening), ...judgeAudit(opening), await checkQueues(address)];
}

/** The status again, shortly, where the gateway had not opened the memory yet. */
async function opened(address: GatewayAddress, first: StatusReport): Promise<StatusReport> {
  let report = first;
  for (let looks = 0; report.memoryLagMs === null && looks < maxLooks; looks++) {
    await new Promise<void>((resolve) => setTimeout(resolve, lookMs));
    report = await getJson(address, '/api/v1/status')
      .then((answer) => asStatus(answer, address))
      .catch(() => report);
  }
  return report;
}

async function checkMachine(
  address: GatewayAddress,
  cluster: ClusterFile | undefined,
  dataDir: string,
): Promise<Check[]> {
  const [nats, disk, folder, clock] = await Promise.all([
    checkNats(cluster),
    checkDisk(dataDir),
    checkDataDir(dataDir),
    checkClock(address),
  ]);
  const store = checkStoreFolder(cluster, dataDir);
  const node = checkNode(process.versions.node);
  return [nats, disk, store, folder, checkAddress(cluster, keysIn(dataDir)), clock, checkOpenFiles(), node];
}

/** The keys of the running `drover up`, which writes them to its data folder. */
function keysIn(dataDir: string): readonly KeyRecord[] {
  try {
    return readKeysFile(keysFilePath(dataDir));
  } catch {
    return [];
  }
}

async function checkGateway(address: GatewayAddress): Promise<{ check: Check; report?: StatusReport }> {
  try {
    const report = asStatus(await getJson(address, '/api/v1/status'), address);
    return { check: good('gateway', `${address.url} answers, ${report.nodes.length} nodes known`), report };
  } catch (error) {
    // The text after the semicolon is the fix of the error. The check has the same fix.
    return {
      check: bad(
        'gateway',
        errorLine(error)
          .replace(/^drover: /, '')
          .replace(/;.*$/, ''),
      ),
    };
  }
}

/** None for a gateway of 0.3.0, and without a control leader: the check of the control reports that. */
async function checkVoters(address: GatewayAddress, { groups = [] }: StatusReport): Promise<Check[]> {
  if (!groups.some(({ name, state }) => name === 'control' && state === 'led')) return [];
  try {
    return [judgeVoters(readVoters(await getJson(address, '/api/v1/cluster/voters'), address))];
  } catch (error) {
    return [bad('voters', errorLine(error).replace(/^drover: /, ''))];
  }
}

async function checkActors(address: GatewayAddress): Promise<Check> {
  try {
    const report = readActorsReport(await getJson(address, '/api/v1/actors'));
    if (report === undefined)
      return bad('actors', 'the gateway does not report its actors', 'restart the gateway with this version');
    return judgeActors(report);
  } catch (error) {
    return bad('actors', errorLine(error).replace(/^drover: /, ''));
  }
}
