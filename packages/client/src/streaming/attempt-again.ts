import { CallDeadlineError, UnreachableError } from '../errors.ts';
import { backoffMs } from '../http/retry.ts';
import { wait } from '../http/wait.ts';

/** Counts how often in a row a stream was cut, and waits before it is opened again. */
export class CutCounter {
  readonly #maxInRow: number;
  #inRow = 0;

  constructor(maxInRow: number) {
    this.#maxInRow = maxInRow;
  }

  /** Something came: the stream is not hopeless. */
  reset(): void {
    this.#inRow = 0;
  }

  /** @throws the error, if it is no cut, the caller has ended the stream, or it was cut too often in a row */
  async afterCut(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    const isCut = error instanceof UnreachableError || error instanceof CallDeadlineError;
    if (!isCut || signal?.aborted === true) throw error;
    this.#inRow += 1;
    if (this.#inRow >= this.#maxInRow) throw error;
    await wait(backoffMs(this.#inRow, Math.random()), signal);
  }
}
