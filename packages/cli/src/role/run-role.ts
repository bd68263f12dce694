import type { Logger } from '@drover/actor-core';
import {
  type ClusterNode,
  joinCluster,
  NodeIdTakenError,
  NodeReplacedError,
  type Role,
} from '@drover/actor-core/cluster';
import type { LogLevel } from '../config.ts';
import { CommandError, type ExitCode, errorLine, exitCodes } from '../errors.ts';
import { requirePayload } from '../nats/running-server.ts';
import { watchParent } from '../process/parent-watch.ts';
import { listenForSignals } from '../process/signals.ts';
import { type ClusterWish, findCluster } from './find-cluster.ts';
import { createRoleLog, type LogFormat } from './role-logger.ts';

/** What a role runs on its node. */
export interface RunningRole {
  /** Told to the parent when the role is ready, e.g. the gateway's URL. */
  readonly report?: Readonly<Record<string, unknown>>;
  /** Lets work in hand finish for at most `drainMs`, then stops. */
  stop(drainMs: number): Promise<void>;
}

export interface RoleOptions {
  readonly id: string;
  readonly role: Role;
  readonly cluster: ClusterWish;
  /** Of the first connection; undefined: the runtime's default. */
  readonly natsConnectTimeoutMs: number | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** How long work in hand may go on after the first signal. */
  readonly drainMs: number;
}

/** After the parent is gone there is nobody to drain for. */
const orphanStopMs = 1_500;
const flushMs = 300;
/** Beyond the drain, an orderly stop may take this much longer. */
const stopGraceMs = 2_000;

/**
 * Runs one role until a signal, its parent's end or a failure. Resolves with the exit code.
 *
 * @throws CommandError when the cluster cannot be found or joined
 */
export async function runRole(
  options: RoleOptions,
  start: (node: ClusterNode) => Promise<RunningRole>,
): Promise<ExitCode> {
  const { promise: asked, resolve: ask } = Promise.withResolvers<'signal' | 'orphan'>();
  let serves = false;
  const parent = watchParent(() => {
    ask('orphan');
    // Whatever the stop waits for: nobody is left to end this process.
    setTimeout(() => process.exit(exitCodes.interrupted), serves ? orphanStopMs + flushMs : 0);
  });
  let joined: ClusterNode | undefined;
  listenForSignals({
    onStop: () => {
      ask('signal');
      if (serves) return;
      const left = joined === undefined ? Promise.resolve(false) : withinLimit(joined.leave(), stopGraceMs);
      void left.then(() => process.exit(exitCodes.done));
    },
    onStopAtOnce: () => process.exit(exitCodes.interrupted),
  });
  const address = await findCluster(options.cluster, options.id, [options.role]);
  const { logger, flush } = createRoleLog({
    nodeId: options.id,
    level: options.logLevel,
    format: options.logFormat,
  });
  process.on('uncaughtException', (error) => {
    logger.error({ err: error }, 'an unexpected error ends this process');
    flush();
    process.exit(exitCodes.internal);
  });
  const node = await join(options, address, logger);
  joined = node;
  // The system may end while the role starts; then the role would wait for ever.
  const terminated = node.system.terminated.then((cause) => ({ cause }));
  const starting = startOrLeave(node, flush, async () => {
    // The account may be allowed less than the server carries, which only a connection shows.
    requirePayload(`the NATS at ${address.servers}`, node.transport.maxPayloadBytes);
    return start(node);
  });
  // A start that failed has left the cluster, which ends the system too: then the failure is what counts.
  const endedEarly = terminated.then((end): RunningRole | { cause: unknown } | Promise<RunningRole> =>
    end.cause === undefined ? starting : end,
  );
  const running = await Promise.race([starting, endedEarly]);
  if ('cause' in running) return endedBy(running.cause, options.id, logger, flush);
  serves = true;
  logger.info({ ...running.report, role: options.role, incarnation: node.incarnation }, 'ready');
  parent?.report({ type: 'ready', ...running.report });
  const ended = await Promise.race([asked, terminated]);
  if (typeof ended === 'object') return endedBy(ended.cause, options.id, logger, flush);
  const drainMs = ended === 'orphan' ? 0 : options.drainMs;
  const limitMs = ended === 'orphan' ? orphanStopMs : drainMs + stopGraceMs;
  logger.info({ reason: ended }, 'stopping');
  const late = await withinLimit(stopInOrder(node, running, drainMs), limitMs);
  if (late) logger.warn({ limitMs }, 'the stop took too long and was cut short');
  flush();
  return exitCodes.done;
}

const twinFix = 'end one of the two, or give this one a name of its own with --id';

/** The actor system ended by itself: says why, and which exit code that is. */
function endedBy(cause: unknown, id: string, logger: Logger, flush: () => void): ExitCode {
  if (cause instanceof NodeReplacedError) {
    logger.error({ node: id, pid: cause.pid }, `${cause.message}; ${twinFix}`);
    flush();
    return exitCodes.inUse;
  }
  const err = cause instanceof Error ? cause : new Error('the actor system stopped by itself');
  logger.error({ err }, 'the root supervisor gave up: this process ends');
  flush();
  return exitCodes.internal;
}

/** A role that cannot start takes its node out of the membership: the others would call it unreachable. */
async function startOrLeave(
  node: ClusterNode,
  flush: () => void,
  start: () => Promise<RunningRole>,
): Promise<RunningRole> {
  try {
    return await start();
  } catch (error) {
    await withinLimit(node.leave(), stopGraceMs);
    flush();
    throw error;
  }
}

async function join(
  options: RoleOptions,
  address: Awaited<ReturnType<typeof findCluster>>,
  log: Parameters<typeof joinCluster>[0]['log'],
): Promise<ClusterNode> {
  try {
    return await joinCluster({
      nodeId: options.id,
      incarnation: Date.now(),
      roles: [options.role],
      cell: address.cell,
      nats: {
        servers: address.servers,
        creds: address.creds,
        user: address.user,
        pass: address.pass,
        connectTimeoutMs: options.natsConnectTimeoutMs,
      },
      pid: process.pid,
      log,
    });
  } catch (error) {
    if (error instanceof NodeIdTakenError)
      throw new CommandError('node-id-taken', exitCodes.inUse, error.message, { fix: twinFix, cause: error });
    if ((error as { code?: unknown }).code !== 'connect-failed') throw error;
    throw new CommandError('nats-unreachable', exitCodes.missing, (error as Error).message, {
      fix: 'check that NATS runs there and that the credentials are of this cluster',
      cause: error,
    });
  }
}

async function stopInOrder(node: ClusterNode, running: RunningRole, drainMs: number): Promise<void> {
  await running.stop(drainMs);
  await node.leave();
}

/** True when `work` was not done in time. A failure of the stop is reported, not raised: the process ends anyway. */
async function withinLimit(work: Promise<void>, limitMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), limitMs);
  const done = work.then(
    () => false,
    (error: unknown) => {
      process.stderr.write(`${errorLine(error)}\n`);
      return false;
    },
  );
  const result = await Promise.race([done, late]);
  clearTimeout(timer);
  return result;
}
