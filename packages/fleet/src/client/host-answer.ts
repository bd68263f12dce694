import type { PassedHeaders } from '../protocol/passed-headers.ts';
import { isErrorLine, readRefusal, type RefusalSubject, refusalSubject } from '../health/refusal-subject.ts';

/** Status and headers of a host's answer, unchanged. */
export interface HostHead {
  readonly status: number;
  readonly contentType: string;
  readonly headers?: PassedHeaders | undefined;
  readonly foreign?: boolean | undefined;
}

/** A complete error answer of a host, which the client gets if no other host serves the request. */
export interface HostAnswer {
  readonly head: HostHead;
  /** Lines of the answer, unchanged. */
  readonly lines: readonly string[];
  readonly subject: RefusalSubject;
  /** The error text of Ollama, shortened for display. */
  readonly text: string;
}

/** Longest error answer that is held back, in UTF-16 units; a longer answer is replaced by an error text. */
const maxHeldUnits = 256 * 1024;

/**
 * True if an answer is held back until it is complete, since another host may serve the request: every status that may
 * concern the host, and a stream of an older Ollama that begins with an error.
 */
export function isHeldBack(head: HostHead, lines: readonly string[]): boolean {
  if (head.status >= 400) return refusalSubject(head.status, '', head.foreign) !== 'request';
  return isErrorLine(lines[0] ?? '');
}

/** Collects the lines of an answer that is held back. */
export class HeldAnswer {
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

  /** Returns the complete answer. */
  finish(): HostAnswer {
    const { status, foreign } = this.#head;
    const tooLong = JSON.stringify({
      error: `the host answered status ${status} with more than ${maxHeldUnits} characters`,
    });
    const lines = this.#units <= maxHeldUnits ? this.#lines : [tooLong];
    return { head: this.#head, lines, ...readRefusal(status, lines[0] ?? '', foreign) };
  }
}

/** Time from the host's `retry-after`, milliseconds; undefined if the header is missing or not a number. */
export function hostRetryAfterMs(headers: PassedHeaders | undefined): number | undefined {
  const inMs = Number(headers?.['retry-after-ms'] ?? Number.NaN);
  if (Number.isFinite(inMs) && inMs >= 0) return inMs;
  const seconds = headers?.['retry-after'] ?? '';
  return /^\d{1,7}$/.test(seconds) ? Number(seconds) * 1_000 : undefined;
}
