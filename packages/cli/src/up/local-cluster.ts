import type { LogLevel } from '../config.ts';
import { CommandError, exitCodes, type ExitCode } from '../errors.ts';
import { isAtLeast, parseLogLine } from '../output/log-line.ts';
import type { ExitReport } from '../process/running-child.ts';
import { type ProcessEvent, type ProcessSpec, SupervisedProcess } from '../process/supervised-process.ts';
import type { UpReporter } from './reporter.ts';

/** A process that is not restarted any more, and its last exit. */
export interface Failure {
  readonly id: string;
  readonly role: string;
  readonly exit: ExitReport;
  readonly restarts: number;
}

/**
 * Roles in the order in which they are stopped: first the gateway, which accepts requests; last NATS, which carries
 * them.
 */
const stopOrder: readonly string[] = ['gateway', 'host', 'node-agent', 'ollama-sim', 'nats'];

/**
 * Time for the processes of a role to stop. Only the gateway drains: when it has stopped, the other roles have no
 * requests left.
 */
const stopGraceMs: Readonly<Record<string, number>> = {
  gateway: 9_000,
  host: 2_000,
  'node-agent': 2_000,
  'ollama-sim': 1_000,
  nats: 2_000,
};

/** All processes of one `drover up`. Each is supervised, and they are stopped in order. */
export class LocalCluster {
  readonly #processes: SupervisedProcess[] = [];
  readonly #reporter: UpReporter;
  readonly #logLevel: LogLevel;
  readonly #failed: PromiseWithResolvers<Failure> = Promise.withResolvers<Failure>();
  #isStopping = false;

  constructor(reporter: UpReporter, logLevel: LogLevel) {
    this.#reporter = reporter;
    this.#logLevel = logLevel;
  }

  /** Resolves when a process is not restarted any more. The caller must then stop the cluster. */
  get failed(): Promise<Failure> {
    return this.#failed.promise;
  }

  get processes(): readonly SupervisedProcess[] {
    return this.#processes;
  }

  /** Starts a process and resolves when it is ready. @throws CommandError `process-failed` when it was given up */
  async start(spec: ProcessSpec): Promise<SupervisedProcess> {
    // The start may still be running when the stop begins. A process started now would not be stopped.
    if (this.#isStopping) return new Promise<never>(() => {});
    const process = new SupervisedProcess(spec, (event) => this.#handle(process, event));
    this.#processes.push(process);
    const exit = await process.start();
    if (exit !== undefined) throw failureError({ id: spec.id, role: spec.role, exit, restarts: 0 });
    return process;
  }

  /** A handler for the log lines of one process: shows those of the chosen level and above. */
  logOf(id: string): (line: string) => void {
    return (line) => {
      const { level } = parseLogLine(line);
      if (isAtLeast(level, this.#logLevel)) this.#show(id, line);
    };
  }

  /** A handler for the log lines of a role, which writes only lines of its own level: that level may change. */
  logOfRole(id: string): (line: string) => void {
    return (line) => this.#show(id, line);
  }

  #show(id: string, line: string): void {
    const { level, text } = parseLogLine(line);
    const { terminal } = this.#reporter;
    const style = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'dim';
    terminal.line(`${terminal.style('dim', id.padEnd(9))} ${terminal.style(style, level)} ${text}`);
  }

  /** Restarts the processes of a role, one after the other. Resolves when all are ready again. */
  async restart(role: string): Promise<void> {
    for (const process of this.#processes)
      if (process.role === role && !this.#isStopping) await process.restart(stopGraceMs[role] ?? 2_000);
  }

  /** Stops all processes in `stopOrder`, each role within its `stopGraceMs`. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const role of stopOrder) {
      const ofRole = this.#processes.filter((process) => process.role === role);
      await Promise.all(ofRole.map((process) => process.stop(stopGraceMs[role] ?? 2_000)));
    }
  }

  /** Kills all processes and waits until they have ended. */
  async kill(): Promise<void> {
    this.#isStopping = true;
    for (const process of this.#processes) process.kill();
    await Promise.all(this.#processes.map((process) => process.stop(0)));
  }

  #handle(process: SupervisedProcess, event: ProcessEvent): void {
    const { id, role } = process;
    const prefix = role === 'nats' ? 'nats' : 'process';
    const { terminal } = this.#reporter;
    if (event.type === 'ready') {
      if (event.restarts === 0) return;
      const { pid, restarts, downMs } = event;
      terminal.line(
        terminal.style('yellow', `${id} is back after ${downMs} ms (restart ${restarts}, pid ${pid})`),
      );
      this.#reporter.event({ event: `${prefix}-restarted`, id, role, pid, restarts, downMs });
    } else if (event.type === 'exited') {
      const { pid, exit, restartInMs } = event;
      const how = exit.signal ?? `code ${exit.code}`;
      terminal.line(terminal.style('yellow', `${id} (pid ${pid}) ended with ${how}: starting it again`));
      const { code, signal } = exit;
      this.#reporter.event({ event: `${prefix}-exited`, id, role, pid, code, signal, restartInMs });
    } else if (event.type === 'left') {
      const { pid } = event;
      terminal.line(terminal.style('yellow', `${id} (pid ${pid}) has left the cluster as it was asked to`));
      this.#reporter.event({ event: 'process-left', id, role, pid });
    } else {
      this.#failed.resolve({ id, role, exit: event.exit, restarts: event.restarts });
    }
  }
}

/** The error for a process that was given up: its id, the number of restarts and its last log lines. */
export function failureError(failure: Failure): CommandError {
  const { id, exit, restarts } = failure;
  const own: readonly ExitCode[] = [exitCodes.usage, exitCodes.missing, exitCodes.inUse];
  const code = own.find((candidate) => candidate === exit.code);
  const how = exit.signal ?? `code ${exit.code}`;
  const lastTexts = exit.lastLines.slice(-3).map((line) => parseLogLine(line).text.replace(/^drover: /, ''));
  const again = restarts === 0 ? '' : ` again after ${restarts} restarts`;
  const detail = lastTexts.length === 0 ? 'no output' : lastTexts.join(' | ');
  return new CommandError(
    'process-failed',
    code ?? exitCodes.internal,
    `${id} ended with ${how}${again}: ${detail}`,
    { fix: code === undefined ? 'run again with --log-level info to see what it did before' : '' },
  );
}
