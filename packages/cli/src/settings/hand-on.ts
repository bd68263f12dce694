import type { StatedSettings } from './resolve-settings.ts';
import { mayComeFrom, type Taker, variableOf } from './setting.ts';
import { valueText } from './value-text.ts';

/**
 * What `drover up` was told that one of its roles takes too, as that role's variables. The values and not the file: a
 * role that is started again must not read a file that was changed since.
 */
export function handedOn(stated: StatedSettings, role: Taker): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const { setting, value } of stated.all) {
    if (!setting.takers.includes(role) || setting.key === 'config' || !mayComeFrom(setting, 'variable'))
      continue;
    variables[variableOf(setting)] = valueText(setting, value);
  }
  return variables;
}
