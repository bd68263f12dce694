import type { AuditStore } from './audit-store.ts';

/** A place between two lines of the store. */
export interface AuditCursor {
  readonly sequence: number;
  /** Lines of that message that are read already. */
  readonly line: number;
}

const pageMessages = 256;

/** Undefined for a text that is no cursor. */
export function parseCursor(text: string): AuditCursor | undefined {
  const [, sequence, line] = /^(\d{1,15})-(\d{1,6})$/.exec(text) ?? [];
  if (sequence === undefined || line === undefined) return undefined;
  return { sequence: Number(sequence), line: Number(line) };
}

/** Reads the lines of the store one by one, page by page. */
export class AuditPager {
  readonly #store: AuditStore;
  readonly #chain: string | undefined;
  #lines: { readonly text: string; readonly sequence: number; readonly line: number }[] = [];
  #index = 0;
  #next: number;
  #skip: AuditCursor;
  #isEnd = false;
  #at: AuditCursor;

  /** @param chain of one gateway; undefined for all */
  constructor(store: AuditStore, chain: string | undefined, from: AuditCursor) {
    this.#store = store;
    this.#chain = chain;
    this.#next = from.sequence;
    this.#skip = from;
    this.#at = from;
  }

  /** Where the next line stands. */
  get cursor(): string {
    return `${this.#at.sequence}-${this.#at.line}`;
  }

  /** Undefined behind the last line. @throws StoreUnavailableError */
  async next(): Promise<string | undefined> {
    while (this.#index >= this.#lines.length) {
      if (this.#isEnd) return undefined;
      await this.#readPage();
    }
    const found = this.#lines[this.#index++];
    if (found === undefined) return undefined;
    this.#at = { sequence: found.sequence, line: found.line + 1 };
    return found.text;
  }

  async #readPage(): Promise<void> {
    const page = await this.#store.page(Math.max(1, this.#next), this.#chain, pageMessages);
    this.#next = page.next;
    this.#isEnd = page.isEnd;
    this.#index = 0;
    this.#lines = page.messages.flatMap(({ sequence, text }) =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line, index) => ({ text: line, sequence, line: index }))
        .slice(sequence === this.#skip.sequence ? this.#skip.line : 0),
    );
  }
}
