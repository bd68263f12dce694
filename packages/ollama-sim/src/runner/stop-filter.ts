/** Result of the filter for one token. */
export interface Filtered {
  readonly text: string;
  /** A stop sequence is complete: the text ends before it. */
  readonly stopped: boolean;
}

/** Holds back text that may be the beginning of a stop sequence. */
export class StopFilter {
  readonly #stops: readonly string[];
  #held = '';

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== '');
  }

  push(text: string): Filtered {
    if (this.#stops.length === 0) return { text, stopped: false };
    const all = this.#held + text;
    const at = this.#stops.map((stop) => all.indexOf(stop)).filter((index) => index >= 0);
    if (at.length > 0) {
      this.#held = '';
      return { text: all.slice(0, Math.min(...at)), stopped: true };
    }
    const keep = Math.max(...this.#stops.map((stop) => overlap(all, stop)));
    this.#held = all.slice(all.length - keep);
    return { text: all.slice(0, all.length - keep), stopped: false };
  }

  /** The text that is still held when the generation ends for another reason. */
  flush(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }
}

/** Number of characters at the end of `text` that are a beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let n = Math.min(text.length, stop.length - 1); n > 0; n--)
    if (stop.startsWith(text.slice(-n))) return n;
  return 0;
}
