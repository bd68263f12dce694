import type { Piece } from '../runner/job.ts';

/** The pieces of an answer that goes out in one body. */
export class Collector {
  content = '';
  thinking = '';
  readonly tokens: string[] = [];

  add(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      if (piece.channel === 'thinking') this.thinking += piece.text;
      else this.content += piece.text;
      this.tokens.push(...piece.tokens);
    }
  }
}
