import type { Timer } from '../clock.ts';
import type {
  CreateFailureDetector,
  DetectorSurroundings,
  FailureDetector,
  KnownMember,
} from './failure-detector.ts';
import type { MemberEvidence, Presence } from './presence.ts';

/** How long a node that is gone is still listed. */
const listedMs = 10 * 60_000;
const forgetIntervalMs = 60_000;

export interface NodePresenceOptions extends Omit<DetectorSurroundings, 'onChange'> {
  readonly detector: CreateFailureDetector;
}

/** What one node knows of all nodes: itself, and what its failure detector finds out about the others. */
export class NodePresence implements Presence {
  readonly #options: NodePresenceOptions;
  readonly #listeners = new Set<(member: MemberEvidence) => void>();
  readonly #detector: FailureDetector;
  #forgetTimer: Timer | undefined = undefined;
  #isClosed = false;

  constructor(options: NodePresenceOptions) {
    this.#options = options;
    this.#detector = options.detector({ ...options, onChange: (member) => this.#tell(member) });
  }

  start(): void {
    this.#detector.start();
    this.#forgetRegularly();
  }

  members(): readonly MemberEvidence[] {
    return [this.#self(), ...this.#detector.members().map((member) => this.#evidenceOf(member))].toSorted(
      (a, b) => (a.node < b.node ? -1 : 1),
    );
  }

  member(node: string): MemberEvidence | undefined {
    if (node === this.#options.node) return this.#self();
    const member = this.#detector.member(node);
    return member === undefined ? undefined : this.#evidenceOf(member);
  }

  onChange(listener: (member: MemberEvidence) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  poll(): void {
    this.#detector.poll();
  }

  forget(node: string, incarnation: number): void {
    this.#detector.forget(node, incarnation);
  }

  /** Announces that this node leaves, and receives nothing more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#forgetTimer?.cancel();
    this.#detector.close();
    this.#call(this.#self());
  }

  #tell(member: KnownMember): void {
    this.#call(this.#evidenceOf(member));
  }

  #call(member: MemberEvidence): void {
    for (const listener of this.#listeners) {
      try {
        listener(member);
      } catch (err) {
        this.#options.log.error({ err, member: member.node }, 'a listener to the presence of nodes failed');
      }
    }
  }

  #forgetRegularly(): void {
    const { clock } = this.#options;
    for (const { node, incarnation, state, heardAtMs } of this.#detector.members())
      if (state !== 'alive' && clock.now() - heardAtMs >= listedMs) this.#detector.forget(node, incarnation);
    this.#forgetTimer = clock.setTimer(forgetIntervalMs, () => this.#forgetRegularly());
  }

  #self(): MemberEvidence {
    const { node, incarnation, facts } = this.#options;
    return {
      node,
      ...facts,
      incarnation,
      state: this.#isClosed ? 'left' : 'alive',
      isSuspect: false,
      isStalled: false,
      ageMs: 0,
      lagMs: this.#detector.ownLagMs,
    };
  }

  #evidenceOf(member: KnownMember): MemberEvidence {
    const { node, facts, incarnation, state, isSuspect, isStalled, heardAtMs, lagMs, rival } = member;
    const nowMs = this.#options.clock.now();
    const age = (sinceMs: number) => Math.max(0, nowMs - sinceMs);
    const other = rival === undefined ? {} : { rival: { pid: rival.pid, ageMs: age(rival.heardAtMs) } };
    return {
      node,
      ...facts,
      incarnation,
      state,
      isSuspect,
      isStalled,
      ageMs: age(heardAtMs),
      lagMs,
      ...other,
    };
  }
}
