import { defaultOf } from './package-configs.ts';
import type { Setting } from './setting.ts';
import { valueText } from './value-text.ts';

/** Description of a setting with its default, for the help. */
export function settingHelp(setting: Setting): string {
  const off = setting.zeroIsOff === true ? '; 0: none' : '';
  const text = defaultText(setting);
  return `${setting.help}${off}${text === '' ? '' : ` (default: ${text})`}`;
}

/** The default as it is written in the file, or its description; '' without a default. */
export function defaultText(setting: Setting): string {
  const words = setting.default ?? setting.defaultText;
  if (words !== undefined) return words;
  const value = defaultOf(setting);
  return value === undefined ? '' : valueText(setting, value);
}
