import type { Clock } from '@drover/actor-core';
import { type AppendExpectation, type Store, StoreUnavailableError } from '@drover/actor-core/durable';
import type { MemoryStore } from '@drover/actor-core/testing';
import { delay } from '../client/delay.ts';
import { type AgentRecord, decodeAgentRecord } from '../directory/agent-record.ts';
import { decodeRunRecord } from '../directory/run-record.ts';

/** Notes every accepted write of every node, and every breach of what the records promise. */
export class WriteWatch {
  readonly breaches: string[] = [];
  /** Records written under a fence. */
  writes = 0;
  /** How long a node's writes are on their way, as those of a process that is stopped and goes on. */
  holdBackMs: (nodeId: string) => number = () => 0;
  readonly #clock: Clock;
  #newestFence = 0;
  readonly #leaderOfFence = new Map<number, string>();
  readonly #agents = new Map<string, AgentRecord>();
  readonly #endOfRun = new Map<string, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Who won the newest fence. */
  get leader(): string | undefined {
    return this.#leaderOfFence.get(this.#newestFence);
  }

  /** The store as one node sees it. */
  storeOf(nodeId: string, store: MemoryStore): Store {
    return {
      ensureStream: (spec) => store.ensureStream(spec),
      readLast: (stream, subject) => store.readLast(stream, subject),
      readAllLast: (stream, filter) => store.readAllLast(stream, filter),
      append: async (stream, subject, payload, expect) => {
        const heldBackMs = this.holdBackMs(nodeId);
        if (heldBackMs > 0) await delay(this.#clock, heldBackMs);
        // A deaf store does what it is asked and tells nobody; the watch must know all the same, and of this very
        // write: what others write at the same moment must not be taken for it.
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
    if (kind === 'agent') this.#noteAgent(decodeAgentRecord(subject, payload));
    if (kind === 'run') this.#noteRun(subject, payload);
  }

  #noteAgent(record: AgentRecord): void {
    const { id, incarnation, life, node, nodeIncarnation } = record;
    const known = this.#agents.get(id);
    this.#agents.set(id, record);
    if (!known) return;
    if (incarnation < known.incarnation)
      this.breaches.push(`${id} went back from incarnation ${known.incarnation} to ${incarnation}`);
    if (known.life === 'stopped' && life !== 'stopped')
      this.breaches.push(`${id} was stopped and lives again`);
    const moved = node !== known.node || nodeIncarnation !== known.nodeIncarnation;
    if (moved && incarnation === known.incarnation)
      this.breaches.push(`${id} moved within incarnation ${incarnation}`);
  }

  #noteRun(subject: string, payload: Uint8Array): void {
    const { runId, outcome } = decodeRunRecord(subject, payload);
    const end = outcome === undefined ? undefined : outcome.status === 'failed' ? outcome.code : 'completed';
    const known = this.#endOfRun.get(runId);
    if (known !== undefined && end !== known)
      this.breaches.push(`run ${runId} ended ${known} and then ${end ?? 'not'}`);
    if (end !== undefined) this.#endOfRun.set(runId, end);
  }
}
