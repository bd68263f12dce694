/** Notes kept at most: enough to tell the age of any actor to a few hundredths of it. */
const maxNotes = 256;
/** Of two notes closer together than this nobody wants to know more. */
const graceMs = 1_000;

interface Note {
  /** How many numbers had been given out. */
  readonly given: number;
  readonly atMs: number;
}

/**
 * When actors came to be, told from their numbers, which are given out in order: now and then it is noted how many there
 * have been. An actor itself keeps nothing, so a million of them cost nothing.
 */
export class StartTimes {
  /** Both figures rise. */
  readonly #notes: Note[] = [];

  note(given: number, nowMs: number): void {
    if ((this.#notes.at(-1)?.given ?? -1) >= given) return;
    this.#notes.push({ given, atMs: nowMs });
    if (this.#notes.length > maxNotes) this.#notes.splice(this.#leastMissed(nowMs), 1);
  }

  /** The first note that has seen the actor: not before its birth. Undefined when none has yet. */
  of(uid: number): number | undefined {
    let from = 0;
    let to = this.#notes.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#notes[middle] as Note).given > uid) to = middle;
      else from = middle + 1;
    }
    return this.#notes[from]?.atMs;
  }

  /** The note without which ages are least wrong, measured by the ages themselves. */
  #leastMissed(nowMs: number): number {
    let least = 1;
    let leastError = Number.POSITIVE_INFINITY;
    for (let i = 1; i < this.#notes.length - 1; i++) {
      const after = (this.#notes[i + 1] as Note).atMs;
      const error = (after - (this.#notes[i - 1] as Note).atMs) / (nowMs - after + graceMs);
      if (error < leastError) [least, leastError] = [i, error];
    }
    return least;
  }
}
