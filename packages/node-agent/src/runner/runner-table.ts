import {
  type InferenceRoute,
  modelKey,
  type OllamaRunning,
  readRunnerOptions,
  type RunnerOptions,
  withRunnerOptions,
} from '@drover/fleet';
import type { CanonicalOptions } from './canonical-options.ts';
import { decideRunner, describeChanges, type RunnerPolicy } from './decide-runner.ts';

/** A request with the runner options with which it is posted. */
export interface FittedRequest {
  readonly body: Uint8Array;
  readonly used: RunnerOptions;
  /** For the client: what was changed. */
  readonly changes: string | undefined;
}

interface Runner {
  readonly options: RunnerOptions;
  /** When a request with these options was answered first; undefined while the model is loading. */
  answeredAtMs: number | undefined;
  contextLength: number | undefined;
}

/** Models whose automatic context is remembered; the one that was seen first is forgotten first. */
const maxRemembered = 1_024;

/**
 * The runners of one Ollama: with which options each model was loaded last. The node-agent is the only client of its
 * Ollama, so it knows. A runner that something else has loaded is not in the table, and the first request for it is
 * posted as it is stated.
 */
export class RunnerTable {
  readonly #policy: RunnerPolicy;
  readonly #canonical: CanonicalOptions;
  readonly #runners = new Map<string, Runner>();
  /** Contexts that Ollama chose by itself, tokens. */
  readonly #automatic = new Map<string, number>();

  constructor(policy: RunnerPolicy, canonical: CanonicalOptions) {
    this.#policy = policy;
    this.#canonical = canonical;
  }

  /** Decides the runner options of a request that is posted now. */
  fit(route: InferenceRoute, model: string, body: Uint8Array): FittedRequest {
    if (route === 'show') return { body, used: {}, changes: undefined };
    const key = modelKey(model);
    const asked = readRunnerOptions(body);
    const runner = this.#runners.get(key);
    const used = decideRunner({
      policy: this.#policy,
      asked,
      canonical: this.#canonical.of(model),
      runner,
      automaticContext: this.#automatic.get(key),
    });
    if (runner === undefined || describeChanges(runner.options, used) !== undefined)
      this.#runners.set(key, { options: used, answeredAtMs: undefined, contextLength: undefined });
    return { body: withRunnerOptions(body, used), used, changes: describeChanges(asked, used) };
  }

  /**
   * A request with these options has its first byte. Returns true when that is news: Ollama has loaded the model anew,
   * and lists another context than before.
   */
  answered(model: string, used: RunnerOptions, nowMs: number): boolean {
    const runner = this.#runners.get(modelKey(model));
    if (runner === undefined || runner.answeredAtMs !== undefined) return false;
    if (describeChanges(runner.options, used) !== undefined) return false;
    runner.answeredAtMs = nowMs;
    return true;
  }

  /** A request with these options failed before its first byte: perhaps the model cannot be loaded with them. */
  failed(model: string, used: RunnerOptions): void {
    const key = modelKey(model);
    const runner = this.#runners.get(key);
    if (runner?.answeredAtMs === undefined && describeChanges(runner?.options ?? {}, used) === undefined)
      this.#runners.delete(key);
  }

  /** Ollama listed its loaded models, in answer to a question of that instant. */
  listed(running: readonly OllamaRunning[], askedAtMs: number): void {
    const listed = new Map(running.map((entry) => [modelKey(entry.name), entry]));
    for (const [key, runner] of this.#runners) {
      if (runner.answeredAtMs === undefined || runner.answeredAtMs > askedAtMs) continue;
      const context = listed.get(key)?.['context_length'];
      if (!listed.has(key)) this.#runners.delete(key);
      else if (typeof context === 'number' && context > 0) this.#learn(key, runner, context);
    }
  }

  #learn(key: string, runner: Runner, contextLength: number): void {
    runner.contextLength = contextLength;
    if (runner.options.num_ctx !== undefined) return;
    this.#automatic.delete(key);
    this.#automatic.set(key, contextLength);
    const [oldest] = this.#automatic.keys();
    if (this.#automatic.size > maxRemembered && oldest !== undefined) this.#automatic.delete(oldest);
  }
}
