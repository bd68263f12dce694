import type { KnownMember } from './failure-detector.ts';
import { decodeFacts, type MemberFacts } from './member-facts.ts';
import type { SwimMember } from './swim/member-list.ts';
import type { SwimState } from './swim/swim-state.ts';

/** What is shown of a member: its newest version of which the metadata has arrived. */
interface Shown {
  readonly incarnation: number;
  readonly facts: MemberFacts;
  readonly metadataVersion: number;
  state: KnownMember['state'];
  isSuspect: boolean;
  isStalled: boolean;
  lagMs: number;
  heardAtMs: number;
}

/**
 * The members of SWIM as the rest of the program sees them. A member appears, and its next incarnation replaces the
 * last one, when its metadata has arrived: its roles are known then.
 */
export class SwimTable {
  readonly #swim: SwimState;
  readonly #shown = new Map<string, Shown>();
  readonly #rivals = new Map<string, { readonly pid: number; readonly heardAtMs: number }>();

  constructor(swim: SwimState) {
    this.#swim = swim;
  }

  /** Takes the change of a member. Returns what is shown of it now; undefined where nothing changes. */
  changed(member: SwimMember): KnownMember | undefined {
    const shown = this.#shown.get(member.node);
    const next = this.#next(member, shown);
    if (next === undefined) return undefined;
    this.#shown.set(member.node, next);
    const isSame =
      shown !== undefined &&
      shown.incarnation === next.incarnation &&
      shown.metadataVersion === next.metadataVersion &&
      shown.state === next.state &&
      shown.isSuspect === next.isSuspect &&
      shown.isStalled === next.isStalled;
    return isSame ? undefined : this.#known(member.node, next);
  }

  members(): readonly KnownMember[] {
    return [...this.#shown].map(([node, shown]) => this.#known(node, shown));
  }

  member(node: string): KnownMember | undefined {
    const shown = this.#shown.get(node);
    return shown === undefined ? undefined : this.#known(node, shown);
  }

  forget(node: string, incarnation: number): void {
    if ((this.#shown.get(node)?.incarnation ?? Number.POSITIVE_INFINITY) > incarnation) return;
    this.#shown.delete(node);
    this.#rivals.delete(node);
  }

  /** A process in an older incarnation of a known member still sends messages. */
  noteRival(node: string, pid: number, nowMs: number): void {
    if (this.#shown.has(node)) this.#rivals.set(node, { pid, heardAtMs: nowMs });
  }

  #next(member: SwimMember, shown: Shown | undefined): Shown | undefined {
    const { incarnation, metadataVersion, status, lagMs, receivedAtMs } = member;
    const isKnown = shown?.incarnation === incarnation && shown.metadataVersion === metadataVersion;
    const facts = isKnown ? shown.facts : decodeFacts(member.metadata);
    if (metadataVersion === 0 || facts === undefined) return undefined;
    return {
      incarnation,
      facts,
      metadataVersion,
      state: status === 'suspect' ? 'alive' : status,
      isSuspect: status === 'suspect',
      isStalled: lagMs >= this.#swim.config.stalledLagMs,
      lagMs,
      heardAtMs: receivedAtMs,
    };
  }

  #known(node: string, shown: Shown): KnownMember {
    const live = this.#swim.members.get(node);
    // The age and the lag change without an event.
    if (live?.incarnation === shown.incarnation) {
      shown.lagMs = live.lagMs;
      shown.heardAtMs = live.receivedAtMs;
    }
    const { incarnation, facts, state, isSuspect, isStalled, lagMs, heardAtMs } = shown;
    const rival = this.#rivals.get(node);
    return {
      node,
      incarnation,
      facts,
      state,
      isSuspect,
      isStalled,
      lagMs,
      heardAtMs,
      ...(rival === undefined ? {} : { rival }),
    };
  }
}
