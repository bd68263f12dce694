import type { Setting } from './setting.ts';

export type SettingValue = string | number | boolean | readonly string[];

/** A parsed value, or the problem with its text. */
export type ReadValue = { readonly value: SettingValue } | { readonly problem: string };

const durationUnitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const sizeUnits = {
  b: 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
} as const;

/** Longest duration of a timer in Node: about 24.8 days. */
const maxDurationMs = 2 ** 31 - 1;

/** Parses the text of a setting; the same for every source. Only a list can have several `texts`. */
export function readValue(setting: Setting, texts: readonly string[]): ReadValue {
  if (setting.kind === 'list') return readList(texts, setting.separator);
  const text = (texts.at(-1) ?? '').trim();
  switch (setting.kind) {
    case 'duration':
      return bounded(setting, readDuration(text), 'a duration such as 500ms, 30s or 10m', text);
    case 'size':
      return bounded(setting, readSize(text), 'a size such as 512KiB or 64MiB', text);
    case 'count':
      return bounded(setting, readCount(text), 'a whole number', text);
    case 'switch':
      return readSwitch(text);
    case 'keep-alive':
      return isKeepAlive(text)
        ? { value: text }
        : { problem: `must be a duration such as 10m, 0, or -1 for ever, got ${shown(text)}` };
    default:
      // Not trimmed: the line break at the end of a credentials file is needed.
      return readText(setting, texts.at(-1) ?? '');
  }
}

/** A value as it is written in the file. */
export function valueText(setting: Setting, value: SettingValue): string {
  if (setting.kind === 'duration' && typeof value === 'number') return durationValueText(value);
  if (setting.kind === 'size' && typeof value === 'number') return sizeValueText(value);
  if (typeof value === 'object') return value.join(',');
  return String(value);
}

/** Milliseconds; undefined for a text other than `0` and numbers with a unit, such as `1h30m`. */
export function readDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, figure, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    totalMs += Number(figure) * durationUnitsMs[unit as keyof typeof durationUnitsMs];
  return Math.round(totalMs);
}

/** Bytes; undefined for a text other than `0` and a number with a unit. */
export function readSize(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b)$/i.exec(text);
  const factor = sizeUnits[(match?.[2] ?? '').toLowerCase() as keyof typeof sizeUnits];
  return match === null || factor === undefined ? undefined : Math.round(Number(match[1]) * factor);
}

/** Text in the largest unit that gives a whole number. */
export function durationValueText(ms: number): string {
  if (ms === 0) return '0';
  const units = (['h', 'm', 's'] as const).filter((name) => ms % durationUnitsMs[name] === 0);
  const unit = units[0] ?? 'ms';
  return `${ms / durationUnitsMs[unit]}${unit}`;
}

export function sizeValueText(bytes: number): string {
  if (bytes === 0) return '0';
  const [unit, name] = (
    [
      [sizeUnits.gib, 'GiB'],
      [sizeUnits.mib, 'MiB'],
      [sizeUnits.kib, 'KiB'],
    ] as const
  ).find(([factor]) => bytes % factor === 0) ?? [1, 'B'];
  return `${bytes / unit}${name}`;
}

function bounded(setting: Setting, value: number | undefined, what: string, text: string): ReadValue {
  if (value === undefined) {
    const unit = /^\d+$/.test(text) ? ': a number needs its unit' : '';
    return { problem: `must be ${what}, got ${shown(text)}${setting.kind === 'count' ? '' : unit}` };
  }
  const min = setting.min ?? (setting.zeroIsOff === true ? 0 : 1);
  const max = setting.max ?? (setting.kind === 'duration' ? maxDurationMs : Number.MAX_SAFE_INTEGER);
  if (value >= min && value <= max) return { value };
  const bounds =
    setting.max === undefined && value < min
      ? `must be ${valueText(setting, min)} or more`
      : `must be ${what} from ${valueText(setting, min)} to ${valueText(setting, max)}`;
  return { problem: `${bounds}, got ${shown(text)}` };
}

function readCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function readSwitch(text: string): ReadValue {
  const value = text.toLowerCase();
  if (value === '1' || value === 'true') return { value: true };
  if (value === '' || value === '0' || value === 'false') return { value: false };
  return { problem: `must be 1, true, 0 or false, got ${shown(text)}` };
}

function readList(texts: readonly string[], separator: RegExp | undefined): ReadValue {
  const members = texts.flatMap((text) => text.split(separator ?? ',')).map((member) => member.trim());
  return { value: Object.freeze(members.filter((member) => member !== '')) };
}

function readText(setting: Setting, text: string): ReadValue {
  if (text.trim() === '') return { problem: 'must not be empty' };
  if (setting.choices === undefined || setting.choices.includes(text)) return { value: text };
  return { problem: `must be ${setting.choices.join(' or ')}, got ${shown(text)}` };
}

/** A duration in the notation of Go, as Ollama reads it. 0 unloads at once, a negative one keeps the model for ever. */
function isKeepAlive(text: string): boolean {
  return /^(?:0|-\d+)$/.test(text) || /^-?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text);
}

function shown(text: string): string {
  return text === '' ? 'nothing' : text.slice(0, 80);
}
