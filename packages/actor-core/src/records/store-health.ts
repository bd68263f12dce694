import type { Logger } from '../logger.ts';
import { StoreUnavailableError } from '../errors.ts';

/** Outcome of the newest read or write of records: the reason why nothing can be recorded, if there is one. */
export class StoreHealth {
  readonly #log: Logger;
  readonly #group: string;
  #trouble: StoreUnavailableError | undefined;

  constructor(log: Logger, group: string) {
    this.#log = log;
    this.#group = group;
  }

  get trouble(): StoreUnavailableError | undefined {
    return this.#trouble;
  }

  /**
   * The trouble, if only an operator can end it (a full or deleted store); undefined for trouble that may end by
   * itself.
   */
  get lastingTrouble(): StoreUnavailableError | undefined {
    return this.#trouble?.code === 'store-unavailable' ? undefined : this.#trouble;
  }

  noteSuccess(): void {
    this.#trouble = undefined;
  }

  /** Logs a failure at the level `error` if it needs an operator, else at `warn`. */
  noteFailure(error: unknown, what: string): void {
    this.#trouble = error instanceof StoreUnavailableError ? error : undefined;
    const lasting = this.lastingTrouble;
    const fields = { code: this.#trouble?.code, err: error };
    const detail = lasting === undefined ? '' : ` (${lasting.message})`;
    this.#log[lasting === undefined ? 'warn' : 'error'](fields, `${this.#group}: ${what}${detail}`);
  }
}
