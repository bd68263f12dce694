import type { LogLevel } from '../config.ts';
import { splitField } from '../settings/package-configs.ts';
import type { Setting } from '../settings/setting.ts';
import { settings } from '../settings/table.ts';
import { readValue, type SettingValue } from '../settings/value-text.ts';

/** The settings that the cluster may change while its processes run. */
export const liveSettings: readonly Setting[] = settings.filter(({ isLive }) => isLive === true);

export function liveSettingNamed(key: string): Setting | undefined {
  return liveSettings.find((setting) => setting.key === key);
}

/** Values for the packages, and for the process itself. */
export interface LiveValues {
  /** Changed fields, by package and field. */
  readonly packages: Readonly<Record<string, Readonly<Record<string, SettingValue>>>>;
  readonly logLevel: LogLevel | undefined;
  /** Entries that are left out, each with the reason. */
  readonly problems: readonly { readonly key: string; readonly problem: string }[];
}

/** Reads the texts of the settings, as they are written in a file. Lists are separated by commas. */
export function readLiveValues(texts: ReadonlyMap<string, string>): LiveValues {
  const packages: Record<string, Record<string, SettingValue>> = {};
  const problems: { key: string; problem: string }[] = [];
  let logLevel: LogLevel | undefined;
  for (const [key, text] of texts) {
    const setting = liveSettingNamed(key);
    const read = setting === undefined ? { problem: 'is no live setting' } : readValue(setting, [text]);
    if (setting === undefined || 'problem' in read) {
      problems.push({ key, problem: 'problem' in read ? read.problem : '' });
      continue;
    }
    if (key === 'log-level') logLevel = read.value as LogLevel;
    for (const field of setting.fields ?? []) {
      const [owner, name] = splitField(field);
      (packages[owner] ??= {})[name] = read.value;
    }
  }
  return { packages, logLevel, problems };
}
