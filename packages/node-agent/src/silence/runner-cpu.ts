/** CPU time that one runner process (llama-server) has used since its start. */
export interface RunnerSample {
  readonly pid: number;
  readonly cpuMs: number;
}

/** Observes the runner processes of one Ollama. Implemented by `proc-runner-cpu.ts` for an Ollama on this machine. */
export interface RunnerCpu {
  /** The running runner processes; undefined when they cannot be observed. Never rejects. */
  sample(): Promise<readonly RunnerSample[] | undefined>;
}

/** Largest share of CPU time that counts as idle, for timers and health checks. */
const idleShare = 0.001;

/**
 * Idle time of the runner, from samples of its CPU time. With several runners it is unknown which one serves a model,
 * so only the idle time of all of them together is known.
 */
export class RunnerActivity {
  #cpuMs = new Map<number, number>();
  #sampledAtMs: number | undefined;
  /** Undefined until two consecutive samples could be compared. */
  #stillForMs: number | undefined;

  get stillForMs(): number | undefined {
    return this.#stillForMs;
  }

  take(samples: readonly RunnerSample[] | undefined, nowMs: number): void {
    const before = this.#cpuMs;
    const sinceMs = this.#sampledAtMs === undefined ? 0 : nowMs - this.#sampledAtMs;
    this.#cpuMs = new Map((samples ?? []).map(({ pid, cpuMs }) => [pid, cpuMs]));
    this.#sampledAtMs = nowMs;
    const isSame =
      before.size === this.#cpuMs.size && [...before.keys()].every((pid) => this.#cpuMs.has(pid));
    if (before.size === 0 || !isSame || sinceMs <= 0) {
      this.#stillForMs = undefined;
      return;
    }
    const moved = [...this.#cpuMs].filter(
      ([pid, cpuMs]) => cpuMs - (before.get(pid) ?? 0) > sinceMs * idleShare,
    );
    if (moved.length === 0) this.#stillForMs = (this.#stillForMs ?? 0) + sinceMs;
    else this.#stillForMs = this.#cpuMs.size === 1 ? 0 : undefined;
  }
}
