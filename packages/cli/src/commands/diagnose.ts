import { readFileSync } from 'node:fs';
import { type ClusterFile, readClusterFile } from '../cluster/cluster-file.ts';
import { bad, type Check, good } from '../doctor/check.ts';
import { checkAddress, checkDataDir, checkDisk, checkStoreFolder } from '../doctor/check-machine.ts';
import { checkStore } from '../doctor/check-store.ts';
import { checkTokens } from '../doctor/check-tokens.ts';
import { errorLine } from '../errors.ts';
import { parseNatsAddress, requirePayload } from '../nats/running-server.ts';
import { readServerInfo } from '../nats/server-info.ts';
import { howToGetNats, isSupportedVersion, minimumNatsVersion, parseVersion } from '../nats/version.ts';
import { readActorsReport } from '../output/actors-report.ts';
import { printable } from '../output/figures.ts';
import type { NodeStatus, StatusReport } from '../output/status-report.ts';
import type { GatewayAddress } from './gateway-address.ts';
import { getJson, reason } from './gateway-api.ts';
import { judgeActors } from './judge-actors.ts';
import { judgeDigests } from './judge-digests.ts';
import { judgeRefusals } from './judge-refusals.ts';
import { asStatus } from './look-commands.ts';

/** A gateway and its streams need a few files each; the usual soft limit of 1024 serves about 300 clients. */
const wantedOpenFiles = 4_096;
const freshEvidenceMs = 5_000;
/** A replaced process ends within moments: an older announcement than this is not a fault. */
const rivalFreshMs = 10_000;
const clockToleranceMs = 2_000;

export interface DiagnoseOptions {
  /** Load a model on hosts that have none loaded. @default false */
  readonly isDeep?: boolean;
}

/** Looks at a running cluster from outside and from this machine. Never throws: what fails is a finding. */
export async function diagnose(
  gatewayAddress: GatewayAddress,
  dataDir: string,
  { isDeep = false }: DiagnoseOptions = {},
): Promise<Check[]> {
  const gateway = await checkGateway(gatewayAddress);
  const cluster = readClusterFile(dataDir);
  const { report } = gateway;
  const [proven, bus, disk, folder, clock] = await Promise.all([
    report === undefined ? Promise.resolve([]) : proveCluster(gatewayAddress, report, isDeep),
    checkBus(cluster),
    checkDisk(dataDir),
    checkDataDir(dataDir),
    checkClock(gatewayAddress.url),
  ]);
  return [
    gateway.check,
    ...proven,
    bus,
    disk,
    checkStoreFolder(cluster, dataDir),
    folder,
    checkAddress(cluster),
    clock,
    checkOpenFiles(),
    checkNode(process.versions.node),
  ];
}

async function proveCluster(
  address: GatewayAddress,
  report: StatusReport,
  isDeep: boolean,
): Promise<Check[]> {
  const proofs = await Promise.all([
    checkTokens(address, report, isDeep),
    checkStore(address),
    checkActors(address),
  ]);
  return [...judgeNodes(report), ...proofs];
}

async function checkGateway(address: GatewayAddress): Promise<{ check: Check; report?: StatusReport }> {
  try {
    const report = asStatus(await getJson(address, '/api/v1/status'), address);
    return { check: good('gateway', `${address.url} answers, ${report.nodes.length} nodes known`), report };
  } catch (error) {
    const detail = errorLine(error)
      .replace(/^drover: /, '')
      .replace(/;.*$/, '');
    return { check: bad('gateway', detail) };
  }
}

/** What the nodes' states say. Pure. */
export function judgeNodes(report: StatusReport): Check[] {
  // A node that left in order is not a fault.
  const expected = report.nodes.filter((node) => node.state !== 'left');
  const stale = expected.filter(
    (node) => node.state === 'unreachable' || node.evidenceAgeMs > freshEvidenceMs,
  );
  const nodes =
    stale.length === 0
      ? good('nodes', `all ${expected.length} heard within ${freshEvidenceMs / 1000} s`)
      : bad('nodes', `silent: ${stale.map(nodeAge).join(', ')}`);
  const agents = report.nodes.filter(
    (node) => node.role.split(',').includes('node-agent') && node.state === 'alive',
  );
  const serving = agents.filter((node) =>
    (node.instances ?? []).some((instance) => instance.state === 'ready'),
  );
  const models = new Set(serving.flatMap((node) => (node.models ?? []).map((model) => model.name)));
  const isHostAlive = report.nodes.some(
    (node) => node.role.split(',').includes('host') && node.state === 'alive',
  );
  const copies = judgeDigests(serving);
  const refusals = judgeRefusals(agents);
  return [
    nodes,
    judgeNames(expected),
    judgeHosts(agents),
    models.size > 0 || serving.length === 0
      ? good('models', `${models.size} on the ready hosts`)
      : bad('models', 'no ready host has a model'),
    copies.ok ? good('copies', copies.detail) : bad('copies', copies.detail, copies.fix),
    refusals.ok ? good('refusals', refusals.detail) : bad('refusals', refusals.detail, refusals.fix),
    isHostAlive ? good('agents', 'a host is alive') : bad('agents', 'no host is alive, so no agent runs'),
  ];
}

function judgeNames(nodes: readonly NodeStatus[]): Check {
  const twins = nodes.filter(({ rival }) => rival !== undefined && rival.ageMs <= rivalFreshMs);
  if (twins.length === 0) return good('names', 'each node id is used by one process');
  const named = twins.map(({ id, pid, rival }) => `${id} is used by pid ${pid} and by pid ${rival?.pid}`);
  return bad('names', printable(`${named.join('; ')}, each on its machine`));
}

/** Every Ollama counts: a node with one Ollama down is a fault, even if another one serves. */
function judgeHosts(agents: readonly NodeStatus[]): Check {
  const instances = agents.flatMap(({ id, instances: own }) => (own ?? []).map((one) => ({ id, ...one })));
  const down = instances.filter(({ state }) => state !== 'ready' && state !== 'draining');
  const mute = agents.filter(({ instances: own }) => (own ?? []).length === 0).map(({ id }) => id);
  if (agents.length === 0) return bad('hosts', 'no node-agent is alive');
  if (down.length === 0 && mute.length === 0) return good('hosts', `${instances.length} ready`);
  const told = [
    ...down.map(
      ({ id, name, state, reason: why }) =>
        `${name ?? 'an Ollama'} on ${id} is ${state}${why ? ` (${why})` : ''}`,
    ),
    ...mute.map((id) => `${id} has not said what it has`),
  ];
  return bad('hosts', printable(`not ready: ${told.join('; ')}`));
}

async function checkActors(address: GatewayAddress): Promise<Check> {
  try {
    const report = readActorsReport(await getJson(address, '/api/v1/actors'));
    if (report === undefined)
      return bad('actors', 'the gateway does not tell them', 'start the gateway anew');
    const { ok, detail } = judgeActors(report);
    return ok ? good('actors', detail) : bad('actors', detail);
  } catch (error) {
    return bad('actors', errorLine(error).replace(/^drover: /, ''));
  }
}

function nodeAge(node: NodeStatus): string {
  return `${node.id} (${(node.evidenceAgeMs / 1000).toFixed(1)} s)`;
}

async function checkBus(cluster: ClusterFile | undefined): Promise<Check> {
  if (cluster === undefined)
    return good('nats', 'no drover up uses this data folder: its NATS is not looked at');
  const { host, port } = parseNatsAddress('nats', cluster.natsUrl);
  try {
    const info = await readServerInfo(host, port, 3_000);
    const version = parseVersion(info.version) ?? '';
    if (!isSupportedVersion(version)) {
      return bad('nats', `version ${info.version}, needed ${minimumNatsVersion} or newer`, howToGetNats);
    }
    if (!info.jetStream) return bad('nats', 'it runs without JetStream', 'start it with --jetstream');
    requirePayload(`the nats-server at ${host}:${port}`, info.maxPayloadBytes);
    return good('nats', `version ${version} at ${host}:${port}, durability ${cluster.durability}`);
  } catch (error) {
    return bad('nats', `no NATS that serves at ${host}:${port}: ${reason(error)}`);
  }
}

/** Tokens and leases do not depend on wall clocks, but records and people do. */
async function checkClock(url: string): Promise<Check> {
  try {
    const response = await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(3_000) });
    await response.body?.cancel();
    const theirs = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(theirs)) return good('clock', 'the gateway does not tell its time');
    const apartMs = Math.abs(Date.now() - theirs);
    // The header has whole seconds.
    return apartMs <= clockToleranceMs
      ? good('clock', 'agrees with the gateway to the second')
      : bad('clock', `${Math.round(apartMs / 1000)} s apart from the gateway's`);
  } catch {
    return good('clock', 'not compared: the gateway does not answer');
  }
}

function checkOpenFiles(): Check {
  const limit = softOpenFiles();
  if (limit === undefined) return good('open files', 'the limit cannot be read on this system');
  return limit >= wantedOpenFiles
    ? good('open files', `limit ${limit}`)
    : bad('open files', `limit ${limit}, wanted ${wantedOpenFiles} or more`);
}

function softOpenFiles(): number | undefined {
  try {
    const match = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    if (match?.[1] === undefined) return undefined;
    return match[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(match[1]);
  } catch {
    return undefined;
  }
}

function checkNode(version: string): Check {
  return good('node', `version ${version}`);
}
