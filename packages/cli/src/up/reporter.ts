import type { Terminal } from '../output/terminal.ts';

/** Events of `drover up --json`, one JSON object a line on stdout. Events and fields may be added, never removed. */
export type UpEvent =
  | { readonly event: 'progress'; readonly message: string }
  | { readonly event: 'warning'; readonly message: string }
  | ReadyEvent
  | {
      readonly event: 'process-exited' | 'nats-exited';
      readonly id: string;
      readonly role: string;
      readonly pid: number;
      readonly code: number | null;
      readonly signal: string | null;
      readonly restartInMs: number;
    }
  | {
      readonly event: 'process-restarted' | 'nats-restarted';
      readonly id: string;
      readonly role: string;
      readonly pid: number;
      readonly restarts: number;
      readonly downMs: number;
    }
  /** The disk with the store of NATS is full: nothing is recorded until there is room. */
  | { readonly event: 'store-full'; readonly detail: string }
  /** Something is mended without a person. */
  | {
      readonly event: 'remedy';
      readonly action: 'restart';
      readonly subject: string;
      readonly cause: string;
      readonly evidence: string;
    }
  | { readonly event: 'process-left'; readonly id: string; readonly role: string; readonly pid: number }
  | { readonly event: 'stopping'; readonly reason: string }
  | { readonly event: 'stopped' }
  | { readonly event: 'error'; readonly code: string; readonly message: string; readonly fix: string };

export interface ReadyEvent {
  readonly event: 'ready';
  readonly url: string;
  /** Target for gRPC clients, for example `127.0.0.1:50051`. */
  readonly grpcUrl?: string;
  readonly pid: number;
  readonly nats: {
    readonly url: string;
    readonly pid?: number;
    readonly version: string;
    /** Where there are several: each server, the one of `url` and `pid` first. */
    readonly servers?: readonly { readonly id: string; readonly pid: number }[];
  };
  readonly processes: readonly ReadyProcess[];
  /** At least one host is simulated. */
  readonly simulated: boolean;
  readonly dataDir: string;
}

export interface ReadyProcess {
  readonly id: string;
  readonly role: string;
  readonly pid: number;
  readonly ollamaUrl?: string;
  readonly simulated?: boolean;
}

/** Writes events for programs to stdout and human-readable text to stderr. */
export class UpReporter {
  readonly terminal: Terminal;
  readonly #stdout: NodeJS.WritableStream;
  readonly #json: boolean;

  constructor(terminal: Terminal, stdout: NodeJS.WritableStream, json: boolean) {
    this.terminal = terminal;
    this.#stdout = stdout;
    this.#json = json;
    // The reader of the events may close the pipe; the cluster continues to run.
    stdout.on('error', () => {});
  }

  event(event: UpEvent): void {
    if (this.#json) this.#stdout.write(`${JSON.stringify(event)}\n`);
    else if (event.event === 'ready') this.#stdout.write(`${readyLine(event)}\n`);
  }

  /** A warning that does not stop the start of the cluster, in both output forms. */
  warn(message: string): void {
    this.event({ event: 'warning', message });
    this.terminal.line(this.terminal.style('yellow', `warning: ${message}`));
  }

  /** One step of the start, in both output forms. */
  progress(message: string): void {
    this.event({ event: 'progress', message });
    this.terminal.line(this.terminal.style('dim', message));
  }
}

/** The line that scripts without `--json` wait for. */
function readyLine(event: ReadyEvent): string {
  const hosts = event.processes.filter((process) => process.role === 'node-agent').length;
  return `drover ready ${event.url} hosts=${hosts} simulated=${event.simulated}`;
}
