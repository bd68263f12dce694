import type { Tenure } from '../leadership/leadership.ts';
import { FenceRejectedError, StoreUnavailableError } from '../errors.ts';
import { TenureWriter, type TenureWriteOutcome } from './tenure-writer.ts';

/** Pause before a failed read or write of records is repeated. */
const storeRetryMs = 500;

/** One leadership of this node: its fence, its writer, and its state `S` once the records have been read. */
export class LeaderTenure<S> {
  readonly lead: Tenure;
  readonly writer: TenureWriter;
  state: S | undefined = undefined;
  #rewriteAtMs = Number.POSITIVE_INFINITY;
  #rereadAtMs = Number.POSITIVE_INFINITY;

  constructor(lead: Tenure, onOutcome: (outcome: TenureWriteOutcome) => void) {
    this.lead = lead;
    this.writer = new TenureWriter((subject, payload) => writeUnder(lead, subject, payload), onOutcome);
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

  /** Repeats failed writes that are due. */
  repeatWrite(nowMs: number): void {
    if (this.#rewriteAtMs > nowMs) return;
    this.#rewriteAtMs = Number.POSITIVE_INFINITY;
    this.writer.repeat();
  }
}

/**
 * Writes one record under the tenure.
 *
 * @throws FenceRejectedError the tenure is over
 * @throws StoreUnavailableError the outcome is unknown, or too many writes wait
 */
export async function writeUnder(
  tenure: Tenure,
  subject: string,
  payload: Uint8Array,
): Promise<{ sequence: number }> {
  const { log, sequence } = tenure.fence;
  const outcome = await tenure.write({ subject, payload });
  if (outcome.kind === 'written') return outcome;
  if (outcome.kind === 'queue-full') throw new StoreUnavailableError(log);
  throw new FenceRejectedError(log, sequence);
}
