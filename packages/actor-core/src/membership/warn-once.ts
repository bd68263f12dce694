import type { Logger } from '../logger.ts';

/** Most peers of which it is remembered that they were logged. */
const maxPeers = 4_096;

/** Counts invalid messages and logs the first one of each peer. */
export class WarnOnce {
  readonly #log: Logger;
  readonly #text: string;
  readonly #peers = new Set<string>();
  #counted = 0;

  constructor(log: Logger, text: string) {
    this.#log = log;
    this.#text = text;
  }

  /** Invalid messages so far. */
  get counted(): number {
    return this.#counted;
  }

  count(peer: string): void {
    this.#counted += 1;
    if (this.#peers.has(peer) || this.#peers.size >= maxPeers) return;
    this.#peers.add(peer);
    this.#log.warn({ peer }, `${this.#text}; further ones of this peer are only counted`);
  }
}
