import type { RunReport } from '../protocol/directory-message.ts';

/** Ends of runs on their way to the leader, repeated until it has recorded them. Bounded: the oldest gives way. */
export class RunOutbox {
  readonly #capacity: number;
  readonly #reports = new Map<string, RunReport>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The run whose end is given up for this one, if any. */
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

  /** The oldest ones, `count` at most. */
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
