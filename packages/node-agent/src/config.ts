import { InvalidArgumentError } from '@drover/actor-core';
import { requireToken } from '@drover/actor-core/cluster';
import { CanonicalOptions } from './runner/canonical-options.ts';
import type { RunnerPolicy } from './runner/decide-runner.ts';
import { type OllamaAddress, readOllamaAddress } from './ollama/ollama-address.ts';

/** One Ollama of this host. The node-agent must be its only client. */
export interface InstanceConfig {
  /** Unique within the node; 1 to 64 of `a-z 0-9 _ -`. Part of the actor's path `instances/{name}`. */
  readonly name: string;
  /**
   * `http(s)://[user:password@]host:port[/base/path]`, unique within the node. User and password are sent as basic
   * authentication and never shown.
   */
  readonly url: string;
  /** Requests allowed inside this Ollama at once (its OLLAMA_NUM_PARALLEL; Ollama reports none). @default 1 */
  readonly slots?: number;
  /** Marks the instance as simulated, also if its answers do not say so. @default false */
  readonly simulated?: boolean;
}

/** Options of `startNodeAgent`. Every field except `instances` has a default. */
export interface NodeAgentOptions extends Partial<NodeAgentLimits> {
  readonly instances: readonly InstanceConfig[];
}

/** Bounds, deadlines and rules of each instance. */
export interface NodeAgentLimits {
  /**
   * Whether requests or the fleet decide about options that make Ollama load a model again. @default normalise
   */
  readonly runnerPolicy: RunnerPolicy;
  /** Runner options that the owner states: `MODEL=OPTION:VALUE`, `*` for each model. @default none */
  readonly runnerOptions: readonly string[];
  /** Largest number of requests that wait for a slot, in addition to those inside Ollama. @default 64 */
  readonly maxQueue: number;
  /** Largest request body, bytes. Ollama itself has no limit. @default 64 MiB */
  readonly maxBodyBytes: number;
  /** Largest number of places in the queue for requests whose bodies are at other instances. @default 1_024 */
  readonly maxReserved: number;
  /** Time for a session to answer the offer of a slot, milliseconds. @default 500 */
  readonly offerMs: number;
  /** Time after which a place in the queue expires unless its session renews it, milliseconds. @default 4_000 */
  readonly reservationMs: number;
  /**
   * Largest number of bytes of all bodies, of queued and running requests together; at least `maxBodyBytes`. @default
   * 256 MiB
   */
  readonly maxHeldBytes: number;
  /** Longest time until the next part of a body, milliseconds. @default 10_000 */
  readonly bodyPartMs: number;
  /** Interval at which the silence of a request inside Ollama is judged, milliseconds. @default 5_000 */
  readonly silenceLookMs: number;
  /**
   * Longest silence that the size of a request and the speed of its model alone can explain, milliseconds; a longer one
   * counts as stuck. A runner on this machine that uses the CPU may be silent for longer. @default 1_800_000
   */
  readonly maxSilenceMs: number;
  /** Longest time for the unload that frees a lost slot, milliseconds. @default 10_000 */
  readonly unloadMs: number;
  /**
   * Largest number of finished answers kept for receivers that still miss lines; above it the oldest is dropped.
   * @default 256
   */
  readonly maxLingering: number;
  /** Longest time to open a TCP connection to Ollama, milliseconds. @default 5_000 */
  readonly connectMs: number;
  /** Time between two probes, with a jitter of a tenth, milliseconds. @default 5_000 */
  readonly probeIntervalMs: number;
  /** Deadline of each probe, milliseconds. @default 2_000 */
  readonly probeTimeoutMs: number;
  /** Longest time for a fresh list of loaded models; then the list of the last probe is used. @default 500 */
  readonly listTimeoutMs: number;
  /** Delay of the probe after a job that may have changed which models are loaded. @default 250 */
  readonly probeAfterJobMs: number;
  /** Time between two load reports without changes. @default 1_000 */
  readonly reportIntervalMs: number;
  /** How long a drain waits for running requests before it cancels them. @default 10_000 */
  readonly drainMs: number;
}

/** One instance with every field filled in; `url` is without user and password, which only `address` has. */
export interface ResolvedInstance extends Required<InstanceConfig> {
  readonly address: OllamaAddress;
}

export interface NodeAgentConfig extends NodeAgentLimits {
  readonly instances: readonly ResolvedInstance[];
}

/** Fields that may change while a node-agent runs. */
export const liveFields: readonly (keyof NodeAgentLimits)[] = ['maxQueue'];

type RunnerFields = Pick<NodeAgentLimits, 'runnerPolicy' | 'runnerOptions'>;
const runnerFields: Readonly<Record<keyof RunnerFields, true>> = { runnerPolicy: true, runnerOptions: true };

const MiB = 1024 * 1024;

export const defaults: NodeAgentLimits = Object.freeze({
  runnerPolicy: 'normalise',
  runnerOptions: Object.freeze([]),
  maxQueue: 64,
  maxBodyBytes: 64 * MiB,
  maxHeldBytes: 256 * MiB,
  maxReserved: 1_024,
  offerMs: 500,
  reservationMs: 4_000,
  bodyPartMs: 10_000,
  silenceLookMs: 5_000,
  maxSilenceMs: 1_800_000,
  unloadMs: 10_000,
  maxLingering: 256,
  connectMs: 5_000,
  probeIntervalMs: 5_000,
  probeTimeoutMs: 2_000,
  listTimeoutMs: 500,
  probeAfterJobMs: 250,
  reportIntervalMs: 1_000,
  drainMs: 10_000,
});

const instanceFields = new Set(['name', 'url', 'slots', 'simulated']);

/** @throws InvalidArgumentError naming the field that is unknown, out of range or contradicts another */
export function resolveConfig(options: NodeAgentOptions): NodeAgentConfig {
  const { runnerPolicy, runnerOptions, ...numbers } = defaults;
  const limits: Record<string, number> = { ...numbers };
  for (const [field, value] of Object.entries(options)) {
    if (field === 'instances' || value === undefined || Object.hasOwn(runnerFields, field)) continue;
    if (!Object.hasOwn(defaults, field))
      throw new InvalidArgumentError(field, 'is not a setting of the node agent');
    const least =
      field === 'maxQueue' || field === 'drainMs' || field === 'maxLingering' || field === 'maxReserved'
        ? 0
        : 1;
    limits[field] = requireWhole(field, value, least);
  }
  // Unless it is set, this bound grows with `maxBodyBytes`.
  limits['maxHeldBytes'] =
    options.maxHeldBytes ?? Math.max(defaults.maxHeldBytes, (limits['maxBodyBytes'] ?? 0) * 2);
  const runner = resolveRunner({ runnerPolicy, runnerOptions, ...options });
  const resolved = { ...limits, ...runner } as unknown as NodeAgentLimits;
  if (resolved.maxHeldBytes < resolved.maxBodyBytes) {
    throw new InvalidArgumentError(
      'maxHeldBytes',
      `must be at least maxBodyBytes (${resolved.maxBodyBytes})`,
    );
  }
  if (resolved.probeTimeoutMs > resolved.probeIntervalMs) {
    throw new InvalidArgumentError(
      'probeTimeoutMs',
      `must not exceed probeIntervalMs (${resolved.probeIntervalMs})`,
    );
  }
  return Object.freeze({ ...resolved, instances: Object.freeze(resolveInstances(options.instances)) });
}

/** @throws InvalidArgumentError naming the field that is not a policy or not an option of a runner */
function resolveRunner({ runnerPolicy, runnerOptions }: RunnerFields): RunnerFields {
  if (runnerPolicy !== 'normalise' && runnerPolicy !== 'honour')
    throw new InvalidArgumentError(
      'runnerPolicy',
      `must be normalise or honour (got ${String(runnerPolicy)})`,
    );
  void new CanonicalOptions(runnerOptions);
  return { runnerPolicy, runnerOptions };
}

function resolveInstances(instances: readonly InstanceConfig[]): ResolvedInstance[] {
  if (!Array.isArray(instances) || instances.length === 0) {
    throw new InvalidArgumentError('instances', 'must name at least one Ollama: [{ name, url }]');
  }
  const resolved: ResolvedInstance[] = [];
  for (const [index, instance] of instances.entries()) {
    const at = `instances[${index}]`;
    for (const field of Object.keys(instance)) {
      if (!instanceFields.has(field))
        throw new InvalidArgumentError(`${at}.${field}`, 'is not a setting of an instance');
    }
    const name = requireToken(`${at}.name`, instance.name);
    const address = requireAddress(`${at}.url`, instance.url);
    const url = address.shown;
    const twin = resolved.findIndex((other) => other.name === name || other.url === url);
    if (twin >= 0) {
      const field = resolved[twin]?.name === name ? 'name' : 'url';
      throw new InvalidArgumentError(
        `${at}.${field}`,
        `is the same as instances[${twin}].${field} (${field === 'url' ? url : name})`,
      );
    }
    const slots = requireWhole(`${at}.slots`, instance.slots ?? 1, 1);
    resolved.push(Object.freeze({ name, url, address, slots, simulated: instance.simulated ?? false }));
  }
  return resolved;
}

function requireWhole(field: string, value: unknown, least: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
    throw new InvalidArgumentError(
      field,
      `must be a whole number of at least ${least} (got ${String(value)})`,
    );
  }
  return value;
}

/** The error omits the value, which may contain a password. */
function requireAddress(field: string, value: unknown): OllamaAddress {
  const address = typeof value === 'string' ? readOllamaAddress(value) : undefined;
  if (address !== undefined) return address;
  throw new InvalidArgumentError(
    field,
    'must be an address like http://127.0.0.1:11434 or https://user:password@proxy/base/path, without query',
  );
}
