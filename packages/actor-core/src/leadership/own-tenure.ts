import { TenureEndedError } from '../errors.ts';
import type { Fence, FencedOutcome } from '../fence/fence.ts';
import type { FencedWriter } from '../fence/fenced-writer.ts';
import type { BatchRecord } from '../storage/log/log.ts';
import type { Tenure } from './leadership.ts';

/** What a tenure needs of the leadership that it belongs to. */
export interface TenureSurroundings {
  readonly writer: FencedWriter;
  readonly isTrusted: () => boolean;
  readonly isStoreHealthy: () => boolean;
  /** A write was refused because the fence is lost. Ends the tenure before it returns. */
  readonly onLost: (outcome: FencedOutcome) => void;
  /** A write was confirmed, or its outcome is unknown. */
  readonly onStore: (error: unknown) => void;
}

/** The tenure of this node, until `end`. */
export class OwnTenure implements Tenure {
  readonly term: number;
  readonly fence: Fence;
  readonly #parts: TenureSurroundings;
  readonly #end = new AbortController();

  constructor(term: number, fence: Fence, parts: TenureSurroundings) {
    this.term = term;
    this.fence = fence;
    this.#parts = parts;
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  isTrusted(): boolean {
    return !this.signal.aborted && this.#parts.isTrusted();
  }

  mayAct(): boolean {
    return this.isTrusted() && this.#parts.isStoreHealthy();
  }

  async write(...records: readonly BatchRecord[]): Promise<FencedOutcome> {
    if (this.signal.aborted) return { kind: 'deposed', newest: undefined };
    const { writer, onLost, onStore } = this.#parts;
    let outcome: FencedOutcome;
    try {
      outcome = await writer.write(this.fence, ...records);
    } catch (error) {
      onStore(error);
      throw error;
    }
    if (outcome.kind === 'deposed' || outcome.kind === 'rolled-back') onLost(outcome);
    else onStore(undefined);
    return outcome;
  }

  /** Ends the tenure. Writes on their way are still decided by the fence. */
  end(group: string, why: string): void {
    this.#parts.writer.release(this.fence);
    this.#end.abort(new TenureEndedError(group, this.term, why));
  }
}
