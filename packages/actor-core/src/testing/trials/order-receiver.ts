import { systemClock } from '../../clock/system-clock.ts';
import { OrderGate } from '../../leadership/order-gate.ts';
import { readLeader } from '../../leadership/read-leader.ts';
import type { ClusterNode } from '../../node/cluster-node.ts';
import { type LeaderWrite, ordersOf } from './leader-messages.ts';

/** A receiver of the orders of a group's leaders, as every node that obeys a leader has one. */
export class OrderReceiver {
  readonly #node: ClusterNode;
  readonly #group: string;
  readonly #gate = new OrderGate<LeaderWrite>();
  readonly #end: () => void;
  #newestObeyed = 0;
  /** Orders that were obeyed. */
  obeyed = 0;
  /** Orders that were refused, and named a lower fence than an obeyed one. */
  refusedOlder = 0;
  /** Orders that were obeyed after one with a higher fence. */
  readonly obeyedOlder: string[] = [];

  constructor(node: ClusterNode, group: string) {
    this.#node = node;
    this.#group = group;
    const subscription = node.transport.subscribe(ordersOf(group), ({ payload }) =>
      this.#judge(JSON.parse(new TextDecoder().decode(payload)) as LeaderWrite),
    );
    this.#end = () => subscription.unsubscribe();
  }

  close(): void {
    this.#end();
  }

  #judge(order: LeaderWrite): void {
    const verdict = this.#gate.judge(order, { node: order.by, fence: order.fence }, systemClock.now());
    if (verdict === 'read') return void this.#read();
    const isOlder = order.fence < this.#newestObeyed;
    if (verdict === 'refuse') {
      if (isOlder) this.refusedOlder += 1;
      return undefined;
    }
    if (isOlder) this.obeyedOlder.push(`${order.by} under ${order.fence} after ${this.#newestObeyed}`);
    this.#newestObeyed = Math.max(this.#newestObeyed, order.fence);
    this.obeyed += 1;
    return undefined;
  }

  async #read(): Promise<void> {
    if (!this.#gate.beginRead()) return;
    try {
      const leader = await readLeader(this.#node, this.#group);
      const lead = leader === undefined ? undefined : { node: leader.node, fence: leader.fence };
      for (const order of this.#gate.endRead(lead, systemClock.now())) this.#judge(order);
    } catch {
      // Held orders wait for the next read.
      this.#gate.failRead();
    }
  }
}
