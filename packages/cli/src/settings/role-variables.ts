import type { StatedSettings } from './resolve-settings.ts';
import { mayComeFrom, type Taker, variableOf } from './setting.ts';
import { valueText } from './value-text.ts';

/**
 * Stated settings of `drover up` that one of its roles also takes, as environment variables for that role. The values
 * are passed on instead of the file: the file may change, and a restarted role must get the same settings.
 */
export function roleVariables(stated: StatedSettings, role: Taker): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const { setting, value } of stated.all) {
    if (!setting.takers.includes(role) || setting.key === 'config' || !mayComeFrom(setting, 'variable'))
      continue;
    variables[variableOf(setting)] = valueText(setting, value);
  }
  return variables;
}
