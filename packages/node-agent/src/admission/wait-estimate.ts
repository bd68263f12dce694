/** What an estimate is made of. Milliseconds. */
export interface QueueFacts {
  readonly slots: number;
  /** Expected rest of each request inside. */
  readonly restsMs: readonly number[];
  /** Expected service of each waiting request, in the order they will run, times the share of it that falls here. */
  readonly costsMs: readonly number[];
}

export interface WaitEstimate {
  /** Expected wait of each waiting request, in their order. */
  readonly waitsMs: readonly number[];
  /** Expected wait of a request that would come now, behind all others. */
  readonly newcomerMs: number;
}

/**
 * Plays the queue forward: whichever slot is free first takes the next request. A request that waits at several
 * instances costs each of them its share, since only one of them will serve it.
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
