import type { Writable } from 'node:stream';
import { platform } from '../platform/platform.ts';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

const codes: Record<Style, number> = { bold: 1, dim: 2, green: 32, yellow: 33, red: 31 };

export interface TerminalStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/**
 * Human-readable output: lines, and on a terminal one block below them that is redrawn in place. Colour is used only on
 * a terminal, and not when NO_COLOR is set.
 */
export class Terminal {
  readonly isTTY: boolean;
  readonly #stream: TerminalStream;
  /** The terminal shows UTF-8, so that trees can be drawn with lines. */
  readonly drawsBoxes: boolean;
  readonly #colour: boolean;
  #block: readonly string[] = [];

  constructor(stream: TerminalStream, environment: NodeJS.ProcessEnv) {
    this.#stream = stream;
    this.isTTY = stream.isTTY === true && environment['TERM'] !== 'dumb';
    this.drawsBoxes = this.isTTY && readsUtf8(environment);
    this.#colour = this.isTTY && (environment['NO_COLOR'] ?? '') === '';
    // The reader of a pipe may close it; this must not end the cluster.
    stream.on('error', () => {});
  }

  /** Width of a line in characters. Some terminals report a width of 0. */
  get columns(): number {
    return this.#stream.columns || 80;
  }

  /** Number of lines; Infinity when the terminal does not report it. */
  get rows(): number {
    return this.#stream.rows || Number.POSITIVE_INFINITY;
  }

  /** Mark for text that was cut: one character if the terminal can show it. */
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

  /** Replaces the block. Writes nothing when the output is not a terminal. */
  block(lines: readonly string[]): void {
    if (!this.isTTY) return;
    const erase = this.#eraseBlock();
    this.#block = this.#visible(lines).map((line) => clip(line, this.columns - 1, this.more));
    this.#stream.write(erase + this.#drawBlock());
  }

  /** A block must not be higher than the terminal, because lines that scrolled off cannot be redrawn. */
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

/** Cuts a line to `width` characters with `more` at its end. Colour codes have no width. */
function clip(line: string, width: number, more: string): string {
  // eslint-disable-next-line no-control-regex -- the colour codes that this file writes
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

/** True if the locale uses UTF-8. As in the C library, the first of these variables that is set decides. */
function readsUtf8(environment: NodeJS.ProcessEnv): boolean {
  const names = ['LC_ALL', 'LC_CTYPE', 'LANG'] as const;
  const locale = names.map((name) => environment[name] ?? '').find((value) => value !== '') ?? '';
  return /utf-?8/i.test(locale) || platform.hasUtf8Terminals;
}
