/** Inputs of an estimate, in milliseconds. */
export interface QueueFacts {
  readonly slots: number;
  /** Expected remaining time of each request inside Ollama. */
  readonly restsMs: readonly number[];
  /**
   * Expected service time of each waiting request, in queue order, multiplied by the share that counts for this
   * instance.
   */
  readonly costsMs: readonly number[];
}

export interface WaitEstimate {
  /** Expected wait of each waiting request, in their order. */
  readonly waitsMs: readonly number[];
  /** Expected wait of a new request, behind all others. */
  readonly newcomerMs: number;
}

/**
 * Simulates the queue: the slot that is free first takes the next request. A request that waits at several instances
 * counts at each of them with a share of its service time, because only one of them will serve it.
 */
export function estimateWaits({ slots, restsMs, costsMs }: QueueFacts): WaitEstimate {
  const freeAtMs = restsMs.toSorted((a, b) => a - b);
  while (freeAtMs.length < slots) freeAtMs.unshift(0);
  const waitsMs: number[] = [];
  for (const costMs of costsMs) {
    const startMs = freeAtMs.shift() ?? 0;
    waitsMs.push(Math.round(startMs));
    const endMs = startMs + costMs;
    const later = freeAtMs.findIndex((otherMs) => otherMs > endMs);
    freeAtMs.splice(later < 0 ? freeAtMs.length : later, 0, endMs);
  }
  return { waitsMs, newcomerMs: Math.round(freeAtMs[0] ?? 0) };
}
