import type { Clock, Timer } from '../clock.ts';
import type { FaultBoard } from '../fault/faults.ts';
import type { SimModel } from '../model/model.ts';
import { Generation, type GenerationHost } from './generation.ts';
import type { Job } from './job.ts';
import { PromptCache } from './prompt-cache.ts';
import type { RunnerOptions } from './runner-options.ts';
import type { Vocabulary } from '../text/vocabulary.ts';

/** Error text for requests that wait for a slot when their runner ends. */
export const RUNNER_GONE = 'llama-server process no longer running: unknown ';
/** Error text for requests whose answer has begun. */
export const RUNNER_CRASHED = 'an error was encountered while running the model: unexpected EOF';

/** Counters of all runners. */
export interface RunnerCounters {
  cancelled: number;
  tokens: number;
  cachedPromptTokens: number;
  promptTokens: number;
  peakWaiting: number;
  peakBusy: number;
}

export interface RunnerSurroundings {
  readonly clock: Clock;
  readonly faults: FaultBoard;
  readonly vocabulary: Vocabulary;
  readonly counters: RunnerCounters;
  readonly tokensPerSecond: number;
  readonly prefillTokensPerSecond: number;
}

/** A running or waiting job. `cancel` is called when the client has left. */
export interface JobHandle {
  readonly cancel: () => void;
  /** The client has read its data. */
  readonly resume: () => void;
}

interface Waiting {
  readonly job: Job;
  generation: Generation | null;
}

/**
 * A loaded model: the simulated llama-server process. There is one for each blob; `model` is the name with which it was
 * loaded. Jobs get its slots in order of arrival, and any number can wait.
 */
export class Runner implements GenerationHost {
  readonly model: SimModel;
  readonly options: RunnerOptions;
  readonly sizeBytes: number;
  readonly vramBytes: number;
  readonly clock: Clock;
  readonly faults: FaultBoard;
  readonly vocabulary: Vocabulary;
  readonly tokensPerSecond: number;
  readonly prefillTokensPerSecond: number;
  /** Running and waiting requests of this runner; set by the scheduler. */
  references = 0;
  /** Time until an idle runner is unloaded; set by the scheduler. */
  keepAliveMs = 0;
  /** Wall clock time of expiry, set when the runner becomes idle; null before the first time. */
  expiresAtMs: number | null = null;
  expiry: Timer | null = null;
  /** The process has ended, but is still listed. */
  dead = false;
  frozen = false;
  readonly #cache: PromptCache;
  readonly #counters: RunnerCounters;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Map<Generation, Waiting>();

  constructor(
    model: SimModel,
    options: RunnerOptions,
    slots: number,
    sizeBytes: number,
    vramBytes: number,
    around: RunnerSurroundings,
  ) {
    this.model = model;
    this.options = options;
    this.sizeBytes = sizeBytes;
    this.vramBytes = vramBytes;
    this.clock = around.clock;
    this.faults = around.faults;
    this.vocabulary = around.vocabulary;
    this.tokensPerSecond = model.tokensPerSecond ?? around.tokensPerSecond;
    this.prefillTokensPerSecond = model.prefillTokensPerSecond ?? around.prefillTokensPerSecond;
    this.#cache = new PromptCache(slots);
    this.#counters = around.counters;
  }

  get modelName(): string {
    return this.model.name;
  }

  get slots(): number {
    return this.#cache.slots.length;
  }

  get busy(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get leaked(): number {
    return this.#cache.slots.filter((slot) => slot.leaked).length;
  }

  /** Runs the job when a slot is free. */
  run(job: Job): JobHandle {
    const entry: Waiting = { job, generation: null };
    if (this.dead) {
      job.sink.end({ kind: 'failed', status: 500, message: RUNNER_GONE });
      return { cancel: () => undefined, resume: () => undefined };
    }
    this.#waiting.push(entry);
    this.#fill();
    this.#counters.peakWaiting = Math.max(this.#counters.peakWaiting, this.#waiting.length);
    return { cancel: () => this.#cancel(entry), resume: () => entry.generation?.resume() };
  }

  #cancel(entry: Waiting): void {
    const { generation } = entry;
    if (!generation) {
      const at = this.#waiting.indexOf(entry);
      if (at >= 0) {
        this.#waiting.splice(at, 1);
        this.#counters.cancelled++;
      }
      return;
    }
    if (!this.#running.has(generation)) return;
    this.#counters.cancelled++;
    if (generation.inDecode && this.faults.strikes('leak', this.modelName)) {
      generation.start.slot.leaked = true;
      this.#running.delete(generation);
      generation.abandon();
      return;
    }
    generation.cancel();
  }

  #fill(): void {
    for (let next = this.#waiting[0]; next !== undefined && !this.dead; next = this.#waiting[0]) {
      const start = this.#cache.take(next.job.prompt);
      if (!start) return;
      this.#waiting.shift();
      const generation = new Generation(next.job, start, this);
      next.generation = generation;
      this.#running.set(generation, next);
      this.#counters.promptTokens += next.job.prompt.length;
      this.#counters.cachedPromptTokens += start.cachedTokens;
      this.#counters.peakBusy = Math.max(this.#counters.peakBusy, this.#running.size);
      generation.begin();
      if (this.frozen) generation.freeze();
    }
  }

  finished(generation: Generation, tokens: readonly number[]): void {
    if (!this.#running.delete(generation)) return;
    this.#counters.tokens += generation.tokensOut;
    const { slot } = generation.start;
    slot.busy = false;
    slot.tokens = tokens;
    this.#fill();
  }

  strikeFreeze(): void {
    this.freeze();
  }

  strikeKill(): void {
    this.kill();
  }

  /** Acts like SIGSTOP: all progress stops, and no answer ends. */
  freeze(): void {
    this.frozen = true;
    for (const generation of this.#running.keys()) generation.freeze();
  }

  thaw(): void {
    this.frozen = false;
    for (const generation of this.#running.keys()) generation.thaw();
  }

  /** Acts like SIGKILL: running answers break off, waiting requests are refused. */
  kill(): void {
    this.dead = true;
    this.frozen = false;
    const waiting = this.#waiting.splice(0);
    for (const generation of this.#running.keys()) generation.fail(500, RUNNER_CRASHED);
    for (const { job } of waiting) job.sink.end({ kind: 'failed', status: 500, message: RUNNER_GONE });
  }
}
