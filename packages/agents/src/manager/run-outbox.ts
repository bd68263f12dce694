import type { RunReport } from '../protocol/host-report.ts';

/**
 * Outcomes of runs, which are reported again to the leader until it has recorded them. Bounded: the oldest is dropped
 * first.
 */
export class RunOutbox {
  readonly #capacity: number;
  readonly #reports = new Map<string, RunReport>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Adds the outcome of a run. Returns the id of the run that was dropped to make room, if any. */
  put(report: RunReport): string | undefined {
    if (this.#reports.has(report.runId)) return undefined;
    this.#reports.set(report.runId, report);
    if (this.#reports.size <= this.#capacity) return undefined;
    for (const oldest of this.#reports.keys()) {
      this.#reports.delete(oldest);
      return oldest;
    }
    return undefined;
  }

  confirm(runId: string): void {
    this.#reports.delete(runId);
  }

  /** The oldest reports, at most `count`. */
  oldest(count: number): RunReport[] {
    return [...this.#reports.values()].slice(0, count);
  }

  /** Run ids by agent. */
  byAgent(): Map<string, string[]> {
    const runs = new Map<string, string[]>();
    for (const { agentId, runId } of this.#reports.values()) {
      const known = runs.get(agentId);
      if (known) known.push(runId);
      else runs.set(agentId, [runId]);
    }
    return runs;
  }
}
