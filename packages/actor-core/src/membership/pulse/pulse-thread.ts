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

export interface PulseThreadParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** The main connection of the process. */
  readonly transport: Transport;
}

/**
 * Starts the thread that answers for this process while its main loop is blocked. It does not keep the process alive.
 */
export function startPulse(start: Omit<PulseStart, 'shared'>, parts: PulseThreadParts): Pulse {
  return new PulseThread(start, parts);
}

class PulseThread implements Pulse {
  isRunning = false;
  readonly #clock: Clock;
  readonly #worker: Worker;
  readonly #shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  readonly #numbers = new Int32Array(this.#shared);
  readonly #unsubscribe: () => void;
  readonly #ended: Promise<void>;
  #timer: Timer | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;

  constructor(start: Omit<PulseStart, 'shared'>, { clock, log, transport }: PulseThreadParts) {
    this.#clock = clock;
    const connected = (isConnected: boolean) =>
      void Atomics.store(this.#numbers, connectedIndex, isConnected ? 1 : 0);
    connected(transport.connected);
    this.#unsubscribe = transport.onConnectionChange(connected);
    this.#beat();
    this.#worker = new Worker(entry, {
      workerData: { ...start, shared: this.#shared } satisfies PulseStart,
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
      // Not those of the process, such as a debugger or a loader of tests.
      execArgv: [],
    });
    this.#worker.unref();
    this.#worker.on('message', ({ isRunning }: FromPulse) => {
      this.isRunning = isRunning;
    });
    this.#worker.on('error', (err) => {
      log.error({ err }, 'the pulse thread failed: while the main loop is blocked, this node seems dead');
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.isRunning = false;
        resolve();
      });
    });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#timer?.cancel();
    this.#unsubscribe();
    this.isRunning = false;
    this.#worker.ref();
    this.#worker.postMessage('close', []);
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.setTimer(closeMs, resolve);
    await Promise.race([this.#ended, late]);
    timer.cancel();
    await this.#worker.terminate();
  }

  #beat(): void {
    Atomics.add(this.#numbers, beatIndex, 1);
    this.#timer = this.#clock.setTimer(beatMs, () => this.#beat());
  }
}
