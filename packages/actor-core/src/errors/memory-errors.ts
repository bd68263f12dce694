import { DroverError } from './drover-error.ts';

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
  constructor(key: string, options?: ErrorOptions) {
    super(
      `the store did not confirm the write of ${key}: read it with read=fresh before trying again`,
      options,
    );
    this.key = key;
  }
}
