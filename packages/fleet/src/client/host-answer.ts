import type { PassedHeaders } from '../protocol/passed-headers.ts';
import { isErrorLine, readRefusal, type RefusalSubject, refusalSubject } from '../routing/refusal-subject.ts';

/** The status line of a host's answer, as it came. */
export interface HostHead {
  readonly status: number;
  readonly contentType: string;
  readonly headers?: PassedHeaders | undefined;
  readonly foreign?: boolean | undefined;
}

/** A whole answer without success: what the client gets if no other host does better. */
export interface HostAnswer {
  readonly head: HostHead;
  /** As they came. */
  readonly lines: readonly string[];
  readonly subject: RefusalSubject;
  /** Ollama's own words, or as much as is needed to tell a person. */
  readonly text: string;
}

/** UTF-16 units of an answer without success that are kept; a longer one is replaced by a sentence that says so. */
const maxHeldUnits = 256 * 1024;

/**
 * True if an answer is kept back until it is whole, since another host may do better: every status that may speak of
 * the host, and a stream of an older Ollama that begins with an error.
 */
export function isKeptBack(head: HostHead, lines: readonly string[]): boolean {
  if (head.status >= 400) return refusalSubject(head.status, '', head.foreign) !== 'request';
  return isErrorLine(lines[0] ?? '');
}

/** Collects an answer that is kept back. */
export class KeptAnswer {
  readonly #head: HostHead;
  #lines: string[] = [];
  #units = 0;

  constructor(head: HostHead) {
    this.#head = head;
  }

  add(lines: readonly string[]): void {
    for (const line of lines) this.#units += line.length;
    if (this.#units <= maxHeldUnits) this.#lines.push(...lines);
    else this.#lines = [];
  }

  /** The answer is whole. */
  finish(): HostAnswer {
    const { status, foreign } = this.#head;
    const tooLong = JSON.stringify({
      error: `the host answered status ${status} with more than ${maxHeldUnits} characters`,
    });
    const lines = this.#units <= maxHeldUnits ? this.#lines : [tooLong];
    return { head: this.#head, lines, ...readRefusal(status, lines[0] ?? '', foreign) };
  }
}

/** When the host wants to be asked again, milliseconds; undefined where it does not say so in a number. */
export function askedAgainAfterMs(headers: PassedHeaders | undefined): number | undefined {
  const inMs = Number(headers?.['retry-after-ms'] ?? Number.NaN);
  if (Number.isFinite(inMs) && inMs >= 0) return inMs;
  const seconds = headers?.['retry-after'] ?? '';
  return /^\d{1,7}$/.test(seconds) ? Number(seconds) * 1_000 : undefined;
}
