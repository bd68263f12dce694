import type { DataLock } from '../cluster/data-lock.ts';
import type { UpConfig } from '../config.ts';
import { CommandError, type ExitCode, errorLine, exitCodes } from '../errors.ts';
import { forgetServer } from '../nats/leftover-server.ts';
import { Terminal } from '../output/terminal.ts';
import { watchNpm } from '../process/npm-watch.ts';
import { watchParent } from '../process/parent-watch.ts';
import { banner } from './banner.ts';
import { failureError, LocalCluster } from './local-cluster.ts';
import { UpReporter } from './reporter.ts';
import { listenForSignals } from '../process/signals.ts';
import { endCluster, startCluster } from './start-cluster.ts';
import { showStatus } from './status-view.ts';

type Ending =
  | { readonly kind: 'asked'; readonly reason: string }
  | { readonly kind: 'at-once' }
  | { readonly kind: 'orphan' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Runs a whole cluster on this machine until it is asked to stop or cannot go on; resolves with the exit code. */
export async function runUp(config: UpConfig, environment: NodeJS.ProcessEnv): Promise<ExitCode> {
  const reporter = new UpReporter(new Terminal(process.stderr, environment), process.stdout, config.json);
  const cluster = new LocalCluster(reporter, config.logLevel);
  const stopping = new AbortController();
  const { promise: atOnce, resolve: stopAtOnce } = Promise.withResolvers<Ending>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<Ending>();
  const leaveNpm = watchNpm(environment, () => ask({ kind: 'asked', reason: 'npm ended' }));
  listenForSignals({
    onStop: (signal) => ask({ kind: 'asked', reason: signal }),
    onStopAtOnce: () => stopAtOnce({ kind: 'at-once' }),
    // npm ends with the terminal even under nohup.
    onHangup: leaveNpm,
  });
  watchParent(() => stopAtOnce({ kind: 'orphan' }));
  const failed = cluster.failed.then((failure): Ending => ({ kind: 'failed', error: failureError(failure) }));

  let lock: DataLock | undefined;
  const serving = (async (): Promise<Ending> => {
    try {
      const started = await startCluster(
        { config, environment, reporter, cluster, signal: stopping.signal },
        (taken) => {
          lock = taken;
        },
      );
      stopping.signal.throwIfAborted();
      reporter.terminal.line(...banner(started, reporter.terminal));
      reporter.event(started.ready);
      await showStatus(started.ready.url, reporter.terminal, stopping.signal);
      return await new Promise<never>(() => {});
    } catch (error) {
      return { kind: 'failed', error };
    }
  })();

  let ending = await Promise.race([asked, atOnce, failed, serving]);
  stopping.abort();
  reporter.terminal.block([]);
  if (ending.kind === 'failed') tellFailure(ending.error, reporter);
  if (ending.kind === 'asked') {
    reporter.event({ event: 'stopping', reason: ending.reason });
    reporter.terminal.line('stopping: requests in hand may finish (again to stop at once)');
  }
  if (ending.kind === 'asked' || ending.kind === 'failed') {
    const stopped = cluster.stop().then(() => ending);
    ending = await Promise.race([stopped, atOnce]);
  }
  if (ending.kind === 'at-once' || ending.kind === 'orphan') await cluster.kill();
  if (lock !== undefined) {
    forgetServer(lock.dataDir);
    endCluster(lock);
  }
  reporter.event({ event: 'stopped' });
  return codeOf(ending);
}

function tellFailure(error: unknown, reporter: UpReporter): void {
  reporter.terminal.line(reporter.terminal.style('red', errorLine(error)));
  const [code, message, fix] =
    error instanceof CommandError
      ? [error.code, error.message, error.fix]
      : ['internal', error instanceof Error ? error.message : String(error), ''];
  reporter.event({ event: 'error', code, message, fix });
}

function codeOf(ending: Ending): ExitCode {
  if (ending.kind === 'asked') return exitCodes.done;
  if (ending.kind !== 'failed') return exitCodes.interrupted;
  return ending.error instanceof CommandError ? ending.error.exitCode : exitCodes.internal;
}
