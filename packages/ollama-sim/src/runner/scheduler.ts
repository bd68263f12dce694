import { deferred } from '../deferred.ts';
import type { OllamaSimConfig } from '../config.ts';
import { ClientGoneError, OllamaError } from '../errors.ts';
import type { FaultBoard } from '../fault/faults.ts';
import type { SimModel } from '../model/model.ts';
import { HANDOVER_MS, type Lease, LoadedRunners } from './loaded-runners.ts';
import { RUNNER_GONE, Runner, type RunnerCounters } from './runner.ts';
import { differs, footprintBytes, type RunnerOptions } from './runner-options.ts';
import type { Vocabulary } from '../text/vocabulary.ts';

/** Interval of the health polls during a load. The end of a load is noticed at a poll. */
const HEALTH_POLL_MS = 250;
/** Timeout of a ping to a silent runner. */
const PING_TIMEOUT_MS = 10_000;

/** Error text of a load that fails because memory is short. */
export const OUT_OF_MEMORY =
  'llama-server process has terminated: exit status 1: error loading model: unable to allocate CUDA0 buffer: out of memory';
export const SERVER_BUSY = 'server busy, please try again.  maximum pending requests exceeded';

/** A request for a runner. */
export interface LoadRequest {
  readonly model: SimModel;
  readonly options: RunnerOptions;
  /** Null: the runner keeps its current keep_alive time. */
  readonly keepAliveMs: number | null;
  readonly signal: AbortSignal;
}

interface Pending {
  readonly request: LoadRequest;
  readonly startMs: number;
  readonly resolve: (lease: Lease) => void;
  readonly reject: (error: Error) => void;
}

interface Loading {
  readonly model: SimModel;
  readonly settled: Promise<void>;
  fail(error: Error): void;
}

/** Counters for `/sim/state`. */
export interface SchedulerCounters {
  loads: number;
  reloads: number;
  evictions: number;
  refused: number;
}

/**
 * Loads and unloads models. Requests for loaded models are served at once. All other requests wait in one queue. Only
 * the first request of the queue loads its model; the requests behind it wait even if their own models would fit, as in
 * Ollama.
 */
export class Scheduler {
  readonly counters: SchedulerCounters = { loads: 0, reloads: 0, evictions: 0, refused: 0 };
  readonly runnerCounters: RunnerCounters = {
    cancelled: 0,
    tokens: 0,
    cachedPromptTokens: 0,
    promptTokens: 0,
    peakWaiting: 0,
    peakBusy: 0,
  };
  readonly #config: OllamaSimConfig;
  readonly #faults: FaultBoard;
  readonly #vocabulary: Vocabulary;
  readonly #loaded: LoadedRunners;
  readonly #pending: Pending[] = [];
  #loading: Loading | null = null;
  #pumping = false;
  #pings: Promise<void> = Promise.resolve();

  constructor(config: OllamaSimConfig, faults: FaultBoard, vocabulary: Vocabulary) {
    this.#config = config;
    this.#faults = faults;
    this.#vocabulary = vocabulary;
    this.#loaded = new LoadedRunners(config);
  }

  /** Requests that wait for a load, not counting the request whose model is loading. */
  get queued(): number {
    return this.#pending.length;
  }

  get loadingModel(): SimModel | null {
    return this.#loading?.model ?? null;
  }

  runners(): readonly Runner[] {
    return this.#loaded.list();
  }

  /** Resolves when no ping to a silent runner is in progress. `/api/ps` waits for this. */
  unlocked(): Promise<void> {
    return this.#pings;
  }

  /**
   * A runner for the request, which is loaded if necessary.
   *
   * @throws OllamaError 503 when the queue is full, 500 when the load fails
   * @throws ClientGoneError when the signal aborts first
   */
  async acquire(request: LoadRequest): Promise<Lease> {
    const startMs = this.#config.clock.nowMs();
    const aborted = onAbort(request.signal);
    try {
      while (this.#loading?.model.blob === request.model.blob)
        await Promise.race([this.#loading.settled, aborted.promise]);
      if (request.signal.aborted) throw new ClientGoneError();
      const runner = this.#loaded.of(request.model.blob);
      if (runner && !(await this.#needsReload(runner, request)))
        return this.#loaded.hold(runner, request.keepAliveMs, startMs);
      return await Promise.race([this.#enqueue(request, startMs), aborted.promise]);
    } finally {
      aborted.dispose();
    }
  }

  /** Unloads the runner of the blob: at once if it is idle, else when its last request ends. */
  unload(model: SimModel): void {
    const runner = this.#loaded.of(model.blob);
    if (runner) this.#loaded.expire(runner);
  }

  /** Kills the process of matching runners, or fails their load. */
  kill(matches: (model: SimModel) => boolean): void {
    for (const runner of this.#loaded.list()) if (matches(runner.model)) runner.kill();
    if (this.#loading && matches(this.#loading.model))
      this.#loading.fail(new OllamaError(500, RUNNER_GONE, 'handler'));
  }

  #enqueue(request: LoadRequest, startMs: number): Promise<Lease> {
    if (this.#pending.length >= this.#config.maxQueue && this.#pumping) {
      this.counters.refused++;
      throw new OllamaError(503, SERVER_BUSY);
    }
    const { promise, resolve, reject } = deferred<Lease>();
    // After an abort no caller waits for the promise. #process takes back a lease that is granted then.
    promise.catch(() => undefined);
    this.#pending.push({ request, startMs, resolve, reject });
    void this.#pump();
    return promise;
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      try {
        await this.#process(next);
      } catch (error) {
        next.reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.#pumping = false;
  }

  async #process(pending: Pending): Promise<void> {
    const { request, startMs } = pending;
    while (!request.signal.aborted) {
      const runner = this.#loaded.of(request.model.blob);
      if (runner && !(await this.#needsReload(runner, request))) {
        if (!request.signal.aborted) pending.resolve(this.#loaded.hold(runner, request.keepAliveMs, startMs));
        return;
      }
      const neededBytes = footprintBytes(request.model, request.options.numCtx, this.#config.slots);
      const victim = runner ?? this.#loaded.victimFor(neededBytes);
      if (!victim) {
        const loaded = await this.#load(request, neededBytes);
        pending.resolve(this.#loaded.hold(loaded, request.keepAliveMs, startMs));
        return;
      }
      if (runner) this.counters.reloads++;
      else this.counters.evictions++;
      const unloaded = this.#loaded.nextUnload();
      this.#loaded.expire(victim);
      // This wait cannot be cancelled: the request blocks the queue until the victim is unloaded, even if its client
      // disconnects.
      await unloaded;
    }
    throw new ClientGoneError();
  }

  async #load(request: LoadRequest, sizeBytes: number): Promise<Runner> {
    const { clock } = this.#config;
    const oom = this.#faults.strikes('oom', request.model.name);
    const wantedMs = oom ? 0 : (request.model.loadMs ?? this.#config.loadMs);
    const loadMs = Math.max(1, Math.ceil(wantedMs / HEALTH_POLL_MS)) * HEALTH_POLL_MS + HANDOVER_MS;
    const done = deferred<void>();
    const timer = clock.after(loadMs, () => done.resolve());
    const abort = (): void => done.reject(new ClientGoneError());
    request.signal.addEventListener('abort', abort, { once: true });
    const settled = done.promise.then(() => undefined).catch(() => undefined);
    this.#loading = { model: request.model, settled, fail: (error) => done.reject(error) };
    try {
      await done.promise;
      if (oom) throw new OllamaError(500, OUT_OF_MEMORY);
    } finally {
      timer.cancel();
      request.signal.removeEventListener('abort', abort);
      this.#loading = null;
    }
    this.counters.loads++;
    const vramBytes = Math.max(0, Math.min(sizeBytes, this.#loaded.freeVramBytes()));
    const runner = new Runner(
      request.model,
      request.options,
      this.#slotsFor(request.model),
      sizeBytes,
      vramBytes,
      {
        ...this.#config,
        faults: this.#faults,
        vocabulary: this.#vocabulary,
        counters: this.runnerCounters,
      },
    );
    runner.keepAliveMs = request.keepAliveMs ?? this.#config.keepAliveMs;
    this.#loaded.add(runner);
    return runner;
  }

  /** An embedding runner always has one slot. For other models the number of slots is configured. */
  #slotsFor(model: SimModel): number {
    return model.capabilities.includes('completion') ? this.#config.slots : 1;
  }

  async #needsReload(runner: Runner, request: LoadRequest): Promise<boolean> {
    if (runner.frozen) await this.#pingInVain(runner);
    return runner.frozen || runner.dead || differs(runner.options, request.options);
  }

  /**
   * Pings a silent runner; pings run one after the other. Until a ping ends, the runner is locked and `/api/ps` waits.
   */
  #pingInVain(runner: Runner): Promise<void> {
    const ping = (): Promise<void> =>
      runner.frozen
        ? new Promise((resolve) => this.#config.clock.after(PING_TIMEOUT_MS, resolve))
        : Promise.resolve();
    this.#pings = this.#pings.then(ping);
    return this.#pings;
  }
}

/** A promise that rejects when the signal aborts. `dispose` removes the listener. */
function onAbort(signal: AbortSignal): { promise: Promise<never>; dispose: () => void } {
  const { promise, reject } = deferred<never>();
  promise.catch(() => undefined);
  const listener = (): void => reject(new ClientGoneError());
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return { promise, dispose: () => signal.removeEventListener('abort', listener) };
}
