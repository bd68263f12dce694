const ESCAPED = /[<>&\u2028\u2029]/g;
// oxlint-disable-next-line no-control-regex -- JSON escapes control characters
const NEEDS_ESCAPE = /["\\<>&\u0000-\u001f\u2028\u2029\ud800-\udfff]/;

/** JSON as Go writes it: without spaces, and with `<`, `>`, `&` as \u escapes. */
export function goJson(value: unknown): string {
  return escapeHtml(JSON.stringify(value));
}

/** One JSON string as Go writes it. A token without escapes is written directly. */
export function goString(text: string): string {
  return NEEDS_ESCAPE.test(text) ? escapeHtml(JSON.stringify(text)) : `"${text}"`;
}

/** A quoted Go string (`%q`), as in error texts. */
export function goQuote(text: string): string {
  return JSON.stringify(text);
}

function escapeHtml(json: string): string {
  return json.replace(ESCAPED, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

let second = Number.NaN;
let secondText = '';

/** A time as Go writes it in JSON: RFC 3339 in UTC, with up to nine digits of a second without trailing zeros. */
export function goTime(wallMs: number): string {
  const whole = Math.floor(wallMs / 1000);
  if (whole !== second) {
    second = whole;
    secondText = new Date(whole * 1000).toISOString().slice(0, 19);
  }
  const fraction = Math.round((wallMs - whole * 1000) * 1e6);
  if (fraction <= 0) return `${secondText}Z`;
  return `${secondText}.${String(Math.min(fraction, 999_999_999)).padStart(9, '0').replace(/0+$/, '')}Z`;
}

/** Milliseconds as a count of nanoseconds. */
export function nanos(ms: number): number {
  return Math.round(ms * 1e6);
}
