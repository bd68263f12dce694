import { defaultOf, packageConfigs } from './package-configs.ts';
import type { SettingSource, StatedSettings } from './resolve-settings.ts';
import type { Setting } from './setting.ts';
import { defaultText } from './setting-help.ts';
import { settings as table } from './table.ts';
import { valueText } from './value-text.ts';

/** One line of `drover config print`. */
export interface EffectiveSetting {
  readonly key: string;
  /**
   * The value in the form of the configuration file, with secrets masked; null if the user states no value and the
   * default is not a fixed value.
   */
  readonly value: string | null;
  /** What a null value means, as text. */
  readonly meaning?: string;
  readonly source: SettingSource['kind'];
  /** The flag, the variable, or the file with its line; '' for a default. */
  readonly at: string;
}

const masked = '(masked)';

/**
 * The value of every setting and its source, in the order of the table. Pure.
 *
 * @throws CommandError `bad-configuration` for settings that contradict each other
 */
export function effectiveSettings(stated: StatedSettings): readonly EffectiveSetting[] {
  const { resolved } = packageConfigs(stated);
  return table
    .filter((setting) => setting.key !== 'json' && setting.key !== 'config')
    .flatMap((setting) => {
      const line = effectiveSetting(setting, stated, resolved);
      return line === undefined ? [] : [line];
    });
}

function effectiveSetting(
  setting: Setting,
  stated: StatedSettings,
  resolved: Readonly<Record<string, object>>,
): EffectiveSetting | undefined {
  const { key } = setting;
  const found = stated.stated(key);
  if (found !== undefined) {
    const value = setting.secret === true ? masked : maskUrls(valueText(setting, found.value));
    return { key, value, source: found.source.kind, at: atOf(found.source) };
  }
  if (setting.hidden === true) return undefined;
  const source = { source: 'default', at: '' } as const;
  // The resolved value and not the default, because the default of a limit can depend on another setting.
  const value = defaultOf(setting, resolved);
  if (setting.default !== undefined) return { key, value: setting.default, ...source };
  if (value !== undefined) return { key, value: valueText(setting, value), ...source };
  return { key, value: null, meaning: defaultText(setting), ...source };
}

function atOf(source: SettingSource): string {
  if (source.kind === 'default') return '';
  return source.kind === 'file' ? `${source.path}:${source.line}` : source.name;
}

/**
 * Masks user and password in addresses, even where a comma in a password has split one address into two list entries.
 */
function maskUrls(text: string): string {
  return text.replaceAll(/\/\/[^/\s@]*@/g, `//${masked}@`).replaceAll(/(^|,)[^@/,\s]*@/g, `$1${masked}@`);
}
