import type { DataLock } from '../cluster/data-lock.ts';
import type { UpConfig } from '../config.ts';
import { CommandError, type ExitCode, errorLine, exitCodes } from '../errors.ts';
import { forgetServers } from './own-servers.ts';
import { Terminal } from '../output/terminal.ts';
import { watchNpm } from '../process/npm-watch.ts';
import { watchParent } from '../process/parent-watch.ts';
import { listenForSignals } from '../process/signals.ts';
import { banner } from './banner.ts';
import { failureError, LocalCluster } from './local-cluster.ts';
import { UpReporter } from './reporter.ts';
import { endCluster, startCluster } from './start-cluster.ts';
import type { StartContext } from './start-context.ts';
import { showStatus } from './status-view.ts';

/**
 * Why the cluster stops: `requested`: by a signal, or because npm ended · `at-once`: by a second signal · `orphaned`:
 * the parent ended · `failed`: a start that failed, or a process that was given up
 */
type StopCause =
  | { readonly kind: 'requested'; readonly reason: string }
  | { readonly kind: 'at-once' }
  | { readonly kind: 'orphaned' }
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Runs a whole cluster on this machine until a stop is requested or it cannot continue. Resolves with the exit code.
 */
export async function runUp(config: UpConfig, environment: NodeJS.ProcessEnv): Promise<ExitCode> {
  const reporter = new UpReporter(new Terminal(process.stderr, environment), process.stdout, config.json);
  const cluster = new LocalCluster(reporter, config.logLevel);
  const stopping = new AbortController();
  const { promise: atOnce, resolve: stopAtOnce } = Promise.withResolvers<StopCause>();
  const { promise: requested, resolve: request } = Promise.withResolvers<StopCause>();
  const endNpmWatch = watchNpm(environment, () => request({ kind: 'requested', reason: 'npm ended' }));
  listenForSignals({
    onStop: (signal) => request({ kind: 'requested', reason: signal }),
    onStopAtOnce: () => stopAtOnce({ kind: 'at-once' }),
    // Under nohup the fleet continues to run, but npm ends with the terminal: the end of npm must not stop the fleet.
    onHangup: endNpmWatch,
  });
  watchParent(() => stopAtOnce({ kind: 'orphaned' }));
  const failed = cluster.failed.then(
    (failure): StopCause => ({ kind: 'failed', error: failureError(failure) }),
  );

  let lock: DataLock | undefined;
  const serving = serve({ config, environment, reporter, cluster, signal: stopping.signal }, (taken) => {
    lock = taken;
  });

  let cause = await Promise.race([requested, atOnce, failed, serving]);
  stopping.abort();
  reporter.terminal.block([]);
  if (cause.kind === 'failed') reportFailure(cause.error, reporter);
  if (cause.kind === 'requested') {
    reporter.event({ event: 'stopping', reason: cause.reason });
    reporter.terminal.line('stopping: running requests may finish (Ctrl-C again to stop at once)');
  }
  if (cause.kind === 'requested' || cause.kind === 'failed') {
    const stopped = cluster.stop().then(() => cause);
    cause = await Promise.race([stopped, atOnce]);
  }
  if (cause.kind === 'at-once' || cause.kind === 'orphaned') await cluster.kill();
  if (lock !== undefined) {
    forgetServers(lock.dataDir);
    endCluster(lock);
  }
  reporter.event({ event: 'stopped' });
  return codeOf(cause);
}

/** Starts the cluster and shows its status. Resolves only when that fails. */
async function serve(context: StartContext, hold: (lock: DataLock) => void): Promise<StopCause> {
  const { reporter, signal } = context;
  try {
    const started = await startCluster(context, hold);
    signal.throwIfAborted();
    reporter.terminal.line(...banner(started, reporter.terminal));
    reporter.event(started.ready);
    await showStatus(started.ready, context.config.tls, reporter.terminal, signal);
    return await new Promise<never>(() => {});
  } catch (error) {
    return { kind: 'failed', error };
  }
}

function reportFailure(error: unknown, reporter: UpReporter): void {
  reporter.terminal.line(reporter.terminal.style('red', errorLine(error)));
  const [code, message, fix] =
    error instanceof CommandError
      ? [error.code, error.message, error.fix]
      : ['internal', error instanceof Error ? error.message : String(error), ''];
  reporter.event({ event: 'error', code, message, fix });
}

function codeOf(cause: StopCause): ExitCode {
  if (cause.kind === 'requested') return exitCodes.done;
  if (cause.kind !== 'failed') return exitCodes.interrupted;
  return cause.error instanceof CommandError ? cause.error.exitCode : exitCodes.internal;
}
