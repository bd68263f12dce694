import { InvalidArgumentError } from '@drover/actor-core';
import { noTimeoutMs } from '@drover/fleet/config';

/** Limits and intervals of the agents of one cell. All hosts of a cell should have the same values. */
export interface AgentsConfig {
  /** Folder with agent definitions (Markdown files). @default the definitions shipped with this package */
  readonly definitionsDir: string;
  /**
   * Maximum number of agents with a record, including stopped agents whose slot is not yet reused. 1–100_000.
   * @default 10_000
   */
  readonly maxAgents: number;
  /** Maximum number of run records; the run that ended first is dropped first. 1–100_000. @default 10_000 */
  readonly maxRuns: number;
  /** Maximum number of waiting tasks per agent; a further task is refused with `agent-busy`. @default 16 */
  readonly maxQueuedTasks: number;
  /** Longest task input, characters. @default 131_072 */
  readonly maxInputChars: number;
  /** Longest answer, characters; a task with a longer one fails with `task-failed`. @default 131_072 */
  readonly maxOutputChars: number;
  /** Task timeout if the request names none; 0 = the longest allowed. @default 120_000 */
  readonly taskTimeoutMs: number;
  /** Longest task timeout that a request may name; 0 = no limit. @default 3_600_000 */
  readonly maxTaskTimeoutMs: number;
  /** Longest wait of a call for a leader, and of a task for an agent that is being placed. @default 10_000 */
  readonly waitMs: number;
  /** Timeout of one question to the directory. Below `waitMs`. @default 2_000 */
  readonly askTimeoutMs: number;
  /** Interval at which the leader checks the hosts and all due work. @default 250 */
  readonly tickMs: number;
  /** Interval at which the leader asks each host which agents it runs. Above `tickMs`. @default 5_000 */
  readonly surveyMs: number;
  /** Time that a host has to confirm an activation before the order is repeated. @default 1_000 */
  readonly activationTimeoutMs: number;
  /** Longest pause between two activation orders for one agent. @default 5_000 */
  readonly activationBackoffMaxMs: number;
  /** Unanswered orders to one host before another host is tried. @default 3 */
  readonly activationAttempts: number;
  /** A new leader waits this long for a host that it has never seen before the host counts as lost. @default 3_000 */
  readonly unknownHostGraceMs: number;
  /** Interval at which an asker probes its task, and a host repeats unconfirmed ends of runs. @default 1_000 */
  readonly probeMs: number;
  /** Silence of an agent after which its task counts as lost. Above `probeMs`. @default 5_000 */
  readonly silenceMs: number;
  /** Delay before `busy` is reported to the leader; `ready` is reported at once. @default 50 */
  readonly reportDebounceMs: number;
  /** Restarts of one agent within `restartPeriodMs`; with more, the agent is parked and shows `failed`. @default 3 */
  readonly restartIntensity: number;
  /** @default 30_000 */
  readonly restartPeriodMs: number;
}

/** The tested values. `definitionsDir` '' selects the shipped definitions. */
export const defaults: AgentsConfig = Object.freeze({
  definitionsDir: '',
  maxAgents: 10_000,
  maxRuns: 10_000,
  maxQueuedTasks: 16,
  maxInputChars: 131_072,
  maxOutputChars: 131_072,
  taskTimeoutMs: 120_000,
  maxTaskTimeoutMs: 3_600_000,
  waitMs: 10_000,
  askTimeoutMs: 2_000,
  tickMs: 250,
  surveyMs: 5_000,
  activationTimeoutMs: 1_000,
  activationBackoffMaxMs: 5_000,
  activationAttempts: 3,
  unknownHostGraceMs: 3_000,
  probeMs: 1_000,
  silenceMs: 5_000,
  reportDebounceMs: 50,
  restartIntensity: 3,
  restartPeriodMs: 30_000,
});

const upperBounds: Partial<Record<keyof AgentsConfig, number>> = {
  maxAgents: 100_000,
  maxRuns: 100_000,
  // One input and one answer must each fit into a NATS message of 1 MiB, even with four-byte characters.
  maxInputChars: 196_608,
  maxOutputChars: 196_608,
};

/** Fields that may change while hosts and clients run. */
export const liveFields: readonly (keyof AgentsConfig)[] = ['taskTimeoutMs', 'maxTaskTimeoutMs'];

/** Pairs of fields: the first must be below the second. */
const orderings: readonly (readonly [keyof AgentsConfig, keyof AgentsConfig])[] = [
  ['askTimeoutMs', 'waitMs'],
  ['tickMs', 'surveyMs'],
  ['probeMs', 'silenceMs'],
];

/** Longest task timeout that the configuration allows, milliseconds. */
export function longestTaskMs({ maxTaskTimeoutMs }: AgentsConfig): number {
  return maxTaskTimeoutMs === 0 ? noTimeoutMs : maxTaskTimeoutMs;
}

/** Timeout of a task whose request names none, milliseconds. */
export function defaultTaskMs(config: AgentsConfig): number {
  return config.taskTimeoutMs === 0 ? longestTaskMs(config) : config.taskTimeoutMs;
}

/**
 * The complete configuration; fields left out or undefined take their default.
 *
 * @throws InvalidArgumentError for an unknown field, a value out of range, or two fields that contradict
 */
export function resolveConfig(partial: Partial<AgentsConfig> = {}): AgentsConfig {
  const resolved: Record<string, string | number> = { ...defaults };
  for (const [field, value] of Object.entries(partial)) {
    if (!Object.hasOwn(defaults, field))
      throw new InvalidArgumentError(field, 'is not a field of the agents configuration');
    if (value === undefined) continue;
    resolved[field] = requireValue(field as keyof AgentsConfig, value);
  }
  const config = resolved as unknown as AgentsConfig;
  for (const [lower, upper] of orderings) {
    if (config[lower] >= config[upper]) {
      throw new InvalidArgumentError(lower, `must be below ${upper} (${config[lower]} >= ${config[upper]})`);
    }
  }
  if (config.maxTaskTimeoutMs > 0 && config.taskTimeoutMs > config.maxTaskTimeoutMs) {
    throw new InvalidArgumentError(
      'taskTimeoutMs',
      `must not be above maxTaskTimeoutMs (${config.maxTaskTimeoutMs})`,
    );
  }
  return Object.freeze(config);
}

function requireValue(field: keyof AgentsConfig, value: string | number): string | number {
  if (field === 'definitionsDir') {
    if (typeof value !== 'string') throw new InvalidArgumentError(field, 'must be the path of a folder');
    return value;
  }
  const least = field === 'taskTimeoutMs' || field === 'maxTaskTimeoutMs' ? 0 : 1;
  const upper = upperBounds[field] ?? Number.MAX_SAFE_INTEGER;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > upper) {
    throw new InvalidArgumentError(
      field,
      `must be a whole number from ${least} to ${upper} (got ${String(value)})`,
    );
  }
  return value;
}
