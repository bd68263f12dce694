import type { Writable } from 'node:stream';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

const codes: Record<Style, number> = { bold: 1, dim: 2, green: 32, yellow: 33, red: 31 };

export interface TerminalStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/**
 * Text for people: lines, and on a real terminal one block below them that is redrawn in place. Colour only on
 * a terminal and never with NO_COLOR set.
 */
export class Terminal {
  readonly isTTY: boolean;
  readonly #stream: TerminalStream;
  /** Lines can be drawn: a terminal that reads UTF-8. */
  readonly drawsBoxes: boolean;
  readonly #colour: boolean;
  #block: readonly string[] = [];

  constructor(stream: TerminalStream, environment: NodeJS.ProcessEnv) {
    this.#stream = stream;
    this.isTTY = stream.isTTY === true && environment['TERM'] !== 'dumb';
    this.drawsBoxes = this.isTTY && readsUtf8(environment);
    this.#colour = this.isTTY && (environment['NO_COLOR'] ?? '') === '';
    // A closed pipe must not end the cluster that nobody reads about.
    stream.on('error', () => {});
  }

  /** Characters a line has room for; a terminal without a size says 0. */
  get columns(): number {
    return this.#stream.columns || 80;
  }

  /** Lines it has room for; Infinity where it does not say. */
  get rows(): number {
    return this.#stream.rows || Number.POSITIVE_INFINITY;
  }

  /** Stands for what was cut off: one character where the terminal can draw it. */
  get more(): string {
    return this.drawsBoxes ? '…' : '...';
  }

  style(style: Style, text: string): string {
    return this.#colour ? `\u001B[${codes[style]}m${text}\u001B[0m` : text;
  }

  /** Writes whole lines above the block. */
  line(...lines: readonly string[]): void {
    this.#stream.write(
      `${this.#eraseBlock()}${lines.map((line) => `${line}\n`).join('')}${this.#drawBlock()}`,
    );
  }

  /** Replaces the block; on anything but a terminal nothing is written. */
  block(lines: readonly string[]): void {
    if (!this.isTTY) return;
    const erase = this.#eraseBlock();
    this.#block = this.#visible(lines).map((line) => clip(line, this.columns - 1, this.more));
    this.#stream.write(erase + this.#drawBlock());
  }

  /** What has scrolled off the top cannot be redrawn: a block is never higher than the terminal. */
  #visible(lines: readonly string[]): readonly string[] {
    if (lines.length < this.rows) return lines;
    const kept = Math.max(0, this.rows - 2);
    return [...lines.slice(0, kept), this.style('dim', `(${lines.length - kept} more lines)`)];
  }

  #eraseBlock(): string {
    return this.#block.length === 0 ? '' : `\u001B[${this.#block.length}A\u001B[0J`;
  }

  #drawBlock(): string {
    return this.#block.map((line) => `${line}\n`).join('');
  }
}

/** Cuts a line to `width` columns, with `more` where something is missing; colour codes take none. */
function clip(line: string, width: number, more: string): string {
  // eslint-disable-next-line no-control-regex -- the codes this file writes itself
  const parts = line.split(/(\u001B\[\d+m)/);
  const length = parts.reduce((sum, part, index) => sum + (index % 2 === 0 ? part.length : 0), 0);
  if (length <= width) return line;
  let left = width - more.length;
  return parts
    .map((part, index) => {
      if (index % 2 === 1) return part;
      const before = left;
      left -= part.length;
      if (before < 0) return '';
      return left < 0 ? part.slice(0, Math.max(0, before)) + more.slice(0, width) : part;
    })
    .join('');
}

/** By the first of the variables that is set, as the C library does. */
function readsUtf8(environment: NodeJS.ProcessEnv): boolean {
  const names = ['LC_ALL', 'LC_CTYPE', 'LANG'] as const;
  const locale = names.map((name) => environment[name] ?? '').find((value) => value !== '') ?? '';
  return /utf-?8/i.test(locale) || process.platform === 'win32';
}
