import type { Piece } from '../runner/job.ts';

/** Collects the pieces of an answer that is sent in one body. */
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
