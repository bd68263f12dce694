import { replaces, type SwimMember, type SwimStatus } from './member-list.ts';
import { broadcast, sendRumour } from './sending.ts';
import { confirm, createSuspicion, expectEnd } from './suspicion.ts';
import { suspicionBounds } from './swim-config.ts';
import { compareVersions, type Rumour, type SelfClaim } from './swim-message.ts';
import { changeHealth, clusterSize, markUp, type SwimEffect, type SwimState } from './swim-state.ts';

/** Most members that wait to be asked about themselves. */
const maxContacts = 4_096;

/** Applies a member's statement about itself. Returns false for a statement of an incarnation that has ended. */
export function takeSelfClaim(
  state: SwimState,
  out: SwimEffect[],
  node: string,
  claim: SelfClaim,
  nowMs: number,
): boolean {
  const known = state.members.get(node);
  if (known === undefined) return addMember(state, out, node, claim, nowMs);
  if (claim.incarnation < known.incarnation) return false;
  if (claim.incarnation === known.incarnation && known.status === 'left') return false;
  const isNewer = compareVersions(claim, known) > 0;
  known.receivedAtMs = nowMs;
  if (claim.incarnation > known.incarnation) {
    known.metadataVersion = 0;
    known.metadata = new Uint8Array(0);
  }
  const wasStalled = known.lagMs >= state.config.stalledLagMs;
  known.lagMs = claim.lagMs;
  const hasMetadata = takeMetadata(state, known, claim);
  if (isNewer) {
    const isOther = claim.incarnation > known.incarnation;
    known.incarnation = claim.incarnation;
    known.refutation = claim.refutation;
    if (known.status !== 'alive' || isOther) return setStatus(state, out, known, 'alive', nowMs);
  } else if (known.status === 'unreachable') {
    // The member lives and does not know that it is called unreachable: the ping tells it. Not at once: its answer
    // would bring the next ping, for as long as it does not refute.
    askSoon(state, node);
  }
  if (hasMetadata || wasStalled !== known.lagMs >= state.config.stalledLagMs)
    out.push({ kind: 'changed', member: known, was: known.status });
  return true;
}

/** Applies the statement of `from` about another member, or about this node. */
export function takeRumour(
  state: SwimState,
  out: SwimEffect[],
  from: string,
  rumour: Rumour,
  nowMs: number,
): void {
  if (rumour.node === state.node) return answerAccusation(state, out, from, rumour);
  const known = state.members.get(rumour.node);
  const order = known === undefined ? 1 : compareVersions(rumour, known);
  if (known === undefined || order > 0) {
    // Only the member itself can confirm a newer version. Of one that has left there is nothing to ask.
    if (rumour.status !== 'left') askSoon(state, rumour.node, rumour.status === 'alive' ? undefined : rumour);
    return;
  }
  if (order < 0) return;
  if (rumour.status === 'suspect') suspect(state, out, known, rumour.accuser, nowMs);
  else if (rumour.status === 'unreachable' && replaces(rumour, known)) {
    // Should it live, it learns of this at once and refutes it.
    askSoon(state, known.node);
    setStatus(state, out, known, 'unreachable', nowMs, rumour.accuser);
  } else if (rumour.status === 'left' && isSilent(state, known, nowMs))
    setStatus(state, out, known, 'left', nowMs);
}

/**
 * Whether others may say that the member has left. A reachable member announces its own leave. One that others call
 * unreachable gets as long as a suspicion to refute that: otherwise one member could end any other one by two lies.
 */
function isSilent(state: SwimState, member: SwimMember, nowMs: number): boolean {
  const { minMs } = suspicionBounds(state.config, clusterSize(state));
  return member.status === 'unreachable' && nowMs - member.statusSinceMs >= minMs;
}

/** Tells the sender of a message that a later incarnation of its node is known here, and that it is ignored. */
export function tellOutdated(state: SwimState, out: SwimEffect[], from: string, claim: SelfClaim): void {
  const known = state.members.get(from);
  if (known === undefined || claim.incarnation >= known.incarnation) return;
  const { incarnation, refutation, status } = known;
  sendRumour(state, out, from, { node: from, incarnation, refutation, status, accuser: state.node });
}

/** Schedules a ping, so that the member states its own version. `rumour` is applied if the member does not answer. */
export function askSoon(state: SwimState, node: string, rumour?: Rumour): void {
  if (state.contacts.size < maxContacts || state.contacts.has(node))
    state.contacts.set(node, rumour ?? state.contacts.get(node));
}

/** Starts a suspicion, or confirms the one under way. */
export function suspect(
  state: SwimState,
  out: SwimEffect[],
  member: SwimMember,
  accuser: string,
  nowMs: number,
): void {
  if (member.suspicion !== undefined) {
    if (!confirm(member.suspicion, accuser)) return;
    expectEnd(state, member.suspicion);
    spread(state, member, accuser);
    return;
  }
  if (member.status !== 'alive') return;
  member.suspicion = createSuspicion(accuser, suspicionBounds(state.config, clusterSize(state)), nowMs);
  state.suspects.add(member.node);
  expectEnd(state, member.suspicion);
  setStatus(state, out, member, 'suspect', nowMs, accuser);
}

/** Changes the status, tells the shell and spreads the news. Always true. */
export function setStatus(
  state: SwimState,
  out: SwimEffect[],
  member: SwimMember,
  status: SwimStatus,
  nowMs: number,
  accuser: string = state.node,
): true {
  const was = member.status;
  markUp(state, member.node, isUp(status));
  member.status = status;
  member.statusSinceMs = nowMs;
  if (status !== 'suspect') {
    member.suspicion = undefined;
    state.suspects.delete(member.node);
  }
  // A member announces by itself that it lives.
  if (status === 'alive') state.rumours.forget(member.node);
  else spread(state, member, accuser);
  out.push({ kind: 'changed', member, was });
  return true;
}

function addMember(
  state: SwimState,
  out: SwimEffect[],
  node: string,
  claim: SelfClaim,
  nowMs: number,
): boolean {
  if (state.members.size >= state.config.maxMembers) return false;
  const member: SwimMember = {
    node,
    incarnation: claim.incarnation,
    refutation: claim.refutation,
    metadataVersion: 0,
    metadata: new Uint8Array(0),
    status: 'alive',
    statusSinceMs: nowMs,
    receivedAtMs: nowMs,
    lagMs: claim.lagMs,
    suspicion: undefined,
  };
  state.members.set(node, member);
  markUp(state, node, true);
  takeMetadata(state, member, claim);
  // Into the round that is under way, at a random place.
  state.round.splice(Math.floor(state.random.next() * (state.round.length + 1)), 0, node);
  out.push({ kind: 'changed', member, was: undefined });
  return true;
}

/** True when there is something new. */
function takeMetadata(state: SwimState, member: SwimMember, claim: SelfClaim): boolean {
  if (claim.metadataVersion <= member.metadataVersion) return false;
  if (claim.metadata === undefined) {
    askSoon(state, member.node);
    return false;
  }
  member.metadataVersion = claim.metadataVersion;
  member.metadata = claim.metadata;
  return true;
}

/** Refutes an accusation of the present version: raises the own refutation number and broadcasts it. */
function answerAccusation(state: SwimState, out: SwimEffect[], from: string, rumour: Rumour): void {
  const { self } = state;
  if (rumour.incarnation > self.incarnation) return noteOutdated(state, out, from, rumour.incarnation);
  if (state.hasEnded || rumour.status === 'alive' || compareVersions(rumour, self) !== 0) return;
  self.refutation += 1;
  changeHealth(state, 1);
  broadcast(state, out, { kind: 'announce', isJoining: false });
}

/** A member knows a later incarnation of this node. One member alone may be wrong, so the witnesses are counted. */
function noteOutdated(state: SwimState, out: SwimEffect[], from: string, incarnation: number): void {
  if (!isUp(state.members.get(from)?.status ?? 'left')) return;
  state.outdatedBy.set(from, incarnation);
  const others = clusterSize(state) - 1;
  out.push({ kind: 'outdated', incarnation, witnesses: state.outdatedBy.size, others });
}

function isUp(status: SwimStatus): boolean {
  return status === 'alive' || status === 'suspect';
}

function spread(state: SwimState, member: SwimMember, accuser: string): void {
  const { node, incarnation, refutation, status } = member;
  state.rumours.add({ node, incarnation, refutation, status, accuser });
}
