import { defaultOf } from './package-configs.ts';
import type { Setting } from './setting.ts';
import { valueText } from './value-text.ts';

/** What a setting is, with its default; the line of the help. */
export function settingHelp(setting: Setting): string {
  const off = setting.zeroIsOff === true ? '; 0: none' : '';
  const text = defaultText(setting);
  return `${setting.help}${off}${text === '' ? '' : ` (default: ${text})`}`;
}

/** The default as it would be written, or in words; '' where there is none. */
export function defaultText(setting: Setting): string {
  const words = setting.default ?? setting.defaultText;
  if (words !== undefined) return words;
  const value = defaultOf(setting);
  return value === undefined ? '' : valueText(setting, value);
}
