import type { CreateFailureDetector, DetectorSurroundings, FailureDetector } from './failure-detector.ts';
import { applyEvidence, type Evidence, type Member, type MemberTable } from './member-table.ts';
import type { MemberEvidence, Presence } from './presence.ts';

export interface NodePresenceOptions extends Omit<DetectorSurroundings, 'members' | 'report'> {
  readonly detector: CreateFailureDetector;
}

/** What one node knows of all nodes: the table that a failure detector fills. */
export class NodePresence implements Presence {
  readonly #options: NodePresenceOptions;
  readonly #listeners = new Set<(member: MemberEvidence) => void>();
  readonly #detector: FailureDetector;
  #table: MemberTable = new Map();

  constructor(options: NodePresenceOptions) {
    this.#options = options;
    this.#detector = options.detector({
      ...options,
      members: () => this.#table,
      report: (evidence) => this.#take(evidence),
    });
    const { node, incarnation, pid, roles, metadata } = options;
    const announcement = { incarnation, pid, roles, lagMs: 0, left: false, metadata };
    this.#take({ type: 'announced', node, announcement });
  }

  start(): void {
    this.#detector.start();
  }

  members(): readonly MemberEvidence[] {
    return [...this.#table.values()]
      .map((member) => this.#evidenceOf(member))
      .toSorted((a, b) => (a.node < b.node ? -1 : 1));
  }

  member(node: string): MemberEvidence | undefined {
    const member = this.#table.get(node);
    return member === undefined ? undefined : this.#evidenceOf(member);
  }

  onChange(listener: (member: MemberEvidence) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  poll(): void {
    this.#detector.poll();
  }

  /** Announces that this node leaves, and receives nothing more. */
  close(): void {
    this.#detector.close();
  }

  #take(evidence: Evidence): void {
    const { table, changed } = applyEvidence(this.#table, evidence, this.#options.clock.now());
    this.#table = table;
    for (const member of changed) {
      const shown = this.#evidenceOf(member);
      for (const listener of this.#listeners) listener(shown);
    }
  }

  #evidenceOf(member: Member): MemberEvidence {
    const { node, roles, pid, incarnation, state, announcedMs, lagMs, rival, metadata } = member;
    const nowMs = this.#options.clock.now();
    const age = (sinceMs: number) => Math.max(0, nowMs - sinceMs);
    const other = rival === undefined ? {} : { rival: { pid: rival.pid, ageMs: age(rival.announcedMs) } };
    const stated = metadata === undefined ? {} : { metadata };
    return { node, roles, pid, incarnation, state, ageMs: age(announcedMs), lagMs, ...stated, ...other };
  }
}
