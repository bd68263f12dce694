/**
 * Requests this client sent to one instance that its load report may not show yet. A request counts from its
 * `open` until the first report heard after its `accepted` (both come from one node in order), or until it ends.
 */
export class PendingRequests {
  #unanswered = 0;
  #unreported = 0;
  #reports = 0;

  get count(): number {
    return this.#unanswered + this.#unreported;
  }

  /** The node's next report arrived: it shows everything that was accepted before. */
  reported(): void {
    this.#reports += 1;
    this.#unreported = 0;
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
      },
    };
  }
}

export interface PendingRequest {
  accepted(): void;
  /** It ended or was given up. Must be called once; more often does nothing. */
  release(): void;
}
