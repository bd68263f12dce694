import { removeClusterFile, writeClusterFile } from '../cluster/cluster-file.ts';
import { type DataLock, lockDataDir } from '../cluster/data-lock.ts';
import { cell, type UpConfig } from '../config.ts';
import { CommandError, exitCodes } from '../errors.ts';
import { choosePort } from '../network/port.ts';
import { chooseHosts, type HostChoice, type HostWish, planProbes } from '../ollama/choose-hosts.ts';
import { type OllamaUrl, shownUrl } from '../ollama/ollama-address.ts';
import { type ProbeResult, probeOllama } from '../ollama/probe.ts';
import { identityOf } from '../process/process-identity.ts';
import type { ProcessSpec, SupervisedProcess } from '../process/supervised-process.ts';
import { type Bus, prepareBus } from './bus.ts';
import { childEnvironment } from './child-environment.ts';
import { exampleModel } from './examples.ts';
import type { LocalCluster } from './local-cluster.ts';
import { waitUntilReady } from './readiness.ts';
import { warningsFor } from './warnings.ts';
import type { ReadyEvent, ReadyProcess, UpReporter } from './reporter.ts';
import { launchRole } from './role-process.ts';
import { launchSimulatedHost, simulatedModels } from './simulated-host.ts';

export interface StartContext {
  readonly config: UpConfig;
  readonly environment: NodeJS.ProcessEnv;
  readonly reporter: UpReporter;
  readonly cluster: LocalCluster;
  /** Aborted when the start is to be given up. */
  readonly signal: AbortSignal;
}

/** A cluster that serves, and what a person is told about it. */
export interface StartedCluster {
  readonly ready: ReadyEvent;
  /** For the example lines; undefined when no host has a model yet. */
  readonly model: string | undefined;
  readonly withoutModels: readonly OllamaUrl[];
}

/** One Ollama of the fleet. */
interface Host {
  readonly url: OllamaUrl;
  readonly simulated: boolean;
  readonly models: readonly string[];
}

const guessTimeoutMs = 1_000;
const namedTimeoutMs = 3_000;
const roleReadyMs = 20_000;
const clusterReadyMs = 30_000;
/** The gateway's part of the 10 s that a stop may take; the rest is for the others. */
const gatewayDrainMs = 8_000;
const fatalExitCodes: readonly number[] = [exitCodes.usage, exitCodes.missing, exitCodes.inUse];

/**
 * Takes what can be refused cheaply first (addresses, port, folder), then starts everything: NATS and simulated
 * hosts, then all roles together, then waits for a first success.
 *
 * @throws CommandError for everything a person can cure
 */
export async function startCluster(
  context: StartContext,
  hold: (lock: DataLock) => void,
): Promise<StartedCluster> {
  const { config, environment, reporter, cluster } = context;
  const wish: HostWish = { ollama: config.ollama, sim: config.sim, ollamaHost: environment['OLLAMA_HOST'] };
  const plan = planProbes(wish);
  const port = await choosePort({ port: config.port, explicit: config.portIsExplicit }, config.host);
  if (port.movedFrom !== undefined) reporter.progress(`port ${port.movedFrom} is taken: using ${port.port}`);
  const probes = await probeAll(plan.named, plan.guessed);
  const choice = chooseHosts(wish, plan, probes);
  for (const note of choice.notes) reporter.progress(note);
  context.signal.throwIfAborted();
  const lock = takeDataDir(context);
  hold(lock);
  for (const warning of await warningsFor(config.host, lock.dataDir)) reporter.warn(warning);
  const bus = await prepareBus({
    config,
    dataDir: lock.dataDir,
    environment,
    progress: (line) => reporter.progress(line),
    onLog: cluster.logOf('nats'),
  });
  context.signal.throwIfAborted();

  if (bus.process !== undefined) await cluster.start(bus.process);
  const url = `http://${urlHost(config.host)}:${port.port}`;
  writeClusterFile(lock.dataDir, {
    version: 1,
    cell,
    up: identityOf(process.pid) ?? { pid: process.pid, startTime: '' },
    natsUrl: bus.url,
    natsVersion: bus.version,
    gatewayUrl: url,
    listenHost: config.host,
    durability: bus.durability,
    ...bus.access,
  });
  context.signal.throwIfAborted();

  // The roles start while the simulated hosts do; only the node-agents need to know them.
  const hosts = await startRoles(context, bus, port.port, choice, probes);
  const simulated = hosts.some((host) => host.simulated);
  await waitUntilReady({
    url,
    firstRequestModel:
      hosts.length > 0 && hosts.every((host) => host.simulated) ? talkingModel(hosts) : undefined,
    instances: hosts.length,
    timeoutMs: clusterReadyMs,
    signal: context.signal,
  });
  const ready: ReadyEvent = {
    event: 'ready',
    url,
    pid: process.pid,
    nats: natsOf(bus, cluster),
    processes: cluster.processes
      .filter((process) => process.role !== 'nats')
      .map((process) => describe(process, hosts)),
    simulated,
    dataDir: lock.dataDir,
  };
  return {
    ready,
    model: exampleModel(hosts.flatMap((host) => host.models)),
    withoutModels: choice.withoutModels.map(shownUrl),
  };
}

/** Removes what tells others about the cluster. */
export function endCluster(lock: DataLock): void {
  removeClusterFile(lock.dataDir);
  lock.release();
}

function takeDataDir({ config, reporter }: StartContext): DataLock {
  const chosen = attemptLock(config);
  if ('holderPid' in chosen) {
    throw new CommandError(
      'data-in-use',
      exitCodes.inUse,
      `the data folder ${config.data} is in use by another drover up (pid ${chosen.holderPid})`,
      { fix: 'stop that one, or name another folder with --data' },
    );
  }
  if (chosen.movedFrom !== undefined) {
    const { dataDir, pid } = chosen.movedFrom;
    reporter.progress(`${dataDir} is in use by pid ${pid}: using ${chosen.lock.dataDir}`);
  }
  return chosen.lock;
}

function attemptLock({ data, dataIsExplicit }: UpConfig): ReturnType<typeof lockDataDir> {
  try {
    return lockDataDir(data, { mayMove: !dataIsExplicit });
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new CommandError(
      'bad-configuration',
      exitCodes.usage,
      `--data ${data} cannot be written (${code})`,
      {
        fix: 'make the folder yours, or name another',
        cause: error,
      },
    );
  }
}

function probeAll(named: readonly OllamaUrl[], guessed: readonly OllamaUrl[]): Promise<ProbeResult[]> {
  return Promise.all([
    ...named.map((url) => probeOllama(url, namedTimeoutMs)),
    ...guessed.map((url) => probeOllama(url, guessTimeoutMs)),
  ]);
}

async function startRoles(
  context: StartContext,
  bus: Bus,
  port: number,
  choice: HostChoice,
  probes: readonly ProbeResult[],
): Promise<Host[]> {
  const { config } = context;
  const gatewayFlags = [
    '--host',
    config.host,
    '--port',
    String(port),
    '--drain-timeout',
    `${gatewayDrainMs}ms`,
  ];
  const gateway = startRole(context, bus, 'gateway-1', 'gateway', gatewayFlags);
  const host = startRole(context, bus, 'host-1', 'host', []);
  const agents = resolveHosts(context, choice, probes).then(async (hosts) => {
    await Promise.all(
      hosts.map(({ url, simulated }, index) => {
        const flags = ['--slots', String(config.slots), ...(simulated ? ['--simulated'] : [])];
        // The address may hold a password: it never stands in a process list.
        return startRole(context, bus, `agent-${index + 1}`, 'node-agent', flags, { DROVER_OLLAMA: url });
      }),
    );
    return hosts;
  });
  const [, , hosts] = await Promise.all([gateway, host, agents]);
  return hosts;
}

/** The hosts named or found, or simulated ones, started here. */
async function resolveHosts(
  context: StartContext,
  choice: HostChoice,
  probes: readonly ProbeResult[],
): Promise<Host[]> {
  if (choice.simulate === 0) {
    return choice.hosts.map((url) => {
      const probe = probes.find((candidate) => candidate.url === url);
      return probe?.kind === 'ollama'
        ? { url, simulated: probe.simulated, models: probe.models }
        : { url, simulated: false, models: [] };
    });
  }
  const numbers = Array.from({ length: choice.simulate }, (_, index) => index + 1);
  const started = await Promise.all(
    numbers.map((number) => context.cluster.start(simulatedSpec(context, `sim-${number}`))),
  );
  return started.map((process) => ({
    url: process.report.url ?? '',
    simulated: true,
    models: simulatedModels.map((model) => `${model}:latest`),
  }));
}

function simulatedSpec({ config, environment, cluster }: StartContext, id: string): ProcessSpec {
  // A later life listens where the first one did, because its node-agent knows it by its address.
  let port = 0;
  return {
    id,
    role: 'ollama-sim',
    readyTimeoutMs: roleReadyMs,
    launch: () => {
      const child = launchSimulatedHost({
        slots: config.slots,
        port,
        environment: childEnvironment(environment, {}),
        onLog: cluster.logOf(id),
      });
      const remember = async (): Promise<void> => {
        const { url } = await child.ready;
        if (url !== undefined) port = Number(new URL(url).port);
      };
      void remember();
      return child;
    },
  };
}

async function startRole(
  { config, environment, cluster }: StartContext,
  bus: Bus,
  id: string,
  role: 'gateway' | 'node-agent' | 'host',
  flags: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<SupervisedProcess> {
  const access = await bus.environmentFor(id, role);
  const added = {
    ...config.handedOn[role],
    ...access,
    ...settings,
    DROVER_LOG_LEVEL: config.logLevel,
  };
  return cluster.start({
    id,
    role,
    readyTimeoutMs: roleReadyMs,
    fatalExitCodes,
    launch: () =>
      launchRole({
        args: [role, '--id', id, ...flags],
        environment: childEnvironment(environment, added),
        onLog: cluster.logOf(id),
      }),
  });
}

function talkingModel(hosts: readonly Host[]): string | undefined {
  return exampleModel(hosts.flatMap((host) => host.models));
}

function natsOf(bus: Bus, cluster: LocalCluster): ReadyEvent['nats'] {
  const process = cluster.processes.find((candidate) => candidate.role === 'nats');
  const version = bus.version;
  return process === undefined ? { url: bus.url, version } : { url: bus.url, pid: process.pid, version };
}

function describe(process: SupervisedProcess, hosts: readonly Host[]): ReadyProcess {
  const { id, role, pid } = process;
  if (role === 'ollama-sim') return { id, role, pid, ollamaUrl: process.report.url ?? '', simulated: true };
  if (role !== 'node-agent') return { id, role, pid };
  const host = hosts[Number(id.replace('agent-', '')) - 1];
  return host === undefined
    ? { id, role, pid }
    : { id, role, pid, ollamaUrl: shownUrl(host.url), simulated: host.simulated };
}

/** The host part of the URL that people call: an address that means "everywhere" is called as loopback. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
