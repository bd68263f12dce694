import { removeClusterFile, writeClusterFile } from '../cluster/cluster-file.ts';
import type { DataLock } from '../cluster/data-lock.ts';
import { cell, type UpConfig } from '../config.ts';
import { keysFilePath, readKeysFile, readLocalKey } from '../keys/keys-file.ts';
import { requireDoor } from '../keys/open-door.ts';
import { diskSpaceOf, FullDiskWatch } from '../nats/full-disk-watch.ts';
import { callableHost } from '../network/open-address.ts';
import { choosePort } from '../network/port.ts';
import { chooseHosts, type HostWish, planProbes } from '../ollama/choose-hosts.ts';
import { type OllamaUrl, shownUrl } from '../ollama/ollama-address.ts';
import { type ProbeResult, probeOllama } from '../ollama/probe.ts';
import { parseLogLine } from '../output/log-line.ts';
import { identityOf } from '../process/process-identity.ts';
import { type Bus, prepareBus } from './bus.ts';
import { takeDataDir } from './data-folder.ts';
import { exampleModel } from './examples.ts';
import { waitUntilReady } from './readiness.ts';
import { readyEvent } from './ready-event.ts';
import type { ReadyEvent } from './reporter.ts';
import type { StartContext } from './start-context.ts';
import { type OllamaHost, startHosts } from './start-hosts.ts';
import { startRoles } from './start-roles.ts';
import { warningsFor } from './warnings.ts';

/** A cluster that serves requests, and what the banner shows about it. */
export interface StartedCluster {
  readonly ready: ReadyEvent;
  /** Model of the example command lines; undefined when no host has a model yet. */
  readonly model: string | undefined;
  readonly withoutModels: readonly OllamaUrl[];
}

const guessedTimeoutMs = 1_000;
const namedTimeoutMs = 3_000;
const clusterReadyMs = 60_000;

/**
 * Starts a cluster. First the steps that can fail without an effect (addresses, port, data folder), then NATS, then the
 * simulated hosts and all roles together; finally it waits until the gateway serves.
 *
 * @param hold receives the lock of the data folder as soon as it is taken
 * @throws CommandError for every failure that the user can fix
 */
export async function startCluster(
  context: StartContext,
  hold: (lock: DataLock) => void,
): Promise<StartedCluster> {
  const { config, environment, reporter, cluster, signal } = context;
  requireKeys(config, config.data);
  const wish: HostWish = { ollama: config.ollama, sim: config.sim, ollamaHost: environment['OLLAMA_HOST'] };
  const plan = planProbes(wish);
  const { port, movedFrom } = await choosePort(
    { port: config.port, explicit: config.portIsExplicit },
    config.host,
  );
  const grpcPort =
    config.grpcPort === undefined
      ? undefined
      : (await choosePort({ port: config.grpcPort, explicit: true }, config.host)).port;
  if (movedFrom !== undefined) reporter.progress(`port ${movedFrom} is taken: using ${port}`);
  const probes = await probeAll(plan.named, plan.guessed);
  const choice = chooseHosts(wish, plan, probes);
  for (const note of choice.notes) reporter.progress(note);
  signal.throwIfAborted();
  const lock = takeDataDir(config, (message) => reporter.progress(message));
  hold(lock);
  const { dataDir } = lock;
  requireKeys(config, dataDir);
  for (const warning of await warningsFor(config, dataDir)) reporter.warn(warning);
  const bus = await prepareBus({
    config,
    dataDir,
    environment,
    progress: (line) => reporter.progress(line),
    onLog: withFullDiskWatch(context, dataDir, cluster.logOf('nats')),
  });
  signal.throwIfAborted();
  await Promise.all(bus.processes.map((spec) => cluster.start(spec)));
  const url = `${config.tls ? 'https' : 'http'}://${callableHost(config.host)}:${port}`;
  publishCluster(dataDir, bus, url, config);
  signal.throwIfAborted();
  const hosts = await startRoles(
    { ...context, dataDir },
    bus,
    { port, grpcPort },
    startHosts(context, choice, probes),
  );
  await waitUntilReady({
    url,
    firstRequestModel: modelToProve(hosts),
    instances: hosts.length,
    timeoutMs: clusterReadyMs,
    tls: config.tls,
    key: readLocalKey(dataDir),
    signal,
  });
  return {
    ready: readyEvent({
      url,
      grpcPort,
      host: config.host,
      dataDir,
      bus,
      processes: cluster.processes,
      hosts,
    }),
    model: talkingModel(hosts),
    withoutModels: choice.withoutModels.map(shownUrl),
  };
}

/** The keys of a cluster on another NATS are not in the data folder: its gateway reads them. @throws CommandError */
function requireKeys({ host, insecure, issuer, nats }: UpConfig, dataDir: string): void {
  if (nats === undefined)
    requireDoor({ host, insecure, issuer }, readKeysFile(keysFilePath(dataDir)), Date.now());
}

/** The handler for the log of nats-server, which also restarts nats-server after its disk was full. */
function withFullDiskWatch(
  { reporter, cluster, signal }: StartContext,
  dataDir: string,
  onLog: (line: string) => void,
): (line: string) => void {
  const watch = new FullDiskWatch({
    space: () => diskSpaceOf(dataDir),
    restart: () => cluster.restart('nats'),
    onFull: (line) => {
      const detail = parseLogLine(line).text;
      reporter.event({ event: 'store-full', detail });
      reporter.terminal.line(
        reporter.terminal.style(
          'red',
          `the disk of ${dataDir} is full: nothing is recorded until there is room`,
        ),
      );
    },
    onRoom: ({ freeBytes }) => {
      const evidence = `${Math.floor(freeBytes / 1024 / 1024)} MiB free`;
      reporter.event({ event: 'remedy', action: 'restart', subject: 'nats', cause: 'disk-full', evidence });
      reporter.terminal.line(
        reporter.terminal.style(
          'yellow',
          `the disk has room again (${evidence}): restarting nats-server, which confirms no write before`,
        ),
      );
    },
  });
  signal.addEventListener('abort', () => watch.close(), { once: true });
  return (line) => {
    onLog(line);
    watch.note(line);
  };
}

/** Removes the cluster file and releases the data folder. */
export function endCluster(lock: DataLock): void {
  removeClusterFile(lock.dataDir);
  lock.release();
}

/** Writes the file by which other processes on this machine find the cluster. */
function publishCluster(
  dataDir: string,
  bus: Bus,
  gatewayUrl: string,
  { host, issuer, tls }: UpConfig,
): void {
  writeClusterFile(dataDir, {
    version: 1,
    cell,
    up: identityOf(process.pid) ?? { pid: process.pid, startTime: '' },
    natsUrl: bus.url,
    natsVersion: bus.version,
    gatewayUrl,
    ...(tls && { gatewayTls: tls }),
    listenHost: host,
    ...(issuer !== '' && { tokenIssuer: issuer }),
    durability: bus.durability,
    ...bus.access,
  });
}

function probeAll(named: readonly OllamaUrl[], guessed: readonly OllamaUrl[]): Promise<ProbeResult[]> {
  return Promise.all([
    ...named.map((url) => probeOllama(url, namedTimeoutMs)),
    ...guessed.map((url) => probeOllama(url, guessedTimeoutMs)),
  ]);
}

/**
 * The model for a first request that shows that the cluster works. Undefined with a real Ollama: the request would make
 * it load a model.
 */
function modelToProve(hosts: readonly OllamaHost[]): string | undefined {
  const areSimulated = hosts.length > 0 && hosts.every(({ simulated }) => simulated);
  return areSimulated ? talkingModel(hosts) : undefined;
}

function talkingModel(hosts: readonly OllamaHost[]): string | undefined {
  return exampleModel(hosts.flatMap(({ models }) => models));
}
