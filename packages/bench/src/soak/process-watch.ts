import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Logger } from '@drover/actor-core';

/** Interval of the samples of the event loop delay; it is subtracted from the reported delay. */
const resolutionMs = 10;
const keptTexts = 5;

/** Memory of a process at one instant. */
export interface Sample {
  readonly atMs: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** Heap that was allocated from the system, in use or not. */
  readonly heapTakenBytes: number;
  readonly externalBytes: number;
}

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Counts unhandled rejections, uncaught exceptions, warnings of the process, and warnings and errors in the log. */
export class ProcessWatch {
  unhandledRejections = 0;
  uncaughtExceptions = 0;
  processWarnings = 0;
  readonly texts: string[] = [];
  /** Number of warnings and errors in the log, by message. */
  readonly logged: Map<string, number> = new Map();
  readonly log: Logger = {
    debug() {},
    info() {},
    warn: (_fields, sentence) => this.#count(sentence),
    error: (_fields, sentence) => this.#count(sentence),
  };
  readonly #loop: ReturnType<typeof monitorEventLoopDelay> = monitorEventLoopDelay({
    resolution: resolutionMs,
  });
  #cpu: NodeJS.CpuUsage = process.cpuUsage();
  #sinceMs: number = performance.now();

  constructor() {
    process.on('unhandledRejection', (reason) => {
      this.unhandledRejections++;
      this.#keep(`unhandled rejection: ${describe(reason)}`);
    });
    process.on('uncaughtException', (error) => {
      this.uncaughtExceptions++;
      this.#keep(`uncaught exception: ${describe(error)}`);
    });
    process.on('warning', (warning) => {
      this.processWarnings++;
      this.#keep(`process warning: ${describe(warning)}`);
    });
    this.#loop.enable();
  }

  /** Starts the measurement of event loop delay and CPU time. */
  begin(): void {
    this.#loop.reset();
    this.#cpu = process.cpuUsage();
    this.#sinceMs = performance.now();
  }

  get loopDelay(): LoopDelay {
    const loop = this.#loop;
    return {
      p50Ms: delayMs(loop.percentile(50)),
      p99Ms: delayMs(loop.percentile(99)),
      maxMs: delayMs(loop.max),
    };
  }

  /** CPU time since `begin`, in percent of one core. */
  get cpuPercent(): number {
    const { user, system } = process.cpuUsage(this.#cpu);
    return (user + system) / 10 / (performance.now() - this.#sinceMs);
  }

  sample(): Sample {
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    return {
      atMs: performance.now(),
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTakenBytes: heapTotal,
      externalBytes: external,
    };
  }

  #count(sentence: string): void {
    this.logged.set(sentence, (this.logged.get(sentence) ?? 0) + 1);
  }

  #keep(text: string): void {
    if (this.texts.length < keptTexts) this.texts.push(text);
  }
}

/** Number of active resources of the process, by kind. */
export function activeResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Bytes of the heap in use after a forced garbage collection. */
export function heapAfterGc(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** The delay without the sampling interval. */
function delayMs(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - resolutionMs);
}

function describe(value: unknown): string {
  return value instanceof Error
    ? (value.stack ?? value.message).split('\n').slice(0, 4).join(' | ')
    : String(value);
}
