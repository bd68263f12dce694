import type { LogLevel } from '../config.ts';
import { CommandError, exitCodes, type ExitCode } from '../errors.ts';
import { isAtLeast, parseLogLine } from '../output/log-line.ts';
import type { ExitReport } from '../process/running-child.ts';
import { type ProcessEvent, type ProcessSpec, SupervisedProcess } from '../process/supervised-process.ts';
import type { UpReporter } from './reporter.ts';

/** A process that was given up, and why. */
export interface Failure {
  readonly id: string;
  readonly role: string;
  readonly exit: ExitReport;
  readonly restarts: number;
}

/** Roles in the order they are stopped: who takes requests first, who carries them last. */
const stopOrder: readonly string[] = ['gateway', 'host', 'node-agent', 'ollama-sim', 'nats'];

/** How long the processes of a role may take to stop; the gateway drains, the others have nothing left to do. */
const stopGraceMs: Readonly<Record<string, number>> = {
  gateway: 9_000,
  host: 2_000,
  'node-agent': 2_000,
  'ollama-sim': 1_000,
  nats: 2_000,
};

/** All processes of one `drover up`, each supervised; stopped together, in order. */
export class LocalCluster {
  readonly #processes: SupervisedProcess[] = [];
  readonly #reporter: UpReporter;
  readonly #logLevel: LogLevel;
  readonly #failed: PromiseWithResolvers<Failure> = Promise.withResolvers<Failure>();
  #ending = false;

  constructor(reporter: UpReporter, logLevel: LogLevel) {
    this.#reporter = reporter;
    this.#logLevel = logLevel;
  }

  /** Resolves when a process was given up; then the cluster has to stop. */
  get failed(): Promise<Failure> {
    return this.#failed.promise;
  }

  get processes(): readonly SupervisedProcess[] {
    return this.#processes;
  }

  /** Starts a process and resolves when it is ready. @throws CommandError `process-failed` when it was given up */
  async start(spec: ProcessSpec): Promise<SupervisedProcess> {
    // A start still under way when the stop began must not bring forth what nobody would stop.
    if (this.#ending) return new Promise<never>(() => {});
    const process = new SupervisedProcess(spec, (event) => this.#handle(process, event));
    this.#processes.push(process);
    const exit = await process.start();
    if (exit !== undefined) throw failureError({ id: spec.id, role: spec.role, exit, restarts: 0 });
    return process;
  }

  /** For the log of one process: shows its lines from the chosen level on. */
  logOf(id: string): (line: string) => void {
    return (line) => {
      const { level, text } = parseLogLine(line);
      if (!isAtLeast(level, this.#logLevel)) return;
      const { terminal } = this.#reporter;
      const style = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'dim';
      terminal.line(`${terminal.style('dim', id.padEnd(9))} ${terminal.style(style, level)} ${text}`);
    };
  }

  /** Stops everything in order, each role within its grace. */
  async stop(): Promise<void> {
    this.#ending = true;
    for (const role of stopOrder) {
      const ofRole = this.#processes.filter((process) => process.role === role);
      await Promise.all(ofRole.map((process) => process.stop(stopGraceMs[role] ?? 2_000)));
    }
  }

  /** Ends everything now, and waits for it. */
  async kill(): Promise<void> {
    this.#ending = true;
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
    } else {
      this.#failed.resolve({ id, role, exit: event.exit, restarts: event.restarts });
    }
  }
}

/** The error a person reads when a process was given up: which, how often, and its own last words. */
export function failureError(failure: Failure): CommandError {
  const { id, exit, restarts } = failure;
  const own: readonly ExitCode[] = [exitCodes.usage, exitCodes.missing, exitCodes.inUse];
  const code = own.find((candidate) => candidate === exit.code);
  const how = exit.signal ?? `code ${exit.code}`;
  const lastWords = exit.lastLines.slice(-3).map((line) => parseLogLine(line).text.replace(/^drover: /, ''));
  const again = restarts === 0 ? '' : ` again after ${restarts} restarts`;
  const detail = lastWords.length === 0 ? 'it said nothing' : lastWords.join(' | ');
  return new CommandError(
    'process-failed',
    code ?? exitCodes.internal,
    `${id} ended with ${how}${again}: ${detail}`,
    { fix: code === undefined ? 'run again with --log-level info to see what it did before' : '' },
  );
}
