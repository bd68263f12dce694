import type { Clock } from '@drover/actor-core';
import { type AppendExpectation, type Store, StoreUnavailableError } from '@drover/actor-core/durable';
import type { MemoryStore } from '@drover/actor-core/testing';
import { delay } from '../client/delay.ts';
import { type AgentRecord, agentRecords } from '../directory/agent-record.ts';
import { runRecords } from '../directory/run-record.ts';

/** Checks the accepted writes of all nodes against the invariants of the records. */
export class WriteWatch {
  readonly breaches: string[] = [];
  /** Number of records written under a fence. */
  writes = 0;
  /** Delay of a node's writes: simulates a process that is paused and continues. */
  holdBackMs: (nodeId: string) => number = () => 0;
  readonly #clock: Clock;
  #newestFence = 0;
  readonly #leaderOfFence = new Map<number, string>();
  readonly #agents = new Map<string, AgentRecord>();
  readonly #endOfRun = new Map<string, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The node that won the newest fence. */
  get leader(): string | undefined {
    return this.#leaderOfFence.get(this.#newestFence);
  }

  /** The store for one node, with its writes checked and delayed. */
  storeOf(nodeId: string, store: MemoryStore): Store {
    return {
      ensureStream: (spec) => store.ensureStream(spec),
      readLast: (stream, subject) => store.readLast(stream, subject),
      readAllLast: (stream, filter) => store.readAllLast(stream, filter),
      append: async (stream, subject, payload, expect) => {
        const heldBackMs = this.holdBackMs(nodeId);
        if (heldBackMs > 0) await delay(this.#clock, heldBackMs);
        // A deaf store performs a write but does not answer. The store is set up for the call, so that the result of
        // exactly this write is known here; then the missing answer is simulated.
        const isDeaf = store.state === 'deaf';
        if (isDeaf) store.state = 'up';
        const appended = store.append(stream, subject, payload, expect);
        if (isDeaf) store.state = 'deaf';
        const { sequence } = await appended;
        this.#note(nodeId, subject, payload, expect, sequence);
        if (isDeaf) throw new StoreUnavailableError(stream);
        return { sequence };
      },
    };
  }

  #note(
    nodeId: string,
    subject: string,
    payload: Uint8Array,
    expect: AppendExpectation | undefined,
    sequence: number,
  ): void {
    if (subject.endsWith('.lead')) {
      this.#leaderOfFence.set(sequence, nodeId);
      this.#newestFence = sequence;
      return;
    }
    this.writes += 1;
    const kind = subject.split('.').at(-2);
    const fence = expect?.fence?.sequence ?? 0;
    const leader = this.#leaderOfFence.get(fence);
    if (leader !== nodeId)
      this.breaches.push(`${nodeId} wrote ${subject} under fence ${fence} of ${leader ?? 'nobody'}`);
    if (fence !== this.#newestFence) {
      this.breaches.push(
        `${nodeId} wrote ${subject} under fence ${fence} after ${this.#newestFence} was won`,
      );
    }
    if (kind === 'agent') this.#noteAgent(agentRecords.decode(subject, payload));
    if (kind === 'run') this.#noteRun(subject, payload);
  }

  #noteAgent(record: AgentRecord): void {
    const { id, incarnation, life, node, nodeIncarnation } = record;
    const known = this.#agents.get(id);
    this.#agents.set(id, record);
    if (!known) return;
    if (incarnation < known.incarnation)
      this.breaches.push(`${id} decreased its incarnation from ${known.incarnation} to ${incarnation}`);
    if (known.life === 'stopped' && life !== 'stopped')
      this.breaches.push(`${id} was stopped and is active again`);
    const moved = node !== known.node || nodeIncarnation !== known.nodeIncarnation;
    if (moved && incarnation === known.incarnation)
      this.breaches.push(`${id} moved within incarnation ${incarnation}`);
  }

  #noteRun(subject: string, payload: Uint8Array): void {
    const { runId, outcome } = runRecords.decode(subject, payload);
    const end = outcome === undefined ? undefined : outcome.status === 'failed' ? outcome.code : 'completed';
    const known = this.#endOfRun.get(runId);
    if (known !== undefined && end !== known)
      this.breaches.push(`run ${runId} ended ${known} and then ${end ?? 'not'}`);
    if (end !== undefined) this.#endOfRun.set(runId, end);
  }
}
