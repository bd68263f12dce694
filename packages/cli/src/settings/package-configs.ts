// Imports only the configurations of the packages: every command reads settings, but few run a gateway or a node-agent.
import { InvalidArgumentError } from '@drover/actor-core';
import { memoryDefaults, type MemoryOptions, resolveMemoryOptions } from '@drover/actor-core/cluster';
import {
  type AgentsConfig,
  defaults as agentsDefaults,
  resolveConfig as resolveAgents,
} from '@drover/agents/config';
import {
  defaults as fleetDefaults,
  type FleetConfig,
  resolveConfig as resolveFleet,
} from '@drover/fleet/config';
import {
  defaults as gatewayDefaults,
  type GatewayConfig,
  resolveConfig as resolveGateway,
} from '@drover/gateway/config';
import {
  defaults as nodeAgentDefaults,
  type NodeAgentLimits,
  resolveConfig as resolveNodeAgent,
} from '@drover/node-agent/config';
import { badConfiguration } from '../errors.ts';
import type { StatedSettings } from './resolve-settings.ts';
import type { ConfigField, Setting } from './setting.ts';
import { settings as table } from './table.ts';
import type { SettingValue } from './value-text.ts';

/** Stated values for each package; a missing field has the default of the package. */
export interface PackageConfigs {
  readonly gateway: Partial<GatewayConfig>;
  readonly fleet: Partial<FleetConfig>;
  readonly nodeAgent: Partial<NodeAgentLimits>;
  readonly agents: Partial<AgentsConfig>;
  readonly memory: MemoryOptions;
  /** Time for the first connection to NATS. */
  readonly natsConnectTimeoutMs: number | undefined;
  /** The complete configuration of each package, by the package's name in a `ConfigField`. */
  readonly resolved: Readonly<Record<string, object>>;
}

/** The defaults of every package with a configuration, by the package's name in a `ConfigField`. */
export const packageDefaults: Readonly<Record<string, Readonly<Record<string, unknown>>>> = Object.freeze({
  gateway: gatewayDefaults as unknown as Record<string, unknown>,
  fleet: fleetDefaults as unknown as Record<string, unknown>,
  'node-agent': nodeAgentDefaults as unknown as Record<string, unknown>,
  agents: agentsDefaults as unknown as Record<string, unknown>,
  memory: memoryDefaults,
});

/**
 * Sorts the stated values by package and has each package check its values.
 *
 * @throws CommandError `bad-configuration` naming the setting that contradicts another, as it was written
 */
export function packageConfigs(stated: StatedSettings): PackageConfigs {
  const parts: Record<string, Record<string, SettingValue>> = {};
  for (const { setting, value } of stated.all) {
    for (const field of setting.fields ?? []) {
      const [owner, name] = splitField(field);
      (parts[owner] ??= {})[name] = value;
    }
  }
  return {
    gateway: parts['gateway'] ?? {},
    fleet: parts['fleet'] ?? {},
    nodeAgent: parts['node-agent'] ?? {},
    agents: parts['agents'] ?? {},
    memory: parts['memory'] ?? {},
    natsConnectTimeoutMs: stated.number('nats-connect-timeout'),
    resolved: Object.fromEntries(
      Object.entries(resolvers).map(([owner, resolve]) => [
        owner,
        checked(stated, owner, () => resolve(parts[owner] ?? {})),
      ]),
    ),
  };
}

/**
 * Has each package check fields beside its own defaults.
 *
 * @throws InvalidArgumentError naming the setting that is out of range or contradicts another one
 */
export function requireFitting(
  packages: Readonly<Record<string, Readonly<Record<string, SettingValue>>>>,
): void {
  for (const [owner, fields] of Object.entries(packages)) {
    try {
      resolvers[owner]?.(fields);
    } catch (error) {
      throw error instanceof InvalidArgumentError ? ofSetting(owner, error) : error;
    }
  }
}

/** A node-agent needs an Ollama address, which is not part of these settings: the check uses an arbitrary address. */
const instances = [{ name: 'any', url: 'http://127.0.0.1:11434' }];

/** What the memory takes from its node has no effect on these settings. */
const anyNode = { roles: [], maxPayloadBytes: 1024 * 1024 };

const resolvers: Readonly<Record<string, (part: object) => object>> = {
  gateway: resolveGateway,
  fleet: resolveFleet,
  'node-agent': (part) => resolveNodeAgent({ instances, ...part }),
  agents: resolveAgents,
  memory: (part) => resolveMemoryOptions(part, anyNode),
};

/** The value of the first field of a setting; undefined for a setting without a field or with its own default. */
export function defaultOf(
  setting: Setting,
  values: Readonly<Record<string, object>> = packageDefaults,
): SettingValue | undefined {
  const [field] = setting.fields ?? [];
  if (field === undefined || setting.default !== undefined || setting.defaultText !== undefined)
    return undefined;
  const [owner, name] = splitField(field);
  return (values[owner] as Record<string, SettingValue> | undefined)?.[name];
}

/** The settings that set a field. */
export function settingsOfField(field: ConfigField): readonly Setting[] {
  return table.filter(({ fields }) => fields?.includes(field));
}

function checked(stated: StatedSettings, owner: string, resolve: () => object): object {
  try {
    return resolve();
  } catch (error) {
    throw problemOfField(stated, owner, error);
  }
}

/** The error of a package about a field, as one about the setting as it was written; others as they are. */
export function problemOfField(stated: StatedSettings, owner: string, error: unknown): unknown {
  if (!(error instanceof InvalidArgumentError)) return error;
  const [setting] = settingsOfField(`${owner}.${error.argument}` as ConfigField);
  return setting === undefined ? error : badConfiguration(stated.nameOf(setting), problemOf(owner, error));
}

/** The error of a package about a field, as one about the setting of that field. */
function ofSetting(owner: string, error: InvalidArgumentError): InvalidArgumentError {
  const [setting] = settingsOfField(`${owner}.${error.argument}` as ConfigField);
  return setting === undefined ? error : new InvalidArgumentError(setting.key, problemOf(owner, error));
}

function problemOf(owner: string, error: InvalidArgumentError): string {
  return inWords(owner, error.message.replace(`${error.argument} `, ''));
}

/**
 * Replaces fields by settings in the message of a package, and removes its figures, which are in units of the
 * package.
 */
function inWords(owner: string, message: string): string {
  let text = message.replaceAll(/ \(\d+\)/g, '');
  for (const name of Object.keys(packageDefaults[owner] ?? {})) {
    const [setting] = settingsOfField(`${owner}.${name}` as ConfigField);
    if (setting !== undefined) text = text.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), setting.key);
  }
  return text;
}

export function splitField(field: ConfigField): [owner: string, name: string] {
  const dot = field.indexOf('.');
  return [field.slice(0, dot), field.slice(dot + 1)];
}
