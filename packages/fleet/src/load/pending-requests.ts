/**
 * What this client knows of one instance that its load report may not show yet. A request counts from its `open`
 * until the first report heard after its `accepted` (both come from one node in order), or until it ends; one that
 * ends after that counts as gone until the next report.
 */
export class PendingRequests {
  #unanswered = 0;
  #unreported = 0;
  /** In the newest report, and over since. */
  #gone = 0;
  #reports = 0;

  /** To be added to what the report says; below 0 when more ended than began. */
  get count(): number {
    return this.#unanswered + this.#unreported - this.#gone;
  }

  /** The node's next report arrived: it shows everything that was accepted before. */
  reported(): void {
    this.#reports += 1;
    this.#unreported = 0;
    this.#gone = 0;
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
        else this.#gone += 1;
      },
    };
  }
}

export interface PendingRequest {
  accepted(): void;
  /** It ended or was given up. Must be called once; more often does nothing. */
  release(): void;
}
