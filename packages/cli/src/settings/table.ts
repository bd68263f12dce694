import { agentSettings } from './agent-settings.ts';
import { busSettings } from './bus-settings.ts';
import { gatewaySettings } from './gateway-settings.ts';
import { hostSettings } from './host-settings.ts';
import { memorySettings } from './memory-settings.ts';
import { modelNameSettings } from './model-name-settings.ts';
import { oidcSettings } from './oidc-settings.ts';
import { processSettings } from './process-settings.ts';
import { tlsSettings } from './tls-settings.ts';
import { groups, type Setting, type Taker, variableOf } from './setting.ts';

/** All settings, in the order of the help and of docs/settings.md. */
export const settings: readonly Setting[] = Object.freeze(
  [
    ...gatewaySettings,
    ...modelNameSettings,
    ...tlsSettings,
    ...oidcSettings,
    ...hostSettings,
    ...agentSettings,
    ...memorySettings,
    ...busSettings,
    ...processSettings,
  ].toSorted((one, other) => groups.indexOf(one.group) - groups.indexOf(other.group)),
);

export function settingsOf(taker: Taker): readonly Setting[] {
  return settings.filter(({ takers }) => takers.includes(taker));
}

export function settingNamed(key: string): Setting | undefined {
  return settings.find((setting) => setting.key === key);
}

export function settingOfVariable(name: string): Setting | undefined {
  return settings.find((setting) => variableOf(setting) === name);
}
