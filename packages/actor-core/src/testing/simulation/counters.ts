/** Events that a batch of seeds must contain; a batch in which one of them never happens proves nothing about it. */
export interface Counters {
  answered: number;
  refused: number;
  restarts: number;
  escalations: number;
  deadLetters: number;
  /** Watched actors that were lost with their node. */
  nodeDowns: number;
  /** Partitions and lossy phases that ended. */
  heals: number;
  /** Items that a producer sent again after a reader missed them. */
  redeliveries: number;
  /** Items that had to wait for credit of their reader. */
  creditStalls: number;
}

export function noCounters(): Counters {
  return {
    answered: 0,
    refused: 0,
    restarts: 0,
    escalations: 0,
    deadLetters: 0,
    nodeDowns: 0,
    heals: 0,
    redeliveries: 0,
    creditStalls: 0,
  };
}

export function addCounters(sum: Counters, more: Counters): void {
  for (const key of Object.keys(sum) as (keyof Counters)[]) sum[key] += more[key];
}
