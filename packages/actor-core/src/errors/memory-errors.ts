import { DroverError } from './drover-error.ts';
import type { StoreTrouble, StoreUnavailableError } from './store-errors.ts';

/**
 * A value, or all values of its bucket, would exceed a limit. Nothing was written. `value-too-large`: a smaller
 * value may succeed. `memory-full`: values have to be removed first.
 */
export class MemoryLimitError extends DroverError {
  readonly code: 'value-too-large' | 'memory-full';
  readonly limitBytes: number;
  constructor(code: 'value-too-large' | 'memory-full', limitBytes: number) {
    super(
      code === 'value-too-large'
        ? `the value exceeds the limit of ${limitBytes} bytes`
        : `the memory bucket has reached its limit of ${limitBytes} bytes: remove values first`,
    );
    this.code = code;
    this.limitBytes = limitBytes;
  }
}

/**
 * The store did not confirm a write: it may or may not have happened. Read the key at the level `fresh` and compare the
 * revision before the write is repeated.
 */
export class WriteUnknownError extends DroverError {
  readonly code = 'write-unknown';
  readonly key: string;
  /** What the store was found to be in. With `store-full` too, an earlier attempt may still be accepted. */
  readonly trouble: StoreTrouble;
  constructor(key: string, cause: StoreUnavailableError) {
    super(`the write of ${key} was not confirmed, and may happen: read the key fresh before trying again`, {
      cause,
    });
    this.key = key;
    this.trouble = cause.code;
  }
}
