/**
 * Requests of this client at one instance that its load report may not include yet. A request counts from its `open`
 * until the first report after its `accepted` (both come from one node, in order), or until it ends. A request that
 * ends later counts as -1 until the next report.
 */
export class PendingRequests {
  #unanswered = 0;
  /** Accepted since the newest report. */
  #unreported = 0;
  /** Included in the newest report, and ended since. */
  #ended = 0;
  #reports = 0;

  /** Number to add to the figures of the report; below 0 if more requests ended than began. */
  get count(): number {
    return this.#unanswered + this.#unreported - this.#ended;
  }

  /** Handles the node's next report: it includes every request that was accepted before. */
  reported(): void {
    this.#reports += 1;
    this.#unreported = 0;
    this.#ended = 0;
  }

  open(): PendingRequest {
    this.#unanswered += 1;
    let acceptedAtReport: number | undefined;
    let released = false;
    return {
      accepted: () => {
        if (released || acceptedAtReport !== undefined) return;
        acceptedAtReport = this.#reports;
        this.#unanswered -= 1;
        this.#unreported += 1;
      },
      release: () => {
        if (released) return;
        released = true;
        if (acceptedAtReport === undefined) this.#unanswered -= 1;
        else if (acceptedAtReport === this.#reports) this.#unreported -= 1;
        else this.#ended += 1;
      },
    };
  }
}

export interface PendingRequest {
  /** Records that the instance answered for the first time. */
  accepted(): void;
  /** Records that the request ended or was given up. Later calls do nothing. */
  release(): void;
}
