import type { FailureCause, TerminationReason } from '../actor/signal.ts';

/** Number of actors whose end is remembered. */
const kept = 1024;

/** How the last actors ended, for watches of other nodes whose notice was lost. Rarely read. */
export class RecentEnds {
  readonly #uids: number[] = [];
  readonly #reasons: TerminationReason[] = [];
  readonly #causes: (FailureCause | undefined)[] = [];
  #next = 0;

  get(uid: number): TerminationReason | undefined {
    const at = this.#uids.indexOf(uid);
    return at === -1 ? undefined : this.#reasons[at];
  }

  /** Without the error object, which may reference large values and is not kept. */
  causeOf(uid: number): FailureCause | undefined {
    return this.#causes[this.#uids.indexOf(uid)];
  }

  add(uid: number, reason: TerminationReason, cause: FailureCause | undefined): void {
    this.#uids[this.#next] = uid;
    this.#reasons[this.#next] = reason;
    this.#causes[this.#next] = cause && { code: cause.code, message: cause.message };
    this.#next = (this.#next + 1) % kept;
  }
}
