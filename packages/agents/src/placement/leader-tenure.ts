import type { LeaderInfo, Leadership } from '@drover/actor-core/cluster';
import { FencedWriter, type WriteOutcome } from './fenced-writer.ts';

/** Pause before a failed read or write of records is repeated. */
const storeRetryMs = 500;

/** One leadership of this node: its fence, its writer, and its state `S` once the records have been read. */
export class LeaderTenure<S> {
  readonly leader: LeaderInfo;
  readonly writer: FencedWriter;
  state: S | undefined = undefined;
  #rewriteAtMs = Number.POSITIVE_INFINITY;
  #rereadAtMs = Number.POSITIVE_INFINITY;

  constructor(leader: LeaderInfo, leadership: Leadership, onOutcome: (outcome: WriteOutcome) => void) {
    this.leader = leader;
    this.writer = new FencedWriter((subject, payload) => leadership.append(subject, payload), onOutcome);
  }

  readFailed(nowMs: number): void {
    this.#rereadAtMs = nowMs + storeRetryMs;
  }

  writeFailed(nowMs: number): void {
    this.#rewriteAtMs = nowMs + storeRetryMs;
  }

  /** True if the records must be read again now; true only once for each failed read. */
  takeReread(nowMs: number): boolean {
    if (this.#rereadAtMs > nowMs) return false;
    this.#rereadAtMs = Number.POSITIVE_INFINITY;
    return true;
  }

  /** Repeats a failed write that is due. */
  repeatWrite(nowMs: number): void {
    if (this.#rewriteAtMs > nowMs) return;
    this.#rewriteAtMs = Number.POSITIVE_INFINITY;
    this.writer.pump();
  }
}
