import type { Clock, Timer } from '../clock.ts';
import type { Transport } from '../transport/transport.ts';
import type { Announcement } from './announcement.ts';
import {
  announcing,
  decideCheck,
  decideConnection,
  initialSilence,
  type SilenceState,
} from './decide-silence.ts';
import type { KnownMember } from './failure-detector.ts';
import { applyEvidence, type Evidence, type Member, type MemberTable } from './member-table.ts';

/** Longest time in which NATS must answer before the silence of a node counts. */
const carriedMs = 500;

export interface AnnouncedMembersOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly onChange: (member: KnownMember) => void;
}

/**
 * Nodes that are known by their announcements alone: for a member those of 0.3.0, for an observer all nodes. A node
 * that announces nothing for 3 s is unreachable, unless NATS itself does not answer.
 */
export class AnnouncedMembers {
  readonly #options: AnnouncedMembersOptions;
  #table: MemberTable = new Map();
  #state: SilenceState;
  #timer: Timer | undefined = undefined;
  #isAsking = false;
  #isClosed = false;

  constructor(options: AnnouncedMembersOptions) {
    this.#options = options;
    this.#state = initialSilence(options.clock.now());
  }

  /** Whether no node is known in this way. */
  get isEmpty(): boolean {
    return this.#table.size === 0;
  }

  take(node: string, announcement: Announcement): void {
    if (this.#isClosed) return;
    this.#apply({ type: 'announced', node, announcement });
    if (this.#timer === undefined) this.#checkLater(initialSilence(this.#options.clock.now()));
  }

  connectionChanged(isConnected: boolean): void {
    const step = decideConnection(this.#state, isConnected, this.#options.clock.now());
    this.#state = step.state;
    for (const evidence of step.evidence) this.#apply(evidence);
  }

  members(): readonly KnownMember[] {
    return [...this.#table.values()].map(knownMember);
  }

  member(node: string): KnownMember | undefined {
    const member = this.#table.get(node);
    return member === undefined ? undefined : knownMember(member);
  }

  forget(node: string, incarnation: number): void {
    if ((this.#table.get(node)?.incarnation ?? Number.POSITIVE_INFINITY) <= incarnation)
      this.#apply({ type: 'forgotten', nodes: [node] });
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #checkLater(state: SilenceState): void {
    this.#state = state;
    this.#timer = this.#options.clock.setTimer(announcing.checkMs, () => this.#check());
  }

  #check(): void {
    const { clock, node } = this.#options;
    this.#timer = undefined;
    const { state, evidence } = decideCheck(this.#state, this.#table, node, clock.now());
    for (const piece of evidence) {
      if (piece.type === 'silent') void this.#confirmSilence();
      else this.#apply(piece);
    }
    if (!this.isEmpty) this.#checkLater(state);
  }

  /** A server that stands still makes everybody silent: the silence counts only if the server answers at once. */
  async #confirmSilence(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { clock, transport, node } = this.#options;
    const isCarried = await transport.flush({ timeoutMs: carriedMs }).then(
      () => true,
      () => false,
    );
    this.#isAsking = false;
    if (this.#isClosed) return;
    if (!isCarried) return this.#apply({ type: 'reconnected' });
    for (const piece of decideCheck(this.#state, this.#table, node, clock.now()).evidence)
      if (piece.type === 'silent') this.#apply(piece);
  }

  #apply(evidence: Evidence): void {
    const { table, changed } = applyEvidence(this.#table, evidence, this.#options.clock.now());
    this.#table = table;
    for (const member of changed) this.#options.onChange(knownMember(member));
  }
}

function knownMember(member: Member): KnownMember {
  const { node, incarnation, state, announcedMs, lagMs, pid, roles, rival, metadata } = member;
  return {
    node,
    incarnation,
    facts: { pid, roles, metadata },
    state,
    isSuspect: false,
    lagMs,
    isStalled: false,
    heardAtMs: announcedMs,
    ...(rival === undefined ? {} : { rival: { pid: rival.pid, heardAtMs: rival.announcedMs } }),
  };
}
