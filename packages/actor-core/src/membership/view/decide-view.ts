import type { MemberEvidence } from '../presence.ts';
import {
  addSighting,
  beginInquiry,
  type Inquiry,
  inquiryTiming,
  judgeInquiry,
  maxWitnesses,
  type Sighting,
} from './inquiry.ts';
import {
  applyChanges,
  endedIncarnation,
  isTakingPart,
  memberOf,
  type View,
  type ViewChanges,
  type ViewMember,
  type ViewMemberState,
} from './view.ts';

/** Rules of the control leader, milliseconds. */
export const viewRules: { readonly unheardMs: number; readonly keepEndedMs: number } = {
  /** A member that a new leader has never heard is inquired about after this time. */
  unheardMs: 5_000,
  /** How long a member that has ended is listed. Its incarnation is remembered longer. */
  keepEndedMs: 10 * 60_000,
};

/** Most members. A further node is not admitted until another one was removed. */
const maxMembers = 4_096;

/** What the control leader knows in one tenure. */
export interface ViewState {
  readonly self: string;
  /** Fencing token of the tenure. */
  readonly fence: number;
  readonly begunAtMs: number;
  /** The newest view that was written. */
  readonly view: View;
  /** The view that is being written. */
  readonly pending: { readonly view: View; readonly changes: ViewChanges } | undefined;
  /** Whether the log holds a view of this tenure. If not, one is written even if nothing has changed. */
  readonly hasWritten: boolean;
  /** Members that the leader cannot reach. */
  readonly suspects: ReadonlyMap<string, Suspect>;
  /** Since when this leader knows that a member has ended. */
  readonly endedAtMs: ReadonlyMap<string, number>;
  /** States that were asked for and are not written yet. */
  readonly wishes: ReadonlyMap<string, Wish>;
}

interface Suspect {
  readonly incarnation: number;
  readonly sinceMs: number;
  readonly inquiry: Inquiry | undefined;
  /** No inquiry before this instant. */
  readonly againAtMs: number;
  readonly isDead: boolean;
}

interface Wish {
  readonly incarnation: number;
  readonly state: ViewMemberState;
  readonly tokens: readonly number[];
}

/** What a person or a node may ask the control leader for. */
export type ViewRequest = {
  /**
   * - `drain`: give away everything, then leave
   * - `leave`: leave now; a node that is unreachable is declared dead
   */
  readonly action: 'drain' | 'leave';
  readonly node: string;
};

export type ViewEvent =
  | { readonly type: 'tick' }
  /** The pending view was accepted by the log. */
  | { readonly type: 'written' }
  /** The log may have lost the view that was written. */
  | { readonly type: 'log-lost' }
  | {
      readonly type: 'sighting';
      readonly about: string;
      readonly incarnation: number;
      readonly from: string;
      readonly sighting: Sighting;
    }
  | { readonly type: 'request'; readonly token: number; readonly request: ViewRequest };

export type ViewEffect =
  | { readonly type: 'write'; readonly view: View; readonly changes: ViewChanges }
  | {
      readonly type: 'inquire';
      readonly about: string;
      readonly incarnation: number;
      readonly witnesses: readonly string[];
    }
  | { readonly type: 'answer'; readonly token: number; readonly answer: ViewRequestAnswer }
  | { readonly type: 'declared-dead'; readonly member: ViewMember; readonly evidence: string };

/** Answer of the control leader: the number of the view that has the state, or why there is none. */
export type ViewRequestAnswer =
  | { readonly ok: true; readonly epoch: number; readonly state: ViewMemberState }
  | { readonly ok: false; readonly code: 'unknown-node' | 'already-ended' };

/** Facts from outside at the moment of the decision. */
export interface ViewFacts {
  readonly members: readonly MemberEvidence[];
  readonly nowMs: number;
  /** A number from 0 to below 1. */
  readonly random: number;
}

/** The facts, with what each suspect is judged by, so that a decision takes as long as there are members. */
interface Evidence extends ViewFacts {
  readonly byNode: ReadonlyMap<string, MemberEvidence>;
}

export interface ViewStep {
  readonly state: ViewState;
  readonly effects: readonly ViewEffect[];
}

/** A tenure begins with the newest view in the log. */
export function beginView(self: string, fence: number, view: View, nowMs: number): ViewState {
  const endedAtMs = new Map(
    view.members.filter((member) => !isTakingPart(member)).map(({ id }) => [id, nowMs]),
  );
  return {
    self,
    fence,
    begunAtMs: nowMs,
    view,
    pending: undefined,
    hasWritten: false,
    suspects: new Map(),
    endedAtMs,
    wishes: new Map(),
  };
}

/**
 * The next view, and what to find out for it. One view is written at a time; what changes meanwhile goes into the one
 * after it.
 */
export function decideView(state: ViewState, event: ViewEvent, given: ViewFacts): ViewStep {
  const facts: Evidence = { ...given, byNode: new Map(given.members.map((one) => [one.node, one])) };
  const effects: ViewEffect[] = [];
  let next = state;
  if (event.type === 'log-lost') next = { ...state, hasWritten: false };
  else if (event.type === 'written') next = takeWritten(next, facts.nowMs, effects);
  else if (event.type === 'request') next = takeRequest(next, event.token, event.request, facts, effects);
  else if (event.type === 'sighting') next = takeSighting(next, event, facts.nowMs);
  next = { ...next, suspects: suspectsOf(next, facts, effects) };
  return { state: propose(next, facts, effects), effects };
}

function takeWritten(state: ViewState, nowMs: number, effects: ViewEffect[]): ViewState {
  const { pending } = state;
  if (pending === undefined) return state;
  const { view, changes } = pending;
  const endedAtMs = new Map(state.endedAtMs);
  for (const member of changes.set)
    if (isTakingPart(member)) endedAtMs.delete(member.id);
    else endedAtMs.set(member.id, nowMs);
  for (const id of changes.removed) endedAtMs.delete(id);
  const wishes = new Map(state.wishes);
  for (const [id, { state: wanted, incarnation, tokens }] of state.wishes) {
    const member = memberOf(view, id);
    const isOver = member === undefined || member.incarnation !== incarnation || !isTakingPart(member);
    if (!isOver && member.state !== wanted) continue;
    wishes.delete(id);
    for (const token of tokens)
      effects.push({
        type: 'answer',
        token,
        answer: { ok: true, epoch: view.epoch, state: member?.state ?? 'left' },
      });
  }
  return { ...state, view, pending: undefined, hasWritten: true, endedAtMs, wishes };
}

function takeRequest(
  state: ViewState,
  token: number,
  { action, node }: ViewRequest,
  { byNode }: Evidence,
  effects: ViewEffect[],
): ViewState {
  const { view } = state.pending ?? state;
  const member = memberOf(view, node);
  const answer = (given: ViewRequestAnswer): ViewState => {
    effects.push({ type: 'answer', token, answer: given });
    return state;
  };
  if (member === undefined) return answer({ ok: false, code: 'unknown-node' });
  if (!isTakingPart(member)) return answer({ ok: false, code: 'already-ended' });
  const evidence = byNode.get(node);
  const isThere = evidence?.state === 'alive' && evidence.incarnation === member.incarnation;
  const wanted = wantedState(action, isThere);
  if (member.state === wanted && state.pending === undefined)
    return answer({ ok: true, epoch: view.epoch, state: wanted });
  const tokens = [...(state.wishes.get(node)?.tokens ?? []), token];
  const wish: Wish = { incarnation: member.incarnation, state: wanted, tokens };
  return { ...state, wishes: new Map(state.wishes).set(node, wish) };
}

/** A person who asks an unreachable node to leave takes the place of the witness. */
function wantedState(action: ViewRequest['action'], isThere: boolean): ViewMemberState {
  if (action === 'drain') return 'draining';
  return isThere ? 'leaving' : 'dead';
}

function takeSighting(
  state: ViewState,
  { about, incarnation, from, sighting }: Extract<ViewEvent, { type: 'sighting' }>,
  nowMs: number,
): ViewState {
  const suspect = state.suspects.get(about);
  if (suspect?.inquiry === undefined || suspect.incarnation !== incarnation) return state;
  const inquiry = addSighting(suspect.inquiry, from, sighting, nowMs);
  return { ...state, suspects: new Map(state.suspects).set(about, { ...suspect, inquiry }) };
}

/** The members that the leader cannot reach, with the inquiries about them. */
function suspectsOf(state: ViewState, facts: Evidence, effects: ViewEffect[]): ReadonlyMap<string, Suspect> {
  const suspects = new Map<string, Suspect>();
  for (const member of state.view.members) {
    if (member.id === state.self || !isTakingPart(member) || !isUnreachable(state, member, facts)) continue;
    const known = state.suspects.get(member.id);
    const suspect: Suspect =
      known?.incarnation === member.incarnation
        ? known
        : {
            incarnation: member.incarnation,
            sinceMs: facts.nowMs,
            inquiry: undefined,
            againAtMs: 0,
            isDead: false,
          };
    suspects.set(member.id, suspect);
  }
  if (suspects.size === 0) return suspects;
  const witnesses = pickWitnesses(state, suspects, facts);
  for (const [id, suspect] of suspects)
    suspects.set(id, advance(state, id, suspect, witnesses, facts, effects));
  return suspects;
}

function isUnreachable(state: ViewState, { id, incarnation }: ViewMember, facts: Evidence): boolean {
  const evidence = facts.byNode.get(id);
  // This incarnation was known to an earlier leader, and has not been heard since.
  if (evidence === undefined || evidence.incarnation < incarnation)
    return facts.nowMs - state.begunAtMs >= viewRules.unheardMs;
  // A newer incarnation replaces this one without an inquiry.
  return evidence.state === 'unreachable' && evidence.incarnation === incarnation;
}

/** Next step of the inquiry about one suspect. */
function advance(
  state: ViewState,
  id: string,
  suspect: Suspect,
  witnesses: readonly string[],
  facts: ViewFacts,
  effects: ViewEffect[],
): Suspect {
  if (suspect.isDead) return suspect;
  const { nowMs } = facts;
  const { inquiry } = suspect;
  if (inquiry === undefined) {
    const mustWait =
      witnesses.length === 0 && isAlone(state, id) && nowMs - suspect.sinceMs < inquiryTiming.aloneMs;
    if (mustWait || nowMs < suspect.againAtMs) return suspect;
    effects.push({ type: 'inquire', about: id, incarnation: suspect.incarnation, witnesses });
    return { ...suspect, inquiry: beginInquiry(witnesses, nowMs) };
  }
  const judgement = judgeInquiry(inquiry, state.self, nowMs);
  if (judgement === 'wait') return suspect;
  if (judgement !== 'dead')
    return { ...suspect, inquiry: undefined, againAtMs: nowMs + inquiryTiming.againMs };
  const member = memberOf(state.view, id);
  if (member !== undefined) effects.push({ type: 'declared-dead', member, evidence: evidenceText(inquiry) });
  return { ...suspect, isDead: true };
}

/** Up to three live members other than the leader and the suspects, from one that the random number picks. */
function pickWitnesses(
  state: ViewState,
  suspects: ReadonlyMap<string, Suspect>,
  { byNode, random }: Evidence,
): string[] {
  const live = state.view.members.filter(
    (member) =>
      member.id !== state.self &&
      isTakingPart(member) &&
      !suspects.has(member.id) &&
      byNode.get(member.id)?.state === 'alive',
  );
  const first = Math.floor(random * live.length);
  return [...live.slice(first), ...live.slice(0, first)].slice(0, maxWitnesses).map(({ id }) => id);
}

/** Whether there are other members, which the leader reaches none of. */
function isAlone(state: ViewState, about: string): boolean {
  return state.view.members.some(
    (member) => member.id !== state.self && member.id !== about && isTakingPart(member),
  );
}

function evidenceText({ answers }: Inquiry): string {
  return [...answers].map(([from, sighting]) => `${from}: ${sighting}`).join(', ');
}

/** Writes the next view if anything has changed and none is being written. */
function propose(state: ViewState, facts: ViewFacts, effects: ViewEffect[]): ViewState {
  if (state.pending !== undefined) return state;
  const changes = changesOf(state, facts);
  if (state.hasWritten && changes.set.length === 0 && changes.removed.length === 0) return state;
  const view = applyChanges(state.view, changes, state.fence);
  effects.push({ type: 'write', view, changes });
  return { ...state, pending: { view, changes } };
}

function changesOf(state: ViewState, facts: ViewFacts): ViewChanges {
  const { view } = state;
  const set = new Map<string, ViewMember>();
  let size = view.members.length;
  for (const evidence of facts.members) {
    const known = memberOf(view, evidence.node);
    if (known === undefined && size >= maxMembers) continue;
    const member = admitted(view, known, evidence);
    if (member === undefined) continue;
    if (known === undefined) size++;
    set.set(member.id, member);
  }
  for (const member of view.members) {
    if (!isTakingPart(member) || (set.get(member.id)?.incarnation ?? 0) > member.incarnation) continue;
    const changed = endedOrWished(state, set.get(member.id) ?? member);
    if (changed.state !== member.state) set.set(member.id, changed);
  }
  const removed = view.members
    .filter((member) => !isTakingPart(member) && !set.has(member.id))
    .filter(({ id }) => facts.nowMs - (state.endedAtMs.get(id) ?? facts.nowMs) >= viewRules.keepEndedMs)
    .map(({ id }) => id);
  return { set: [...set.values()], removed };
}

/** The member as its own announcement changes it; undefined without a change. */
function admitted(
  view: View,
  known: ViewMember | undefined,
  { node: id, incarnation, state, roles, metadata }: MemberEvidence,
): ViewMember | undefined {
  // A node of release 0.3.0 reads no view, so presence judges it.
  if (metadata === undefined) return undefined;
  const isPresent = known !== undefined && isTakingPart(known) && known.incarnation === incarnation;
  if (state === 'left') return isPresent ? { ...known, state: 'left' } : undefined;
  if (state !== 'alive') return undefined;
  if (isPresent) {
    const isSame =
      known.roles.join() === roles.join() &&
      (known.metadata === metadata || JSON.stringify(known.metadata) === JSON.stringify(metadata));
    return isSame ? undefined : { ...known, roles, metadata };
  }
  const newest = Math.max(endedIncarnation(view, id), known?.incarnation ?? 0);
  return incarnation > newest ? { id, incarnation, state: 'up', roles, metadata } : undefined;
}

function endedOrWished({ suspects, wishes }: ViewState, member: ViewMember): ViewMember {
  const suspect = suspects.get(member.id);
  if (!isTakingPart(member)) return member;
  if (suspect?.isDead === true && suspect.incarnation === member.incarnation)
    return { ...member, state: 'dead' };
  const wish = wishes.get(member.id);
  return wish?.incarnation === member.incarnation ? { ...member, state: wish.state } : member;
}
