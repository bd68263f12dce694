import type { Clock, Timer } from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import { encodeLoadReportPages, type InstanceLoad, loadReportDebounceMs } from '@drover/fleet';

/**
 * Sends the load reports of this node: every `reportIntervalMs`, within `loadReportDebounceMs` of a change, and at once
 * when polled. Each report is complete, so the next report repairs the loss of one. A report that is larger than a bus
 * message travels in pages.
 */
export class LoadReporter {
  readonly #node: ClusterNode;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #order: readonly string[];
  readonly #loads = new Map<string, () => InstanceLoad>();
  readonly #unsubscribe: () => void;
  #seq = 0;
  #timer: Timer | undefined;
  #soon = false;
  #stopped = false;
  #isCut = false;

  /** @param order names of the instances, in the order of the reports */
  constructor(node: ClusterNode, order: readonly string[], intervalMs: number) {
    this.#node = node;
    this.#clock = node.clock;
    this.#intervalMs = intervalMs;
    this.#order = order;
    const polls = node.transport.subscribe(node.subjects.poll('*'), () => this.#reportNow());
    const stopListening = node.transport.onConnectionChange((connected) => {
      if (connected) this.#reportNow();
    });
    this.#unsubscribe = () => {
      polls.unsubscribe();
      stopListening();
    };
    this.#arm(intervalMs);
  }

  /** Records that an instance changed; `load` is called for each report from now on. */
  changed(name: string, load: () => InstanceLoad): void {
    this.#loads.set(name, load);
    if (this.#soon || this.#stopped) return;
    this.#soon = true;
    this.#arm(loadReportDebounceMs);
  }

  publish(): void {
    const instances = this.#order.flatMap((name) => this.#loads.get(name)?.() ?? []);
    const { nodeId, incarnation, transport, subjects } = this.#node;
    this.#seq += 1;
    const report = { v: 1, node: nodeId, incarnation, seq: this.#seq, instances } as const;
    const { pages, left } = encodeLoadReportPages(report, transport.maxPayloadBytes);
    this.#warnIfCut(left);
    for (const page of pages) transport.publish(subjects.load(nodeId), page);
    this.#soon = false;
    this.#arm(this.#intervalMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#unsubscribe();
  }

  #warnIfCut(models: number): void {
    const isCut = models > 0;
    if (isCut && !this.#isCut)
      this.#node.log.error(
        { models },
        'the models of this node do not fit the pages of a load report, so gateways do not know some of them; raise max_payload of the NATS server, or serve fewer models',
      );
    this.#isCut = isCut;
  }

  /** One report answers all polls of one turn: many arrive at the start of a cluster. */
  #reportNow(): void {
    if (this.#stopped) return;
    this.#soon = true;
    this.#arm(0);
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#stopped ? undefined : this.#clock.setTimer(delayMs, () => this.publish());
  }
}
