import type { JobItem, PullLine } from '../gateway-client/pull-api.ts';
import { alignColumns } from './columns.ts';
import { printable } from './figures.ts';

const barWidth = 24;

/** What a pull shows so far: one row for each layer, else its status. */
export class PullView {
  readonly #rows = new Map<string, string>();

  /** Takes a line. Returns the row that is new or has changed. */
  take({ status = '', digest, total = 0, completed = 0 }: PullLine): string {
    const text = printable(status);
    const row = digest === undefined ? text : `${text}  ${barOf(completed, total)}  ${sizeText(total)}`;
    this.#rows.set(digest ?? text, row);
    return row;
  }

  get rows(): readonly string[] {
    return [...this.#rows.values()];
  }
}

/** One row for each host, with its fault where it has one. */
export function jobRows(jobs: readonly JobItem[]): readonly string[] {
  return alignColumns([
    ['HOST', 'STATE', 'SIZE', ''],
    ...jobs.map(({ node, instance, state, totalBytes, error = '' }) => [
      `${node}/${instance}`,
      state,
      sizeText(totalBytes),
      printable(error),
    ]),
  ]);
}

function barOf(completed: number, total: number): string {
  const share = total === 0 ? 0 : Math.min(1, completed / total);
  const full = Math.floor(share * barWidth);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return `${percent} [${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
}

/** A size in a few characters, as Ollama shows it: powers of 1,000. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
