import type { memoryDefaults } from '@drover/actor-core/cluster';
import type { AgentsConfig } from '@drover/agents';
import type { FleetConfig } from '@drover/fleet';
import type { GatewayConfig } from '@drover/gateway';
import type { NodeAgentLimits } from '@drover/node-agent';

/** Commands that take settings. `look`: the commands that inspect a running cluster. */
export type Taker = 'up' | 'gateway' | 'node-agent' | 'host' | 'look';

/** A field of a package's configuration, as `package.field`. */
export type ConfigField =
  | `gateway.${keyof GatewayConfig}`
  | `fleet.${keyof FleetConfig}`
  | `node-agent.${keyof NodeAgentLimits}`
  | `agents.${keyof AgentsConfig}`
  | `memory.${keyof typeof memoryDefaults}`
  | 'actor-core.connectTimeoutMs';

/**
 * How a value is written; the same in every source.
 *
 * `duration`: `500ms`, `30s`, `10m`, `1h30m`; parsed to milliseconds · `size`: `64MiB`, `1GiB`; parsed to bytes ·
 * `count`: a whole number · `list`: separated by commas, or the flag several times, or a list in the file ·
 * `switch`: a flag without a value; `1`, `true`, `0` or `false` in the other sources · `text`: used unchanged ·
 * `keep-alive`: a duration in Ollama's notation; a negative one means for ever
 */
type SettingKind = 'duration' | 'size' | 'count' | 'list' | 'switch' | 'text' | 'keep-alive';

/** Headings of the help and of the reference, in this order. */
export const groups = [
  'Addresses and hosts',
  'Tokens of an issuer',
  'Deadlines of requests',
  'Limits',
  'Browsers and names',
  'Names of models',
  'Agents',
  'Memory',
  'The bus',
  'Hosts in detail',
  'Process and logs',
] as const;

type SettingGroup = (typeof groups)[number];

/** One row of the table of settings: its key, form, sources and the configuration fields that it sets. */
export interface Setting {
  /** The key in the file, `--KEY` as a flag and `DROVER_KEY` as a variable. */
  readonly key: string;
  readonly kind: SettingKind;
  readonly group: SettingGroup;
  /** Commands that take the setting. */
  readonly takers: readonly Taker[];
  /** Description in one line of the help, without the default. */
  readonly help: string;
  /** Placeholder for the value in the help, such as `<url>`. Absent for a switch. */
  readonly placeholder?: string;
  /**
   * Configuration fields that the setting sets; the first field gives the default. Empty if the command itself uses the
   * setting.
   */
  readonly fields?: readonly ConfigField[];
  /** The default as it is written in the file, for a setting without a field. */
  readonly default?: string;
  /** Description of a default that is not a fixed value. */
  readonly defaultText?: string;
  /** Smallest and largest parsed value. @default 1 for durations, sizes and counts; no upper bound */
  readonly min?: number;
  readonly max?: number;
  /** The allowed values of a `text`. */
  readonly choices?: readonly string[];
  /** Where a `list` is split. @default every comma */
  readonly separator?: RegExp;
  /** The value 0 turns the setting off. */
  readonly zeroIsOff?: boolean;
  /** Shown by `--help`; the others by `--help --all`. @default false */
  readonly frequent?: boolean;
  /** Hidden from users: passed from `drover up` to its processes. @default false */
  readonly hidden?: boolean;
  /** Allowed sources. @default all */
  readonly sources?: readonly ('file' | 'variable' | 'flag')[];
  /** Another program's variable with the same meaning; the file takes precedence over it. */
  readonly foreign?: { readonly name: string; readonly takers: readonly Taker[] };
  /**
   * True if the cluster may change it while its processes run: it is read again for each request or log line, and no
   * connection or buffer depends on an old value. @default false
   */
  readonly isLive?: boolean;
  /** True for a secret: its value is never shown. @default false */
  readonly secret?: boolean;
}

export function flagOf(setting: Setting): string {
  return `--${setting.key}`;
}

export function variableOf(setting: Pick<Setting, 'key'>): string {
  return `DROVER_${setting.key.toUpperCase().replaceAll('-', '_')}`;
}

export function mayComeFrom(setting: Setting, source: 'file' | 'variable' | 'flag'): boolean {
  return setting.sources?.includes(source) ?? true;
}
