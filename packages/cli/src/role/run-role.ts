import type { Logger } from '@drover/actor-core';
import { type ClusterNode, NodeDeclaredDeadError, NodeReplacedError } from '@drover/actor-core/cluster';
import type { LogLevel } from '../config.ts';
import { type ExitCode, exitCodes } from '../errors.ts';
import { askForSettings } from '../live-settings/ask-for-settings.ts';
import { followSettings } from '../live-settings/follow-settings.ts';
import type { LiveValues } from '../live-settings/live-values.ts';
import { serveSettings } from '../live-settings/serve-settings.ts';
import { type SettingsStore, settingsStoreOf } from '../live-settings/settings-store.ts';
import { requirePayload } from '../nats/running-server.ts';
import { exceedsLimit } from '../process/exceeds-limit.ts';
import type { Parent } from '../process/parent-watch.ts';
import { type ClusterAddress, type ClusterWish, findCluster } from './find-cluster.ts';
import { type JoinOptions, joinNode, sharedIdFix } from './join-node.ts';
import { askedToLeave, clusterDrainMs, type LeaveReason } from './leave-request.ts';
import { createRoleLog, type LogFormat, type RoleLog } from './role-logger.ts';
import { type RoleSteps, stopInOrder } from './stop-in-order.ts';
import {
  listenForStop,
  orphanStopMs,
  type RoleProgress,
  stopGraceMs,
  type StopReason,
} from './stop-request.ts';

/** The running part of a role on its node, such as a gateway. */
export interface RunningRole extends RoleSteps {
  /** Reported to the parent when the role is ready, such as the URL of the gateway. */
  readonly report?: Readonly<Record<string, unknown>>;
  /** Takes over the settings of the cluster. @throws InvalidArgumentError when they do not fit */
  reconfigure(packages: LiveValues['packages']): void;
}

export interface RoleOptions extends JoinOptions {
  readonly cluster: ClusterWish;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Time for running requests after the first signal. */
  readonly drainMs: number;
}

/** The actor system has ended by itself. */
interface SystemEnd {
  readonly cause: unknown;
}

/** Starts the role on a node that has joined the cluster. */
type StartRole = (node: ClusterNode, settings: SettingsStore) => Promise<RunningRole>;

/** What all incarnations of one process share. */
interface RoleRun {
  readonly options: RoleOptions;
  readonly start: StartRole;
  readonly address: ClusterAddress;
  readonly log: RoleLog;
  readonly progress: RoleProgress;
  readonly requested: Promise<StopReason>;
  readonly parent: Parent | undefined;
}

/**
 * Runs one role until a signal, a request of the cluster, the end of its parent or a failure. Resolves with the exit
 * code. A node that the cluster has declared dead joins again as a new incarnation.
 *
 * @throws CommandError when the cluster cannot be found or joined
 */
export async function runRole(options: RoleOptions, start: StartRole): Promise<ExitCode> {
  const progress: RoleProgress = { node: undefined, isServing: false };
  const { requested, parent } = listenForStop(progress);
  const address = await findCluster(options.cluster, options.id, [options.role]);
  const log = createRoleLog({ nodeId: options.id, level: options.logLevel, format: options.logFormat });
  exitOnUncaughtError(log);
  const run: RoleRun = { options, start, address, log, progress, requested, parent };
  let end = await runIncarnation(run);
  while (end === 'declared-dead') {
    log.logger.warn({ node: options.id }, 'joining the cluster again as a new incarnation');
    end = await runIncarnation(run);
  }
  log.flush();
  return end;
}

async function runIncarnation(run: RoleRun): Promise<ExitCode | 'declared-dead'> {
  const { options, start, address, log, progress, requested, parent } = run;
  const { logger, flush } = log;
  const node = await joinNode(options, address, logger);
  progress.node = node;
  const settings = settingsStoreOf(node);
  const terminated = node.system.terminated.then((cause): SystemEnd => ({ cause }));
  const starting = startOrLeave(node, flush, async () => {
    // The limit of the account can be lower than that of the server, and only a connection shows it.
    requirePayload(`the NATS at ${address.servers.join(', ')}`, node.transport.maxPayloadBytes);
    return start(node, settings);
  });
  const running = await startedOrEnded(starting, terminated);
  if ('cause' in running) return exitCodeOf(running, options.id, log);
  progress.isServing = true;
  logger.info({ ...running.report, role: options.role, incarnation: node.incarnation }, 'ready');
  parent?.report({ type: 'ready', ...running.report });
  const unfollow = followLiveSettings(node, settings, logger, ({ packages, logLevel }) => {
    running.reconfigure(packages);
    log.setLevel(logLevel ?? options.logLevel);
  });
  const over = new AbortController();
  const end = await Promise.race([requested, askedToLeave(node, over.signal), terminated]);
  over.abort();
  unfollow();
  if (typeof end !== 'object') return stop(run, node, running, end);
  if (!(end.cause instanceof NodeDeclaredDeadError)) return exitCodeOf(end, options.id, log);
  progress.isServing = false;
  await exceedsLimit(stopInOrder(node, running, 0), stopGraceMs);
  return 'declared-dead';
}

/** Hosts and gateways read the store; other nodes ask a host. @returns the function that ends it */
function followLiveSettings(
  node: ClusterNode,
  store: SettingsStore,
  log: Logger,
  apply: (values: LiveValues) => void,
): () => void {
  const { clock, roles } = node;
  if (!roles.includes('host') && !roles.includes('gateway'))
    return askForSettings({ node, clock, log, apply });
  const unfollow = followSettings({ store, clock, log, apply });
  if (!roles.includes('host')) return unfollow;
  const unserve = serveSettings(node, store, log);
  return () => {
    unserve();
    unfollow();
  };
}

/** Stops in order. A signal during a drain that the cluster asked for shortens it. */
async function stop(
  { options, log: { logger }, requested, parent }: RoleRun,
  node: ClusterNode,
  running: RunningRole,
  reason: StopReason | LeaveReason,
): Promise<ExitCode> {
  const drainMs = { orphan: 0, drain: clusterDrainMs, leave: options.drainMs, signal: options.drainMs }[
    reason
  ];
  const limitMs = reason === 'orphan' ? orphanStopMs : drainMs + stopGraceMs;
  logger.info({ reason }, 'stopping');
  const stopping = stopInOrder(node, running, drainMs);
  const isOfCluster = reason === 'drain' || reason === 'leave';
  const cut = isOfCluster
    ? Promise.race([stopping, requested.then(() => exceedsLimit(stopping, options.drainMs + stopGraceMs))])
    : stopping;
  if (
    await exceedsLimit(
      Promise.resolve(cut).then(() => undefined),
      limitMs,
    )
  )
    logger.warn({ limitMs }, 'the stop took too long and was cut short');
  if (isOfCluster) parent?.report({ type: 'left' });
  return exitCodes.done;
}

function exitOnUncaughtError({ logger, flush }: RoleLog): void {
  process.on('uncaughtException', (error) => {
    logger.error({ err: error }, 'an unexpected error ends this process');
    flush();
    process.exit(exitCodes.internal);
  });
}

/**
 * Resolves with the started role, or with the end of the actor system if it ends first: the start itself would wait for
 * ever then. An end without a cause follows from a failed start, which leaves the cluster; in this case the failure of
 * the start is thrown.
 */
function startedOrEnded(
  starting: Promise<RunningRole>,
  terminated: Promise<SystemEnd>,
): Promise<RunningRole | SystemEnd> {
  const endedEarly = terminated.then((end): SystemEnd | RunningRole | Promise<RunningRole> =>
    end.cause === undefined ? starting : end,
  );
  return Promise.race([starting, endedEarly]);
}

/** Logs why the actor system has ended. */
function exitCodeOf({ cause }: SystemEnd, id: string, { logger, flush }: RoleLog): ExitCode {
  if (cause instanceof NodeReplacedError) {
    logger.error({ node: id, pid: cause.pid }, `${cause.message}; ${sharedIdFix}`);
    flush();
    return exitCodes.inUse;
  }
  const err = cause instanceof Error ? cause : new Error('the actor system stopped by itself');
  logger.error({ err }, 'the root supervisor gave up: this process ends');
  flush();
  return exitCodes.internal;
}

/** If the start fails, the node leaves the cluster, so that other nodes do not report it as unreachable. */
async function startOrLeave(
  node: ClusterNode,
  flush: () => void,
  start: () => Promise<RunningRole>,
): Promise<RunningRole> {
  try {
    return await start();
  } catch (error) {
    await exceedsLimit(node.leave(), stopGraceMs);
    flush();
    throw error;
  }
}
