import type { OllamaSimConfig } from '../config.ts';
import type { Runner } from './runner.ts';
import { decideVictim, fits } from './victim.ts';

/**
 * Constant part of `load_duration`. A load adds the time of its polls; for a loaded model it is the whole
 * `load_duration`.
 */
export const HANDOVER_MS = 1.2;
const GIB = 2 ** 30;

/** A runner for one request. `release` must be called exactly once. */
export interface Lease {
  readonly runner: Runner;
  /** `load_duration`: the wait for the scheduler and for evictions, and the load itself. */
  readonly loadMs: number;
  release(): void;
}

/**
 * The loaded runners, with the number of requests that hold each, their expiry when idle, and the choice of a victim.
 */
export class LoadedRunners {
  readonly #config: OllamaSimConfig;
  readonly #byBlob = new Map<string, Runner>();
  readonly #unloadWatchers = new Set<() => void>();

  constructor(config: OllamaSimConfig) {
    this.#config = config;
  }

  list(): readonly Runner[] {
    return [...this.#byBlob.values()];
  }

  of(blob: string): Runner | undefined {
    return this.#byBlob.get(blob);
  }

  add(runner: Runner): void {
    this.#byBlob.set(runner.model.blob, runner);
  }

  freeVramBytes(): number {
    const used = this.list().reduce((sum, runner) => sum + runner.vramBytes, 0);
    return this.#config.vramGib * GIB - used;
  }

  /** The runner to unload so that a new runner of `neededBytes` fits; null if it fits already. */
  victimFor(neededBytes: number): Runner | null {
    const runners = this.list();
    const hasPlace = runners.length < this.#config.maxLoadedModels;
    const hasMemory = this.#config.vramGib === 0 || fits(neededBytes, this.freeVramBytes(), runners.length);
    if (hasPlace && hasMemory) return null;
    const candidates = runners.map((runner) => ({
      runner,
      references: runner.references,
      keepAliveMs: runner.keepAliveMs,
      path: runner.model.blob,
    }));
    return decideVictim(candidates)?.runner ?? null;
  }

  /** Gives the runner to one request. If `keepAliveMs` is null, the runner keeps its current keep_alive time. */
  hold(runner: Runner, keepAliveMs: number | null, startMs: number): Lease {
    runner.references++;
    runner.expiry?.cancel();
    runner.expiry = null;
    if (keepAliveMs !== null) runner.keepAliveMs = keepAliveMs;
    let held = true;
    return {
      runner,
      loadMs: Math.max(HANDOVER_MS, this.#config.clock.nowMs() - startMs),
      release: () => {
        if (!held) return;
        held = false;
        runner.references--;
        if (runner.references === 0) this.#becomeIdle(runner);
      },
    };
  }

  /** Unloads the runner: at once if it is idle, else when its last request ends. */
  expire(runner: Runner): void {
    runner.keepAliveMs = 0;
    runner.expiry?.cancel();
    if (runner.references === 0) this.#unload(runner);
  }

  /** Resolves at the next unload of any runner. */
  nextUnload(): Promise<void> {
    return new Promise((resolve) => {
      const watcher = (): void => {
        this.#unloadWatchers.delete(watcher);
        resolve();
      };
      this.#unloadWatchers.add(watcher);
    });
  }

  #becomeIdle(runner: Runner): void {
    if (runner.keepAliveMs <= 0) return this.#unload(runner);
    runner.expiresAtMs = this.#config.clock.wallMs() + runner.keepAliveMs;
    if (!Number.isFinite(runner.keepAliveMs)) return;
    runner.expiry = this.#config.clock.after(runner.keepAliveMs, () => this.#unload(runner));
  }

  #unload(runner: Runner): void {
    if (this.#byBlob.get(runner.model.blob) !== runner) return;
    this.#byBlob.delete(runner.model.blob);
    runner.expiry?.cancel();
    for (const notify of this.#unloadWatchers) notify();
  }
}
