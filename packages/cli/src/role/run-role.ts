import { type ClusterNode, NodeReplacedError } from '@drover/actor-core/cluster';
import type { LogLevel } from '../config.ts';
import { type ExitCode, exitCodes } from '../errors.ts';
import { followSettings } from '../live-settings/follow-settings.ts';
import type { LiveValues } from '../live-settings/live-values.ts';
import { type SettingsStore, settingsStoreOf } from '../live-settings/settings-store.ts';
import { requirePayload } from '../nats/running-server.ts';
import { exceedsLimit } from '../process/exceeds-limit.ts';
import { type ClusterWish, findCluster } from './find-cluster.ts';
import { type JoinOptions, joinNode, sharedIdFix } from './join-node.ts';
import { createRoleLog, type LogFormat, type RoleLog } from './role-logger.ts';
import { listenForStop, orphanStopMs, type RoleProgress, stopGraceMs } from './stop-request.ts';

/** The running part of a role on its node, such as a gateway. */
export interface RunningRole {
  /** Reported to the parent when the role is ready, such as the URL of the gateway. */
  readonly report?: Readonly<Record<string, unknown>>;
  /** Takes over the settings of the cluster. @throws InvalidArgumentError when they do not fit */
  reconfigure(packages: LiveValues['packages']): void;
  /** Waits at most `drainMs` for running requests, then stops. */
  stop(drainMs: number): Promise<void>;
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

/**
 * Runs one role until a signal, the end of its parent or a failure. Resolves with the exit code.
 *
 * @throws CommandError when the cluster cannot be found or joined
 */
export async function runRole(
  options: RoleOptions,
  start: (node: ClusterNode, settings: SettingsStore) => Promise<RunningRole>,
): Promise<ExitCode> {
  const progress: RoleProgress = { node: undefined, isServing: false };
  const { requested, parent } = listenForStop(progress);
  const address = await findCluster(options.cluster, options.id, [options.role]);
  const log = createRoleLog({ nodeId: options.id, level: options.logLevel, format: options.logFormat });
  const { logger, flush } = log;
  exitOnUncaughtError(log);
  const node = await joinNode(options, address, logger);
  progress.node = node;
  const settings = settingsStoreOf(node);
  const terminated = node.system.terminated.then((cause): SystemEnd => ({ cause }));
  const starting = startOrLeave(node, flush, async () => {
    // The limit of the account can be lower than that of the server, and only a connection shows it.
    requirePayload(`the NATS at ${address.servers}`, node.transport.maxPayloadBytes);
    return start(node, settings);
  });
  const running = await startedOrEnded(starting, terminated);
  if ('cause' in running) return exitCodeOf(running, options.id, log);
  progress.isServing = true;
  logger.info({ ...running.report, role: options.role, incarnation: node.incarnation }, 'ready');
  parent?.report({ type: 'ready', ...running.report });
  const unfollow = followSettings({
    store: settings,
    clock: node.clock,
    log: logger,
    apply: ({ packages, logLevel }) => {
      running.reconfigure(packages);
      log.setLevel(logLevel ?? options.logLevel);
    },
  });
  const end = await Promise.race([requested, terminated]);
  unfollow();
  if (typeof end === 'object') return exitCodeOf(end, options.id, log);
  const drainMs = end === 'orphan' ? 0 : options.drainMs;
  const limitMs = end === 'orphan' ? orphanStopMs : drainMs + stopGraceMs;
  logger.info({ reason: end }, 'stopping');
  if (await exceedsLimit(stopInOrder(node, running, drainMs), limitMs))
    logger.warn({ limitMs }, 'the stop took too long and was cut short');
  flush();
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

async function stopInOrder(node: ClusterNode, running: RunningRole, drainMs: number): Promise<void> {
  await running.stop(drainMs);
  await node.leave();
}
