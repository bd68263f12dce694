import type { Lane } from '../transport/subjects.ts';
import type { Outbox } from './outbox.ts';

/** Lanes that carry messages. */
export type Outgoing = Exclude<Lane, 'ping' | 'swim' | 'pulse'>;

/** Most outboxes kept per lane; above that, empty ones are removed and created again when needed. */
const maxKept = 1_024;

/** One outbox for each lane of each target node. Empty outboxes may be removed. */
export class Outboxes {
  readonly #make: (node: string, lane: Outgoing) => Outbox;
  readonly #byNode: Record<Outgoing, Map<string, Outbox>> = {
    ctl: new Map(),
    dat: new Map(),
    req: new Map(),
    ord: new Map(),
  };

  constructor(make: (node: string, lane: Outgoing) => Outbox) {
    this.#make = make;
  }

  get size(): number {
    return Object.values(this.#byNode).reduce((sum, outboxes) => sum + outboxes.size, 0);
  }

  of(node: string, lane: Outgoing): Outbox {
    const outboxes = this.#byNode[lane];
    let outbox = outboxes.get(node);
    if (outbox === undefined) {
      if (outboxes.size >= maxKept) forgetIdle(outboxes);
      outbox = this.#make(node, lane);
      outboxes.set(node, outbox);
    }
    return outbox;
  }

  /** Closes the outboxes to that node after their messages are sent. */
  forget(node: string): void {
    for (const outboxes of Object.values(this.#byNode)) {
      outboxes.get(node)?.flush();
      outboxes.delete(node);
    }
  }

  flush(): void {
    for (const outboxes of Object.values(this.#byNode))
      for (const outbox of outboxes.values()) outbox.flush();
  }
}

function forgetIdle(outboxes: Map<string, Outbox>): void {
  for (const [node, outbox] of outboxes) if (outbox.isEmpty) outboxes.delete(node);
}
