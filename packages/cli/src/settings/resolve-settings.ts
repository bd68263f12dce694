import { badConfiguration } from '../errors.ts';
import { isServiceLink, refuseUnknownVariables } from './environment.ts';
import { flagOf, mayComeFrom, type Setting, type Taker, variableOf } from './setting.ts';
import type { SettingsFile } from './settings-file.ts';
import { settings as table } from './table.ts';
import { readValue, type SettingValue } from './value-text.ts';

/** Source of a value. */
export type SettingSource =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly path: string; readonly line: number }
  | { readonly kind: 'variable'; readonly name: string; readonly foreign: boolean }
  | { readonly kind: 'flag'; readonly name: string };

/** A stated value and its source. */
export interface StatedSetting {
  readonly setting: Setting;
  readonly value: SettingValue;
  readonly source: SettingSource;
}

/** The command line: texts of each flag by the key of its setting. A switch has the text `true`. */
export type FlagTexts = Readonly<Record<string, readonly string[]>>;

/** All stated values by key. A missing key has its default. */
export class StatedSettings {
  readonly #stated: ReadonlyMap<string, StatedSetting>;

  constructor(stated: Iterable<StatedSetting>) {
    this.#stated = new Map([...stated].map((one) => [one.setting.key, one]));
  }

  get all(): readonly StatedSetting[] {
    return [...this.#stated.values()];
  }

  stated(key: string): StatedSetting | undefined {
    return this.#stated.get(key);
  }

  text(key: string): string | undefined {
    const value = this.#stated.get(key)?.value;
    return typeof value === 'string' ? value : undefined;
  }

  number(key: string): number | undefined {
    const value = this.#stated.get(key)?.value;
    return typeof value === 'number' ? value : undefined;
  }

  list(key: string): readonly string[] | undefined {
    const value = this.#stated.get(key)?.value;
    return typeof value === 'object' ? value : undefined;
  }

  isOn(key: string): boolean {
    return this.#stated.get(key)?.value === true;
  }

  /** Name of the setting at its source: the flag, the variable, or the line of the file. */
  nameOf(setting: Setting): string {
    const source = this.#stated.get(setting.key)?.source;
    return source === undefined ? flagOf(setting) : placeOf(setting, source);
  }
}

/**
 * The settings of one command. Sources in rising precedence: the variable of another program, the file, `DROVER_*`,
 * flags. A key of the file that only other commands use is checked and then ignored. With `all`, the result has the
 * settings of all commands, for `config print`.
 *
 * @throws CommandError `bad-configuration` naming the flag, the variable, or file, line and key, for a value that is
 *   unknown, cannot be read or is out of range
 */
export function resolveSettings(
  taker: Taker | 'all',
  flags: FlagTexts,
  environment: NodeJS.ProcessEnv,
  file?: SettingsFile,
): StatedSettings {
  refuseUnknownVariables(environment);
  const stated: StatedSetting[] = [];
  for (const setting of table) {
    const fromFile = file === undefined ? undefined : fromEntry(setting, file);
    if (!takes(setting.takers, taker)) continue;
    const found =
      fromFlag(setting, flags) ??
      fromVariable(setting, environment) ??
      fromFile ??
      fromForeign(setting, taker, environment);
    if (found !== undefined) stated.push(found);
  }
  return new StatedSettings(stated);
}

/** Path of the settings file, from the command line or the environment. */
export function settingsFilePath(flags: FlagTexts, environment: NodeJS.ProcessEnv): string | undefined {
  return flags['config']?.at(-1) ?? nonEmpty(environment['DROVER_CONFIG']);
}

function placeOf(setting: Setting, source: SettingSource): string {
  if (source.kind === 'default') return flagOf(setting);
  return source.kind === 'file' ? `${source.path}:${source.line}: ${setting.key}` : source.name;
}

function fromEntry(setting: Setting, { path, entries }: SettingsFile): StatedSetting | undefined {
  const entry = entries.find((candidate) => candidate.setting.key === setting.key);
  return entry && read(setting, entry.texts, { kind: 'file', path, line: entry.line });
}

function fromFlag(setting: Setting, flags: FlagTexts): StatedSetting | undefined {
  const texts = flags[setting.key];
  return texts === undefined ? undefined : read(setting, texts, { kind: 'flag', name: flagOf(setting) });
}

/** An empty variable counts as not set, because shell scripts often pass on empty variables. */
function fromVariable(setting: Setting, environment: NodeJS.ProcessEnv): StatedSetting | undefined {
  const name = variableOf(setting);
  const text = mayComeFrom(setting, 'variable') ? nonEmpty(environment[name]) : undefined;
  if (text === undefined || isServiceLink(name, text)) return undefined;
  return read(setting, [text], { kind: 'variable', name, foreign: false });
}

function fromForeign(
  setting: Setting,
  taker: Taker | 'all',
  environment: NodeJS.ProcessEnv,
): StatedSetting | undefined {
  const { foreign } = setting;
  if (foreign === undefined || !takes(foreign.takers, taker)) return undefined;
  // Removes quotes, as Ollama does: a systemd unit file or a Windows dialog keeps them in the value.
  const text = nonEmpty(environment[foreign.name]?.trim().replaceAll(/^["' ]+|["' ]+$/g, ''));
  if (text === undefined) return undefined;
  // Ollama reads a number without unit as seconds; our own sources require a unit.
  const isSeconds = setting.kind === 'keep-alive' && /^\d+$/.test(text) && text !== '0';
  return read(setting, [isSeconds ? `${text}s` : text], {
    kind: 'variable',
    name: foreign.name,
    foreign: true,
  });
}

function takes(takers: readonly Taker[], taker: Taker | 'all'): boolean {
  return taker === 'all' || takers.includes(taker);
}

function read(setting: Setting, texts: readonly string[], source: SettingSource): StatedSetting {
  const outcome = readValue(setting, texts);
  if ('problem' in outcome) throw badConfiguration(placeOf(setting, source), outcome.problem);
  return { setting, value: outcome.value, source };
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}
