/** A duration as its two largest units: `45s`, `3m12s`, `2h05m`, `4d03h`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

/** A rate in a few characters: `0`, `0.3`, `42`, `12.3k`; `-` for an unknown rate. */
export function rateText(perSecond: number | null): string {
  if (perSecond === null) return '-';
  if (perSecond === 0) return '0';
  if (perSecond < 9.95) return perSecond.toFixed(1);
  if (perSecond < 9_999.5) return String(Math.round(perSecond));
  return perSecond < 999_950
    ? `${(perSecond / 1_000).toFixed(1)}k`
    : `${(perSecond / 1_000_000).toFixed(1)}M`;
}

/** Text from another process in one line and without control characters for a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** At most `width` characters; `mark` stands at the end of a text that was cut. */
export function cutEnd(text: string, width: number, mark = '…'): string {
  if (text.length <= width) return text;
  return width <= mark.length ? text.slice(0, Math.max(0, width)) : text.slice(0, width - mark.length) + mark;
}

function two(figure: number): string {
  return String(figure).padStart(2, '0');
}
