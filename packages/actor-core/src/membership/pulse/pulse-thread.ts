import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../clock.ts';
import type { Logger } from '../../logger.ts';
import type { Transport } from '../../transport/transport.ts';
import type { Pulse } from './pulse.ts';
import { beatIndex, beatMs, connectedIndex, type FromPulse, type PulseStart } from './pulse-message.ts';

// The file beside this one with the same extension: sources and compiled code both work.
const entry = new URL(
  import.meta.url.endsWith('.ts') ? './pulse-main.ts' : './pulse-main.js',
  import.meta.url,
);
const heapMiB = 64;
/** Longest time for the thread to close its connection. */
const closeMs = 1_000;

/** Pause before a thread that failed is started again; doubled with each failure in a row. */
const shortestPauseMs = 1_000;
const longestPauseMs = 60_000;

export interface PulseThreadParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** The main connection of the process. */
  readonly transport: Transport;
  /** Starts one thread. @default a worker thread that runs `pulse-main` */
  readonly startThread?: (start: PulseStart) => ThreadHandle;
}

/** The part of a `Worker` that is used here. */
export type ThreadHandle = Pick<Worker, 'on' | 'once' | 'ref' | 'unref' | 'postMessage' | 'terminate'>;

/**
 * Starts the thread that answers for this process while its main loop is blocked. It does not keep the process alive. A
 * thread that fails is started again.
 */
export function startPulse(start: Omit<PulseStart, 'shared'>, parts: PulseThreadParts): Pulse {
  return new PulseThread(start, parts);
}

class PulseThread implements Pulse {
  isRunning = false;
  readonly #parts: PulseThreadParts;
  readonly #shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  readonly #numbers = new Int32Array(this.#shared);
  readonly #start: PulseStart;
  readonly #unsubscribe: () => void;
  #thread: ThreadHandle;
  #ended: Promise<void>;
  #failures = 0;
  #timer: Timer | undefined = undefined;
  #restart: Timer | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;

  constructor(start: Omit<PulseStart, 'shared'>, parts: PulseThreadParts) {
    this.#parts = parts;
    this.#start = { ...start, shared: this.#shared };
    const { transport } = parts;
    const connected = (isConnected: boolean) =>
      void Atomics.store(this.#numbers, connectedIndex, isConnected ? 1 : 0);
    connected(transport.connected);
    this.#unsubscribe = transport.onConnectionChange(connected);
    this.#beat();
    [this.#thread, this.#ended] = this.#run();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#timer?.cancel();
    this.#restart?.cancel();
    this.#unsubscribe();
    this.isRunning = false;
    this.#thread.ref();
    this.#thread.postMessage('close', []);
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#parts.clock.setTimer(closeMs, resolve);
    await Promise.race([this.#ended, late]);
    timer.cancel();
    await this.#thread.terminate();
  }

  #run(): [ThreadHandle, Promise<void>] {
    const { log, startThread = startWorker } = this.#parts;
    const thread = startThread(this.#start);
    thread.unref();
    thread.on('message', ({ isRunning }: FromPulse) => {
      this.isRunning = isRunning;
      if (isRunning) this.#failures = 0;
    });
    thread.on('error', (err) => {
      log.error({ err }, 'the pulse thread failed: while the main loop is blocked, this node seems dead');
    });
    const ended = new Promise<void>((resolve) => {
      thread.once('exit', () => {
        this.isRunning = false;
        resolve();
        if (this.#closing === undefined) this.#runLater();
      });
    });
    return [thread, ended];
  }

  #runLater(): void {
    const pauseMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** this.#failures);
    this.#failures++;
    this.#restart = this.#parts.clock.setTimer(pauseMs, () => {
      [this.#thread, this.#ended] = this.#run();
    });
  }

  #beat(): void {
    Atomics.add(this.#numbers, beatIndex, 1);
    this.#timer = this.#parts.clock.setTimer(beatMs, () => this.#beat());
  }
}

function startWorker(start: PulseStart): Worker {
  return new Worker(entry, {
    workerData: start,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    // Not those of the process, such as a debugger or a loader of tests.
    execArgv: [],
  });
}
