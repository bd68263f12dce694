import {
  type AppendOutcome,
  type BatchRecord,
  type Log,
  StoreUnavailableError,
} from '@drover/actor-core/durable';
import type { ManualClock, TestHub } from '@drover/actor-core/testing';
import { controlStream } from '@drover/actor-core/cluster';
import { delay } from '../client/delay.ts';
import { type AgentRecord, agentRecords } from '../directory/agent-record.ts';
import { runRecords } from '../directory/run-record.ts';
import { agentsGroup } from '../protocol/limits.ts';

/** `up` · `down`: does nothing and answers nothing · `deaf`: does everything and answers nothing. */
export type StoreState = 'up' | 'down' | 'deaf';

/** Checks the accepted writes of all nodes against the invariants of the records. */
export class WriteWatch {
  readonly breaches: string[] = [];
  /** Number of records written under a fence. */
  writes = 0;
  /** Delay of a node's writes: simulates a process that is paused and continues. */
  holdBackMs: (nodeId: string) => number = () => 0;
  readonly #hub: TestHub<ManualClock>;
  #isDeaf = false;
  #newestFence = 0;
  readonly #leaderOfFence = new Map<number, string>();
  readonly #agents = new Map<string, AgentRecord>();
  readonly #endOfRun = new Map<string, string>();

  constructor(hub: TestHub<ManualClock>) {
    this.#hub = hub;
  }

  /** The node that won the newest fence. */
  get leader(): string | undefined {
    return this.#leaderOfFence.get(this.#newestFence);
  }

  /** The store is this from now on. */
  set state(state: StoreState) {
    this.#isDeaf = state === 'deaf';
    this.#hub.logs.faults = ({ kind }) => {
      if (state === 'down') return 'away';
      // Appends are made unanswered by the log of the node, which needs to know their true outcome.
      return state === 'deaf' && kind !== 'append' ? 'reply-lost' : undefined;
    };
  }

  /** The log for one node, with its writes checked and delayed. */
  logOf(nodeId: string, log: Log): Log {
    const attempt = async (
      name: string,
      records: readonly BatchRecord[],
      append: () => Promise<AppendOutcome>,
    ): Promise<AppendOutcome> => {
      const heldBackMs = this.holdBackMs(nodeId);
      if (heldBackMs > 0) await delay(this.#hub.clock, heldBackMs);
      const outcome = await append();
      // Entities write under fences of their own.
      const isOfGroup = name === controlStream(this.#hub.cell, agentsGroup);
      if (isOfGroup && outcome.kind === 'appended' && !outcome.isDuplicate)
        this.#noteAll(nodeId, records, outcome.sequence);
      return this.#isDeaf ? { kind: 'unanswered', cause: new StoreUnavailableError(name) } : outcome;
    };
    return {
      ensure: (spec) => log.ensure(spec),
      resize: (name, limits) => log.resize(name, limits),
      info: (name) => log.info(name),
      read: (name, sequence) => log.read(name, sequence),
      readLast: (name, subject) => log.readLast(name, subject),
      readForward: (name, query) => log.readForward(name, query),
      readAllLast: (name, filter, pageRecords) => log.readAllLast(name, filter, pageRecords),
      listSubjects: (name, filter) => log.listSubjects(name, filter),
      deleteRecord: (name, sequence) => log.deleteRecord(name, sequence),
      purge: (name, query) => log.purge(name, query),
      follow: (name, follower) => log.follow(name, follower),
      send: (name, record, expected) => log.send(name, record, expected),
      append: (name, record, expected) =>
        attempt(name, [expected === undefined ? record : { ...record, expect: expected }], () =>
          log.append(name, record, expected),
        ),
      appendBatch: (name, records) => attempt(name, records, () => log.appendBatch(name, records)),
    };
  }

  #noteAll(nodeId: string, records: readonly BatchRecord[], last: number): void {
    const fence = records.find(({ expect }) => expect?.subject.endsWith('.lead'))?.expect?.sequence ?? 0;
    for (const [index, record] of records.entries())
      this.#note(nodeId, record, fence, last - records.length + 1 + index);
  }

  #note(nodeId: string, { subject, payload }: BatchRecord, fence: number, sequence: number): void {
    if (subject.endsWith('.lead')) {
      this.#leaderOfFence.set(sequence, nodeId);
      this.#newestFence = sequence;
      return;
    }
    this.writes += 1;
    const kind = subject.split('.').at(-2);
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
    const { id, incarnation, life, node, nodeIncarnation, owner } = record;
    const known = this.#agents.get(id);
    this.#agents.set(id, record);
    if (!known) return;
    if (incarnation < known.incarnation)
      this.breaches.push(`${id} decreased its incarnation from ${known.incarnation} to ${incarnation}`);
    if (known.life === 'stopped' && life !== 'stopped')
      this.breaches.push(`${id} was stopped and is active again`);
    if ((owner ?? 0) < (known.owner ?? 0))
      this.breaches.push(`${id} went back from the owner ${known.owner} to ${owner}`);
    const moved = node !== known.node || nodeIncarnation !== known.nodeIncarnation;
    if (moved && known.node !== '' && incarnation === known.incarnation)
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
