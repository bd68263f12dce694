import { readFileSync } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { type ClusterFile, readClusterFile } from '../cluster/cluster-file.ts';
import { errorLine } from '../errors.ts';
import { readServerInfo } from '../nats/server-info.ts';
import { parseNatsAddress } from '../nats/running-server.ts';
import { howToGetNats, isSupportedVersion, minimumNatsVersion, parseVersion } from '../nats/version.ts';
import { readActorsReport } from '../output/actors-report.ts';
import type { NodeStatus, StatusReport } from '../output/status-report.ts';
import type { GatewayAddress } from './gateway-address.ts';
import { getJson, reason } from './gateway-api.ts';
import { judgeActors } from './judge-actors.ts';
import { judgeDigests } from './judge-digests.ts';
import { judgeRefusals } from './judge-refusals.ts';
import { asStatus } from './look-commands.ts';

/** One line of the doctor's report. `fix` is empty where nothing is wrong. */
export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix: string;
}

/** A gateway and its streams need a few files each; the usual soft limit of 1024 serves about 300 clients. */
const wantedOpenFiles = 4_096;
const freshEvidenceMs = 5_000;
const clockToleranceMs = 2_000;

/** Looks at a running cluster from outside and from this machine. Never throws: what fails is a finding. */
export async function diagnose(gatewayAddress: GatewayAddress, dataDir: string): Promise<Check[]> {
  const gateway = await checkGateway(gatewayAddress);
  const cluster = readClusterFile(dataDir);
  return [
    gateway.check,
    ...(gateway.report === undefined
      ? []
      : [...judgeNodes(gateway.report), await checkActors(gatewayAddress)]),
    await checkBus(cluster),
    await checkDataDir(dataDir),
    await checkClock(gatewayAddress.url),
    checkOpenFiles(),
    checkNode(process.versions.node),
  ];
}

async function checkGateway(address: GatewayAddress): Promise<{ check: Check; report?: StatusReport }> {
  try {
    const report = asStatus(await getJson(address, '/api/v1/status'), address);
    return { check: good('gateway', `${address.url} answers, ${report.nodes.length} nodes known`), report };
  } catch (error) {
    const detail = errorLine(error)
      .replace(/^drover: /, '')
      .replace(/;.*$/, '');
    return { check: bad('gateway', detail, 'start one with "drover up", or name its address with --url') };
  }
}

/** What the nodes' states say. Pure. */
export function judgeNodes(report: StatusReport): Check[] {
  // Whoever left in order said so: nothing is wrong with that.
  const expected = report.nodes.filter((node) => node.state !== 'left');
  const stale = expected.filter(
    (node) => node.state === 'unreachable' || node.evidenceAgeMs > freshEvidenceMs,
  );
  const nodes =
    stale.length === 0
      ? good('nodes', `all ${expected.length} heard within ${freshEvidenceMs / 1000} s`)
      : bad(
          'nodes',
          `silent: ${stale.map(nodeAge).join(', ')}`,
          'look at the process: it is gone, frozen or cut off from NATS',
        );
  const agents = report.nodes.filter(
    (node) => node.role.split(',').includes('node-agent') && node.state === 'alive',
  );
  const serving = agents.filter((node) =>
    (node.instances ?? []).some((instance) => instance.state === 'ready'),
  );
  const down = agents.filter((node) => !serving.includes(node));
  const hosts =
    agents.length > 0 && down.length === 0
      ? good('hosts', `${serving.length} ready`)
      : bad(
          'hosts',
          agents.length === 0
            ? 'no node-agent is alive'
            : `not ready: ${down.map((node) => node.id).join(', ')}`,
          'start Ollama there ("ollama serve") and look at its node-agent\'s log',
        );
  const models = new Set(serving.flatMap((node) => (node.models ?? []).map((model) => model.name)));
  const catalogue =
    models.size > 0 || serving.length === 0
      ? good('models', `${models.size} on the ready hosts`)
      : bad('models', 'no ready host has a model', 'ollama pull llama3.2');
  const leaderless = report.nodes.some(
    (node) => node.role.split(',').includes('host') && node.state === 'alive',
  );
  const host = leaderless
    ? good('agents', 'a host is alive')
    : bad('agents', 'no host is alive, so no agent runs', 'start one with "drover host"');
  const copies = judgeDigests(serving);
  const refusals = judgeRefusals(agents);
  return [
    nodes,
    hosts,
    catalogue,
    copies.ok ? good('copies', copies.detail) : bad('copies', copies.detail, copies.fix),
    refusals.ok ? good('refusals', refusals.detail) : bad('refusals', refusals.detail, refusals.fix),
    host,
  ];
}

async function checkActors(address: GatewayAddress): Promise<Check> {
  const fix = '"drover actors" shows the last failure and what to do';
  try {
    const report = readActorsReport(await getJson(address, '/api/v1/actors'));
    if (report === undefined)
      return bad('actors', 'the gateway does not tell them', 'start the gateway anew');
    const { ok, detail } = judgeActors(report);
    return ok ? good('actors', detail) : bad('actors', detail, fix);
  } catch (error) {
    return bad('actors', errorLine(error).replace(/^drover: /, ''), fix);
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
    return good('nats', `version ${version} at ${host}:${port}, durability ${cluster.durability}`);
  } catch (error) {
    return bad(
      'nats',
      `no NATS answers at ${host}:${port}: ${reason(error)}`,
      'start it; drover up starts its own again by itself',
    );
  }
}

async function checkDataDir(dataDir: string): Promise<Check> {
  try {
    await access(dataDir, constants.W_OK);
    const { mode } = await stat(dataDir);
    return (mode & 0o077) === 0
      ? good('data folder', `${dataDir} is writable and private`)
      : bad('data folder', `${dataDir} holds keys and others may look into it`, `chmod 700 ${dataDir}`);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing
      ? good('data folder', `${dataDir} does not exist yet`)
      : bad('data folder', `${dataDir} cannot be written`, 'make it yours, or name another with --data');
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
      : bad('clock', `${Math.round(apartMs / 1000)} s apart from the gateway's`, 'synchronise both with NTP');
  } catch {
    return good('clock', 'not compared: the gateway does not answer');
  }
}

function checkOpenFiles(): Check {
  const limit = softOpenFiles();
  if (limit === undefined) return good('open files', 'the limit cannot be read on this system');
  return limit >= wantedOpenFiles
    ? good('open files', `limit ${limit}`)
    : bad('open files', `limit ${limit}, wanted ${wantedOpenFiles} or more`, `ulimit -n ${wantedOpenFiles}`);
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

function good(check: string, detail: string): Check {
  return { check, ok: true, detail, fix: '' };
}

function bad(check: string, detail: string, fix: string): Check {
  return { check, ok: false, detail, fix };
}
