import { type Command, InvalidArgumentError as InvalidOption, Option } from 'commander';
import { flagOf, mayComeFrom, type Setting, type Taker } from '../settings/setting.ts';
import {
  type FlagTexts,
  resolveSettings,
  settingsFilePath,
  type StatedSettings,
} from '../settings/resolve-settings.ts';
import { settingHelp } from '../settings/setting-help.ts';
import { settingNamed, settingsOf } from '../settings/table.ts';

/** Reads the value of a flag as a whole number. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text.trim())) throw new InvalidOption('It must be a whole number.');
  return Number(text);
}

/**
 * Adds the flags of a command's settings, under their headings. `--help` shows the frequent flags, `--help --all` every
 * flag.
 */
export function addSettings(command: Command, taker: Taker): Command {
  for (const setting of settingsOf(taker)) {
    if (!mayComeFrom(setting, 'flag')) continue;
    const option = optionOf(setting).helpGroup(`${setting.group}:`);
    command.addOption(setting.frequent === true || setting.hidden === true ? option : option.hideHelp());
  }
  return command
    .addOption(new Option('--all', 'with --help: every flag'))
    .addHelpText('after', settingsFooter);
}

const settingsFooter = `
Each flag --some-name is also the variable DROVER_SOME_NAME and the key some-name in the file of --config. Durations
are 500ms, 30s or 10m, sizes 512KiB or 64MiB. "drover config print" shows what is in effect.`;

/** Adds the flags of the settings with these keys, for a command that inspects a running cluster. */
export function addSettingsNamed(command: Command, keys: readonly string[]): Command {
  for (const key of keys) {
    const setting = settingNamed(key);
    if (setting !== undefined) command.addOption(optionOf(setting));
  }
  return command;
}

/** Makes every flag visible, for `--help --all`. */
export function showAllSettings(command: Command): void {
  for (const option of command.options) {
    const setting = settingNamed(option.long?.slice(2) ?? '');
    if (setting !== undefined) option.hideHelp(setting.hidden === true);
  }
}

/** Settings of a command from its flags, the environment and the file. @throws CommandError `bad-configuration` */
export async function settingsFor(taker: Taker | 'all', flags: object): Promise<StatedSettings> {
  const texts = flagTexts(flags);
  const path = settingsFilePath(texts, process.env);
  if (path === undefined) return resolveSettings(taker, texts, process.env);
  const { readSettingsFile } = await import('../settings/settings-file.ts');
  return resolveSettings(taker, texts, process.env, readSettingsFile(path));
}

/** Texts of the flags by the key of their setting; flags without a setting are left out. */
function flagTexts(flags: object): FlagTexts {
  const texts: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(flags)) {
    const key = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (settingNamed(key) === undefined) continue;
    if (Array.isArray(value)) texts[key] = value.map(String);
    else if (value !== undefined) texts[key] = [String(value)];
  }
  return texts;
}

function optionOf(setting: Setting): Option {
  const placeholder = setting.placeholder === undefined ? '' : ` ${setting.placeholder}`;
  const option = new Option(`${flagOf(setting)}${placeholder}`, settingHelp(setting));
  if (setting.kind === 'list')
    option.argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]);
  if (setting.hidden === true) option.hideHelp();
  return option;
}
