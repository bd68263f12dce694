import { OllamaError } from '../errors.ts';
import { goQuote } from './go-text.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** The longest duration of Go, about 292 years, which stands for "for ever" in `expires_at`. */
export const LONGEST_MS: number = 2 ** 63 / 1e6;

/** Not 0, which would request an unload: the model is loaded, and unloaded as soon as it is idle. */
const OVERFLOWN_MS = 1e-6;

/**
 * Milliseconds of a Go duration such as `5m` or `1h30m`.
 *
 * @throws OllamaError 400 with Go's text
 */
function parseGoDuration(text: string): number {
  const invalid = (): OllamaError => new OllamaError(400, `time: invalid duration ${goQuote(text)}`);
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0;
  if (rest === '') throw invalid();
  let totalMs = 0;
  let left = rest;
  while (left !== '') {
    const [whole = '', amount = '', unit = ''] = /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(left) ?? [];
    if (whole === '') throw invalid();
    if (unit === '') throw new OllamaError(400, `time: missing unit in duration ${goQuote(text)}`);
    const unitMs = UNIT_MS[unit];
    if (unitMs === undefined)
      throw new OllamaError(400, `time: unknown unit ${goQuote(unit)} in duration ${goQuote(text)}`);
    totalMs += Number(amount) * unitMs;
    if (totalMs >= LONGEST_MS) throw invalid();
    left = left.slice(whole.length);
  }
  return sign === '-' ? -totalMs : totalMs;
}

/**
 * `keep_alive` in milliseconds. A number is in seconds, a string is a Go duration, a negative value is for ever
 * (Infinity), a missing value or null is null. A number above Go's longest duration overflows in Go and keeps the
 * model for no time.
 *
 * @throws OllamaError 400
 */
export function keepAliveMs(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  const ms =
    typeof value === 'number'
      ? value * 1000
      : typeof value === 'string'
        ? parseGoDuration(value)
        : Number.NaN;
  if (Number.isNaN(ms)) {
    const kind =
      typeof value === 'boolean'
        ? 'bool'
        : Array.isArray(value)
          ? '[]interface {}'
          : 'map[string]interface {}';
    throw new OllamaError(400, `Unsupported type: '${kind}'`);
  }
  if (ms >= LONGEST_MS) return OVERFLOWN_MS;
  return ms < 0 ? Number.POSITIVE_INFINITY : ms;
}
