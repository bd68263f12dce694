import { type Clock, systemClock } from './clock.ts';
import { InvalidArgumentError } from './errors.ts';
import { defineModel, type SimModel, type SimModelSpec } from './model/model.ts';
import { DEFAULT_MODELS, modelByName } from './model/presets.ts';

/** Options of a simulated server. Every field has a default; see `defaults`. */
export interface OllamaSimOptions {
  /** TCP port; 0 picks a free one. */
  readonly port?: number;
  readonly host?: string;
  /** Names of presets, other names, from which properties are read, or complete definitions. */
  readonly models?: readonly (string | SimModelSpec)[];
  /** Models that `/api/pull` finds in addition to the presets. */
  readonly registry?: readonly (string | SimModelSpec | PullableSpec)[];
  /** Decoding speed of one stream, tokens per second. */
  readonly tokensPerSecond?: number;
  /** Prefill speed of one stream, tokens per second. */
  readonly prefillTokensPerSecond?: number;
  /** GPU memory in GiB; 0 is a machine without GPU, where only `maxLoadedModels` is a limit. */
  readonly vramGib?: number;
  /** Slots of each runner (OLLAMA_NUM_PARALLEL). */
  readonly slots?: number;
  /** Duration of a load, rounded up to steps of 250 ms. */
  readonly loadMs?: number;
  /** Largest number of waiting loads (OLLAMA_MAX_QUEUE). Requests for loaded models wait without limit. */
  readonly maxQueue?: number;
  /** OLLAMA_MAX_LOADED_MODELS. */
  readonly maxLoadedModels?: number;
  /** OLLAMA_KEEP_ALIVE in milliseconds; Infinity keeps models loaded for ever. */
  readonly keepAliveMs?: number;
  /** Default context (OLLAMA_CONTEXT_LENGTH); null: depends on the VRAM. */
  readonly contextLength?: number | null;
  /** Folder in which pulled models, parts of downloads and uploaded blobs outlive the process; null for none. */
  readonly data?: string | null;
  /** Speed of pulls in bytes per second. */
  readonly pullBytesPerSecond?: number;
  /** Whether `/api/pull` reaches a registry. */
  readonly network?: boolean;
  /** `/api/version` answers the version of the real server. */
  readonly plainVersion?: boolean;
  /** Whether each response carries `x-drover-simulated: 1`. */
  readonly label?: boolean;
  /** Whether requests with a foreign `Host` are refused, as a server on a loopback address does. */
  readonly checkHost?: boolean;
  readonly clock?: Clock;
}

/** A model in the registry, and the fault when it is pulled. */
export interface PullableSpec {
  readonly model: string | SimModelSpec;
  readonly fault?: 'blob-missing' | 'digest-mismatch' | 'no-redirect';
}

export interface Pullable {
  readonly model: SimModel;
  readonly fault: PullableSpec['fault'] | null;
}

export interface OllamaSimConfig extends Required<Omit<OllamaSimOptions, 'models' | 'registry'>> {
  readonly models: readonly SimModel[];
  readonly registry: readonly Pullable[];
}

export const defaults: Required<Omit<OllamaSimOptions, 'models' | 'registry'>> = Object.freeze({
  port: 11434,
  host: '127.0.0.1',
  tokensPerSecond: 50,
  prefillTokensPerSecond: 2000,
  vramGib: 24,
  slots: 1,
  loadMs: 3000,
  maxQueue: 512,
  maxLoadedModels: 3,
  keepAliveMs: 300_000,
  contextLength: null,
  data: null,
  pullBytesPerSecond: 40e6,
  network: true,
  plainVersion: false,
  label: true,
  checkHost: true,
  clock: systemClock,
});

/** @throws InvalidArgumentError naming the invalid option */
export function resolveConfig(options: OllamaSimOptions): OllamaSimConfig {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const merged = { ...defaults, ...(Object.fromEntries(given) as OllamaSimOptions) };
  whole('port', merged.port, 0, 65535);
  whole('slots', merged.slots, 1, 1024);
  whole('maxQueue', merged.maxQueue, 0, 1e6);
  whole('maxLoadedModels', merged.maxLoadedModels, 1, 1024);
  positive('tokensPerSecond', merged.tokensPerSecond);
  positive('prefillTokensPerSecond', merged.prefillTokensPerSecond);
  positive('pullBytesPerSecond', merged.pullBytesPerSecond);
  atLeastZero('vramGib', merged.vramGib);
  atLeastZero('loadMs', merged.loadMs);
  const models = (options.models ?? DEFAULT_MODELS).map(toModel);
  const counting = modelByName('sim-count');
  if (!models.some((model) => model.name === counting.name)) models.push(counting);
  return Object.freeze({ ...merged, models, registry: (options.registry ?? []).map(toPullable) });
}

/** Default context: the option, else that of Ollama for this amount of VRAM. */
export function defaultContext(config: OllamaSimConfig): number {
  if (config.contextLength !== null) return config.contextLength;
  if (config.vramGib >= 47) return 262_144;
  return config.vramGib >= 23 ? 32_768 : 4096;
}

function toModel(spec: string | SimModelSpec): SimModel {
  return typeof spec === 'string' ? modelByName(spec) : defineModel(spec);
}

function toPullable(spec: string | SimModelSpec | PullableSpec): Pullable {
  if (typeof spec === 'object' && 'model' in spec)
    return { model: toModel(spec.model), fault: spec.fault ?? null };
  return { model: toModel(spec), fault: null };
}

function whole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new InvalidArgumentError(name, `must be a whole number from ${least} to ${most}, not ${value}`);
}

function positive(name: string, value: number): void {
  if (!(value > 0) || !Number.isFinite(value))
    throw new InvalidArgumentError(name, `must be above 0, not ${value}`);
}

function atLeastZero(name: string, value: number): void {
  if (!(value >= 0) || !Number.isFinite(value))
    throw new InvalidArgumentError(name, `must be 0 or above, not ${value}`);
}
