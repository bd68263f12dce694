import { InvalidArgumentError } from '@drover/actor-core';
import { noTimeoutMs } from '@drover/fleet/config';

/** Limits and rhythms of the agents of one cell. Every host of a cell should have the same. */
export interface AgentsConfig {
  /** Folder with agent definitions (Markdown files). @default the definitions shipped with this package */
  readonly definitionsDir: string;
  /** Agents the directory holds, stopped ones not yet overwritten included. 1–100_000. @default 10_000 */
  readonly maxAgents: number;
  /** Run records kept; the oldest settled one makes room. 1–100_000. @default 10_000 */
  readonly maxRuns: number;
  /** Tasks waiting in one agent's queue beside the one in hand; the next is refused `agent-busy`. @default 16 */
  readonly maxQueuedTasks: number;
  /** Longest task input, characters. @default 131_072 */
  readonly maxInputChars: number;
  /** Longest answer, characters; a longer one fails with `task-failed`. @default 131_072 */
  readonly maxOutputChars: number;
  /** Task timeout where the request names none; 0 for the longest there is. @default 120_000 */
  readonly taskTimeoutMs: number;
  /** Longest task timeout a request may name; 0 for no bound. @default 3_600_000 */
  readonly maxTaskTimeoutMs: number;
  /** How long a call waits for a leader, and a task for its agent to be back. @default 10_000 */
  readonly waitMs: number;
  /** One question to the directory. Below `waitMs`. @default 2_000 */
  readonly askTimeoutMs: number;
  /** The leader looks at the hosts and at everything overdue this often. @default 250 */
  readonly tickMs: number;
  /** The leader asks every host what it really runs this often. Above `tickMs`. @default 5_000 */
  readonly surveyMs: number;
  /** How long a host may take to acknowledge an activation before it is ordered again. @default 1_000 */
  readonly activationTimeoutMs: number;
  /** Longest pause between two activation orders for one agent. @default 5_000 */
  readonly activationBackoffMaxMs: number;
  /** Orders unanswered by one host before another is tried. @default 3 */
  readonly activationAttempts: number;
  /** A new leader waits this long for a host that it has never heard of before it counts as gone. @default 3_000 */
  readonly unknownHostGraceMs: number;
  /** An asker looks after its task, and an outbox repeats what was not acknowledged, this often. @default 1_000 */
  readonly probeMs: number;
  /** Silence of an agent after which its task is lost. Above `probeMs`. @default 5_000 */
  readonly silenceMs: number;
  /** How long an agent must be busy before the leader hears of it; that it is ready is said at once. @default 50 */
  readonly reportDebounceMs: number;
  /** Restarts of one agent within `restartPeriodMs`; over it the agent is parked and shows `failed`. @default 3 */
  readonly restartIntensity: number;
  /** @default 30_000 */
  readonly restartPeriodMs: number;
}

/** What the package was tested with. `definitionsDir` '' selects the shipped definitions. */
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
  // One answer, and one task, must fit into one NATS message of 1 MiB with four-byte characters.
  maxInputChars: 196_608,
  maxOutputChars: 196_608,
};

/** Pairs whose first must be below the second. */
const orderings: readonly (readonly [keyof AgentsConfig, keyof AgentsConfig])[] = [
  ['askTimeoutMs', 'waitMs'],
  ['tickMs', 'surveyMs'],
  ['probeMs', 'silenceMs'],
];

/** The longest task that this configuration allows, milliseconds. */
export function longestTaskMs({ maxTaskTimeoutMs }: AgentsConfig): number {
  return maxTaskTimeoutMs === 0 ? noTimeoutMs : maxTaskTimeoutMs;
}

/** Milliseconds for a task whose request names no timeout. */
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
      throw new InvalidArgumentError(field, 'is no field of the agents configuration');
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
    if (typeof value !== 'string') throw new InvalidArgumentError(field, 'must be a folder');
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
