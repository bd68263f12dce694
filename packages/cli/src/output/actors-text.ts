import { type Glyphs, treeLines, treesOf } from './actor-tree.ts';
import type { ActorEntry, ActorsReport, NodeActors } from '../gateway-client/actors-report.ts';
import { actorAdvice } from './actor-advice.ts';
import { cutEnd, durationText, printable, rateText } from './figures.ts';
import type { Style } from './terminal.ts';

export interface DrawOptions {
  readonly glyphs: Glyphs;
  /** Largest number of characters in a line; Infinity: lines are not cut. */
  readonly width: number;
  /** Largest number of lines; Infinity: all lines are shown. */
  readonly height: number;
  readonly style: (style: Style, text: string) => string;
  /** Wall clock time, for the age of failures. */
  readonly nowMs: number;
}

interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** Contents of one line: the heading of a node, or the cells of an actor. */
type Line = { readonly heading: string; readonly style?: Style } | { readonly cells: readonly Cell[] };

const header = ['ACTOR', 'STATE', 'MAILBOX', 'RESTARTS', 'MSG/S', 'UP', 'LAST FAILURE'];
const titles: readonly Cell[] = header.map((text) => ({ text, style: 'dim' }));
const columns = { label: 0, state: 1, mailbox: 2, restarts: 3, rate: 4, up: 5, failure: 6 } as const;
/** Columns of figures, which are right-aligned. */
const figures: ReadonlySet<number> = new Set([columns.mailbox, columns.restarts, columns.rate, columns.up]);
/** Columns in the order in which a narrow terminal leaves them out. */
const dispensable = [
  columns.up,
  columns.rate,
  columns.failure,
  columns.restarts,
  columns.mailbox,
  columns.state,
];
const gap = 2;
const leastLabel = 18;
const leastFailure = 14;
/** A column is left out before the failure gets shorter than this. */
const fairFailure = 40;
/** A failure of this age or younger is highlighted. */
const recentMs = 60_000;

/** The live actors of all nodes as text: a tree for each node, then what to do about faults. */
export function actorsText(report: ActorsReport, options: DrawOptions): string[] {
  const lines = report.nodes.flatMap((node) => nodeLines(node, options));
  const rows = lines.flatMap((line) => ('cells' in line ? [line.cells] : []));
  const widths = columnWidths(rows, options.width);
  const tree = lines.flatMap((line) =>
    'cells' in line ? [drawRow(line.cells, widths, options)] : drawWrapped(line.heading, line.style, options),
  );
  if (rows.length > 0) tree.unshift(drawRow(titles, widths, options));
  const advice = actorAdvice(report).flatMap((text) => drawWrapped(text, 'yellow', options));
  if (advice.length > 0) advice.unshift('');
  return [...cutLines(tree, options.height - advice.length, options), ...advice];
}

function nodeLines(node: NodeActors, { glyphs, nowMs }: DrawOptions): readonly Line[] {
  const { id, role, pid, silence } = node;
  const who = `${id}  ${role}, pid ${pid}`;
  if (silence !== null) {
    const age = `${node.state}, last message ${durationText(node.evidenceAgeMs)} ago`;
    const style = silence.code === 'left' ? 'dim' : 'red';
    return [{ heading: printable(`${who}: ${silence.message} (${age})`), style }];
  }
  const lines: Line[] = [{ heading: printable(`${who}${factsText(node)}`), style: 'bold' }];
  for (const { label, actor } of treeLines(treesOf(node.actors), glyphs)) {
    const note = { text: printable(label), style: 'dim' as const };
    lines.push({ cells: actor === undefined ? [note] : actorCells(label, actor, nowMs) });
  }
  if (node.leftOut > 0) {
    const atLeast = node.complete ? '' : 'at least ';
    const heading = `  ${node.actors.length} of ${atLeast}${node.total} actors shown; --limit and --path show others`;
    lines.push({ heading, style: 'dim' });
  }
  return lines;
}

/** Cuts to `height` and counts the lines that are left out. */
function cutLines(lines: readonly string[], height: number, options: DrawOptions): readonly string[] {
  if (lines.length <= height) return lines;
  const kept = Math.max(0, height - 1);
  const more = `(${lines.length - kept} more lines; --node and --path show less)`;
  return [...lines.slice(0, kept), options.style('dim', cutEnd(more, options.width))];
}

function drawWrapped(text: string, style: Style | undefined, options: DrawOptions): string[] {
  return wrap(text, options.width).map((part) => styled({ text: part, style }, options));
}

function factsText(node: NodeActors): string {
  const facts = [`${node.complete ? '' : 'at least '}${node.total} ${node.total === 1 ? 'actor' : 'actors'}`];
  if (node.uptimeMs !== null) facts.unshift(`up ${durationText(node.uptimeMs)}`);
  if (node.state !== 'alive') facts.unshift(node.state);
  if (node.lagMs >= 100) facts.push(`event loop ${node.lagMs} ms late`);
  const { restarted = 0, parked = 0, deadLetters = 0 } = node.counters;
  if (restarted > 0) facts.push(`${restarted} ${restarted === 1 ? 'restart' : 'restarts'}`);
  if (parked > 0) facts.push(`${parked} parked`);
  if (deadLetters > 0) facts.push(`${deadLetters} ${deadLetters === 1 ? 'dead letter' : 'dead letters'}`);
  return `, ${facts.join(', ')}`;
}

function actorCells(label: string, actor: ActorEntry, nowMs: number): readonly Cell[] {
  const { state, mailboxDepth, mailboxCapacity, restarts, messagesPerSecond, uptimeMs, lastFailure } = actor;
  const failedAgoMs = lastFailure === null ? Number.POSITIVE_INFINITY : agoMs(lastFailure.at, nowMs);
  const isFailing = failedAgoMs < recentMs;
  return [
    { text: printable(label), style: state === 'parked' ? 'red' : undefined },
    { text: state, style: stateStyle(state) },
    { text: `${mailboxDepth}/${mailboxCapacity}`, style: mailboxStyle(mailboxDepth, mailboxCapacity) },
    { text: String(restarts), style: restarts > 0 && isFailing ? 'yellow' : undefined },
    { text: rateText(messagesPerSecond) },
    { text: durationText(uptimeMs) },
    { text: failureText(lastFailure, failedAgoMs), style: failureStyle(state, isFailing) },
  ];
}

function stateStyle(state: string): Style | undefined {
  if (state === 'parked') return 'red';
  return state === 'restarting' || state === 'stopping' ? 'yellow' : undefined;
}

function mailboxStyle(depth: number, capacity: number): Style | undefined {
  if (depth >= capacity * 0.9) return 'red';
  return depth * 2 > capacity ? 'yellow' : undefined;
}

function failureStyle(state: string, isFailing: boolean): Style {
  if (state === 'parked') return 'red';
  return isFailing ? 'yellow' : 'dim';
}

function failureText(failure: ActorEntry['lastFailure'], failedAgoMs: number): string {
  if (failure === null) return '';
  const { code, message } = failure;
  // Some messages already begin with the code.
  const what = code === '' || message.startsWith(`${code}:`) ? message : `${code}: ${message}`;
  return printable(`${durationText(failedAgoMs)} ago  ${what}`);
}

function agoMs(at: string, nowMs: number): number {
  const ms = nowMs - Date.parse(at);
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

/** Width of each column so that a line fits; 0 for a column that is left out. */
function columnWidths(rows: readonly (readonly Cell[])[], width: number): number[] {
  const natural = header.map((title, column) =>
    Math.max(
      title.length,
      ...rows.filter((cells) => cells.length > 1).map((cells) => cells[column]?.text.length ?? 0),
    ),
  );
  if (rows.every((cells) => (cells[columns.failure]?.text ?? '') === '')) natural[columns.failure] = 0;
  if (sum(natural) <= width) return natural;
  const widths = [...natural];
  const label = natural[columns.label] as number;
  for (const column of [undefined, ...dispensable]) {
    if (column !== undefined) widths[column] = 0;
    const failure = widths[columns.failure] as number;
    const rest = width - sum(widths) + label + failure;
    const least = Math.min(failure, column === undefined ? fairFailure : leastFailure);
    if (rest < Math.min(label, leastLabel) + least) continue;
    const forFailure = Math.min(failure, Math.max(least, rest - label));
    return widths.with(columns.failure, forFailure).with(columns.label, Math.min(label, rest - forFailure));
  }
  return widths.with(columns.label, width);
}

/** Columns and the gaps between them. */
function sum(widths: readonly number[]): number {
  const shown = widths.filter((each) => each > 0);
  return shown.reduce((total, each) => total + each, 0) + gap * (shown.length - 1);
}

function drawRow(cells: readonly Cell[], widths: readonly number[], options: DrawOptions): string {
  const { more } = options.glyphs;
  // A line with a single cell is a note, which may use the whole width.
  if (cells.length === 1)
    return styled(
      { ...(cells[0] as Cell), text: cutEnd((cells[0] as Cell).text, options.width, more) },
      options,
    );
  const shown = [...cells.entries()].filter(([column]) => (widths[column] ?? 0) > 0);
  const parts = shown.map(([column, { text, style }], index) => {
    const width = widths[column] as number;
    const cut = cutEnd(text, width, more);
    const isLast = index === shown.length - 1;
    const padding = isLast && !figures.has(column) ? '' : ' '.repeat(width - cut.length);
    const drawn = styled({ text: cut, style }, options);
    return figures.has(column) ? padding + drawn : drawn + padding;
  });
  return parts.join(' '.repeat(gap)).trimEnd();
}

function styled({ text, style }: Cell, options: DrawOptions): string {
  return style === undefined || text === '' ? text : options.style(style, text);
}

/** Breaks at spaces; further lines are indented. */
function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => cutEnd(each, width));
}
