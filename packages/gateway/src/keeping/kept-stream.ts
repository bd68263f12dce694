import type { Reply } from '../http/reply.ts';
import { AnswerUnits } from './answer-units.ts';

/** Status and headers of a kept answer. */
export interface KeptHead {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The answer is no stream: it is its only unit. */
  readonly isWhole: boolean;
}

/** Most bytes of one answer that are kept; above it the oldest units are dropped. */
const maxKeptBytes = 4 * 1024 * 1024;

/** The answer to one request, as its client gets it, from its first unit on. */
export class KeptStream {
  readonly #headers: Record<string, string> = {};
  #head: KeptHead | undefined;
  #splitter: AnswerUnits | undefined;
  #units: string[] = [];
  /** Units before the first one that is still here. */
  #dropped = 0;
  #heldBytes = 0;
  #hasEnded = false;
  readonly #isResumed: boolean;
  readonly #wakes = new Set<() => void>();

  /** @param isResumed another gateway began the answer: units that its client has already come here once more */
  constructor(isResumed = false) {
    this.#isResumed = isResumed;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  setHeader(name: string, value: string): void {
    this.#headers[name.toLowerCase()] = value;
  }

  begin(status: number, contentType: string): void {
    this.#head = { status, contentType, headers: { ...this.#headers }, isWhole: false };
    this.#splitter = new AnswerUnits(contentType);
  }

  /** Adds text of the stream. Returns it as the client gets it: events with their numbers. */
  add(text: string): string {
    const units = this.#splitter?.take(text) ?? [];
    for (const unit of units) this.#hold(unit);
    this.#wake();
    return units.join('');
  }

  /** The whole answer. */
  reply({ status, contentType, body }: Reply): void {
    this.#head = { status, contentType, headers: { ...this.#headers }, isWhole: true };
    this.#hold(body);
    this.end();
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  /** Whether units from there on are here, or will be. */
  has(from: number): boolean {
    if (from < this.#dropped) return false;
    return from <= this.#dropped + this.#units.length || (this.#isResumed && !this.#hasEnded);
  }

  /** Resolves with the head once it is known; undefined if the stream ends without one. */
  async head(): Promise<KeptHead | undefined> {
    while (this.#head === undefined && !this.#hasEnded) await this.#change();
    return this.#head;
  }

  /** The units after the first `from`, as they come. Ends early where the reader falls behind what is kept. */
  async *read(from: number): AsyncGenerator<string> {
    for (let next = from; ; ) {
      if (next < this.#dropped) return;
      const ready = this.#units.slice(next - this.#dropped);
      next += ready.length;
      if (ready.length > 0) yield ready.join('');
      else if (this.#hasEnded) return;
      else await this.#change();
    }
  }

  #hold(unit: string): void {
    this.#units.push(unit);
    this.#heldBytes += unit.length;
    while (this.#heldBytes > maxKeptBytes && this.#units.length > 1) {
      this.#heldBytes -= this.#units.shift()?.length ?? 0;
      this.#dropped += 1;
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakes.add(resolve);
    });
  }

  #wake(): void {
    const wakes = [...this.#wakes];
    this.#wakes.clear();
    for (const wake of wakes) wake();
  }
}
