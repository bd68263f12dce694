import { cutEnd, printable } from './figures.ts';
import type { StatusReport } from '../gateway-client/status-report.ts';
import { alignColumns } from './columns.ts';
import { clusterLine, controlFaults, statusTable, storageLine } from './status-table.ts';

export interface StatusLinesOptions {
  /** Largest number of characters in a line; Infinity: lines are not cut. */
  readonly width: number;
  /** Mark for text that is left out. */
  readonly more: string;
}

const gap = 2;
/** Least width of the column MODELS; a narrower one would not be useful. */
const leastModels = 12;

/**
 * The nodes as lines that fit. NODE, STATE and EVIDENCE are never cut, because a state is only useful together with the
 * age of its evidence. The rest is left out in this order: the end of MODELS, PID, ROLE, all of MODELS. `more` stands
 * at the end of each line that is cut, and of the header when a column is missing.
 */
export function statusLines(report: StatusReport, { width, more }: StatusLinesOptions): string[] {
  const [header = [], ...rows] = statusTable(report);
  let shown = header.map((_, column) => column);
  for (const title of ['PID', 'ROLE', 'MODELS']) {
    if (fits(header, rows, shown, width, more)) break;
    shown = shown.filter((column) => header[column] !== title);
  }
  const isComplete = shown.length === header.length;
  const pick = (row: readonly string[]): string[] => shown.map((column) => row[column] ?? '');
  const [first = '', ...lines] = alignColumns([pick(header), ...rows.map(pick)]);
  const table = [isComplete ? first : `${first} ${more}`, ...lines].map((line) => cutEnd(line, width, more));
  return [
    ...table,
    ...[...clusterLine(report), ...storageLine(report)].map((line) => cutEnd(line, width, more)),
    ...controlFaults(report).map((line) => cutEnd(line, width, more)),
    ...storeLines(report, width),
  ];
}

/** The fault of the store. It is wrapped and never cut. */
function storeLines({ store }: StatusReport, width: number): string[] {
  if (store === undefined) return [];
  const age = `${(store.evidenceAgeMs / 1000).toFixed(1)}s ago`;
  const words = printable(`STORE ${store.code}: ${store.message} (${age})`).split(' ');
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Whether the columns fit when MODELS has its least width. */
function fits(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  shown: readonly number[],
  width: number,
  more: string,
): boolean {
  const mark = shown.length === header.length ? 0 : more.length + 1;
  const widths = shown.map((column) => {
    const widest = Math.max(...[header, ...rows].map((row) => (row[column] ?? '').length));
    return header[column] === 'MODELS' ? Math.min(widest, leastModels) : widest;
  });
  return widths.reduce((sum, each) => sum + each, 0) + gap * (widths.length - 1) + mark <= width;
}
