/**
 * The failure detector of one node: SWIM with Lifeguard, as a pure core. A shell sends what it asks for and wakes it.
 *
 * It produces evidence only. *Unreachable* does not mean dead: the view decides that.
 *
 * ```
 *            probe lost, or a suspicion of another member
 *   alive ────────────────────────────────▶ suspect ──── not refuted in time ───▶ unreachable
 *     ▲                                        │                                       │
 *     └──── refuted (a higher number of its own), or a newer incarnation ──────────────┘
 *   any ──── says that it leaves ──▶ left
 * ```
 *
 * Differences from SWIM over UDP, because every message crosses NATS (docs/decisions/0026):
 * - A node that does not receive its own echo does not judge others: suspicions stand still meanwhile.
 * - NATS reports at once that a subject has no subscriber. Two such refusals, 250 ms apart, replace the suspicion.
 * - A second thread of each process, the pulse, answers while the main loop is blocked: such a member is *stalled*.
 * - A member's record is changed by messages of that member alone; others spread suspicions and hints.
 * - A broadcast costs one publish, so that refutations and joins reach everybody at once; anti-entropy repairs losses.
 *
 * Sources: Das et al., "SWIM", 2002; Dadgar et al., "Lifeguard", arXiv 1707.00788; hashicorp/memberlist `state.go`.
 */
import { contactLost, digestWithSelf, synchronise, takeDigest } from './anti-entropy.ts';
import { askSoon, setStatus, suspect, takeRumour, takeSelfClaim, tellOutdated } from './claims.ts';
import { connected, disconnected, moveDeadlines, pauseUntilEcho, sendEcho, thaw } from './hearing.ts';
import { hashOf, type SwimMember } from './member-list.ts';
import { forgetRefusals, knock, refused } from './knocking.ts';
import { acknowledged, advanceProbe, noted } from './probing.ts';
import { takePulse } from './pulse-evidence.ts';
import { broadcast, ping, send } from './sending.ts';
import { expectEnd, expiresAtMs } from './suspicion.ts';
import type { SwimEnvelope } from './swim-message.ts';
import {
  changeHealth,
  clusterSize,
  markUp,
  pickMembers,
  type SwimEffect,
  type SwimEvent,
  type SwimState,
} from './swim-state.ts';

/** Members asked about themselves in one gossip interval. */
const contactsPerGossip = 32;
/** Members that answer a newcomer with their list, on average. */
const greeters = 3;
/** Share of the probe timeout after which a helper reports that the target is silent: before the asker gives up. */
const nackShare = 0.8;
/** Half of the time over which the lag of the own wake-ups is remembered. */
const lagWindowMs = 1_000;
/** Most pings under way on behalf of others. */
const maxRelays = 256;

/** Takes one event in and returns what to do. Changes `state` in place. */
export function decideSwim(state: SwimState, event: SwimEvent, nowMs: number): readonly SwimEffect[] {
  const out: SwimEffect[] = [];
  if (state.hasEnded) return out;
  switch (event.kind) {
    case 'tick':
      tick(state, out, nowMs);
      break;
    case 'received':
      receive(state, out, event.from, event.envelope, nowMs);
      break;
    case 'pulse':
      if (state.frozenSinceMs === undefined)
        takePulse(state, out, event.from, event.sequence, event.answer, nowMs);
      break;
    case 'refused':
      if (state.frozenSinceMs === undefined) refused(state, out, event.to, event.sequence, nowMs);
      break;
    case 'connection':
      if (event.connected) connected(state, out, nowMs);
      else disconnected(state, nowMs);
      break;
    case 'metadata':
      state.self.metadata = event.metadata;
      state.self.metadataVersion += 1;
      broadcast(state, out, { kind: 'announce', isJoining: false });
      break;
    case 'poll':
      for (const node of state.up) askSoon(state, node);
      state.gossipAtMs = nowMs;
      break;
    case 'forget':
      forget(state, event.node, event.incarnation);
      break;
    case 'leave':
      broadcast(state, out, { kind: 'leave' });
      state.hasEnded = true;
      break;
  }
  return out;
}

/** Announces this node to everybody; the first thing that the shell does. */
export function announceSwim(state: SwimState): readonly SwimEffect[] {
  const out: SwimEffect[] = [];
  broadcast(state, out, { kind: 'announce', isJoining: true });
  return out;
}

/** When the next `tick` is due. */
export function wakeAtMs(state: SwimState): number {
  if (state.hasEnded) return Number.POSITIVE_INFINITY;
  // Nothing is judged meanwhile; only the echo matters.
  if (state.frozenSinceMs !== undefined) return state.echoAtMs;
  let at = Math.min(state.gossipAtMs, state.syncAtMs, state.echoAtMs, state.knockAtMs);
  const { probe } = state;
  if (probe === undefined) at = Math.min(at, state.probeAtMs);
  else at = Math.min(at, probe.indirectAtMs ?? probe.endAtMs, probe.endAtMs);
  at = Math.min(at, state.suspicionAtMs);
  for (const { untilMs } of state.relays.values()) at = Math.min(at, untilMs);
  return at;
}

function tick(state: SwimState, out: SwimEffect[], nowMs: number): void {
  const lateMs = nowMs - wakeAtMs(state);
  noteLag(state, lateMs, nowMs);
  if (lateMs >= state.config.ownStallMs) {
    // What the others sent meanwhile is still unread.
    moveDeadlines(state, lateMs);
    changeHealth(state, 1);
  }
  sendEcho(state, out, nowMs);
  if (state.frozenSinceMs !== undefined) return pauseUntilEcho(state, nowMs);
  if (nowMs >= state.knockAtMs) knock(state, out, nowMs);
  advanceProbe(state, out, nowMs);
  expireSuspicions(state, out, nowMs);
  expireRelays(state, out, nowMs);
  expireChecks(state, out, nowMs);
  if (nowMs >= state.gossipAtMs) gossip(state, out, nowMs);
  if (nowMs >= state.syncAtMs) synchronise(state, out, nowMs);
}

/** The lag that this node reports: the largest lateness of its own wake-ups in the last one to two seconds. */
function noteLag({ lag, self }: SwimState, lateMs: number, nowMs: number): void {
  if (nowMs - lag.sinceMs >= lagWindowMs) {
    lag.lastMs = nowMs - lag.sinceMs >= 2 * lagWindowMs ? 0 : lag.worstMs;
    lag.worstMs = 0;
    lag.sinceMs = nowMs;
  }
  lag.worstMs = Math.max(lag.worstMs, Math.round(lateMs));
  self.lagMs = Math.max(lag.worstMs, lag.lastMs);
}

function receive(
  state: SwimState,
  out: SwimEffect[],
  from: string,
  envelope: SwimEnvelope,
  nowMs: number,
): void {
  const { self, rumours, message } = envelope;
  if (from === state.node) return receiveOwn(state, out, envelope, nowMs);
  if (!takeSelfClaim(state, out, from, self, nowMs)) {
    // A process that nobody listens to any more must learn of it.
    if (message.kind === 'ping' || message.kind === 'announce') tellOutdated(state, out, from, self);
    return;
  }
  forgetRefusals(state, from);
  state.checks.delete(from);
  for (const rumour of rumours) takeRumour(state, out, from, rumour, nowMs);
  switch (message.kind) {
    case 'ping':
      return send(state, out, from, { kind: 'ack', sequence: message.sequence }, message.metadataVersion);
    case 'ack':
      return receiveAck(state, out, from, message.sequence);
    case 'ping-request':
      return relay(state, out, from, message.sequence, message.target, nowMs);
    case 'relayed-ack':
      return acknowledged(state, message.sequence, message.target);
    case 'nack':
      return noted(state, message.sequence, message.target);
    case 'sync':
      if (message.hash !== hashOf(digestWithSelf(state)))
        send(state, out, from, { kind: 'digest', entries: digestWithSelf(state), isReply: false });
      return;
    case 'digest':
      return takeDigest(state, out, from, message.entries, message.isReply, nowMs);
    case 'announce':
      if (message.isJoining && state.random.next() < greeters / clusterSize(state))
        send(state, out, from, { kind: 'digest', entries: digestWithSelf(state), isReply: false }, 0);
      return;
    case 'leave': {
      const member = state.members.get(from);
      if (member !== undefined) setStatus(state, out, member, 'left', nowMs);
      return;
    }
  }
}

/** A message under this node's own id: its echo, or another process with the same id. */
function receiveOwn(
  state: SwimState,
  out: SwimEffect[],
  { self, message }: SwimEnvelope,
  nowMs: number,
): void {
  if (self.incarnation > state.self.incarnation) {
    out.push({ kind: 'replaced', incarnation: self.incarnation, metadata: self.metadata });
    state.hasEnded = true;
    return;
  }
  if (message.kind !== 'echo' || self.incarnation < state.self.incarnation) return;
  state.echoedSentAtMs = Math.max(state.echoedSentAtMs, message.sentAtMs);
  if (state.echoPendingSinceMs !== undefined && message.sentAtMs >= state.echoPendingSinceMs)
    state.echoPendingSinceMs = undefined;
  if (state.connected) thaw(state, out, nowMs);
}

function receiveAck(state: SwimState, out: SwimEffect[], from: string, sequence: number): void {
  const asked = state.relays.get(sequence);
  if (asked?.target === from) {
    state.relays.delete(sequence);
    send(state, out, asked.asker, { kind: 'relayed-ack', sequence: asked.askerSequence, target: from });
  }
  acknowledged(state, sequence, from);
}

function relay(
  state: SwimState,
  out: SwimEffect[],
  asker: string,
  askerSequence: number,
  target: string,
  nowMs: number,
): void {
  if (state.relays.size >= maxRelays) return;
  const sequence = ping(state, out, target);
  const untilMs = nowMs + nackShare * state.config.probeTimeoutMs;
  state.relays.set(sequence, { asker, askerSequence, target, untilMs });
}

function expireRelays(state: SwimState, out: SwimEffect[], nowMs: number): void {
  for (const [sequence, { asker, askerSequence, target, untilMs }] of state.relays) {
    if (untilMs > nowMs) continue;
    state.relays.delete(sequence);
    send(state, out, asker, { kind: 'nack', sequence: askerSequence, target });
  }
}

function expireSuspicions(state: SwimState, out: SwimEffect[], nowMs: number): void {
  state.suspicionAtMs = Number.POSITIVE_INFINITY;
  for (const node of state.suspects) {
    const member = state.members.get(node);
    if (member?.suspicion === undefined) continue;
    if (nowMs < expiresAtMs(member.suspicion)) {
      askPulse(state, out, member, nowMs);
      if (member.suspicion !== undefined) expectEnd(state, member.suspicion);
      continue;
    }
    // A message of the member itself that came later contradicts the suspicion.
    const isHeard = member.receivedAtMs > member.suspicion.startedAtMs;
    setStatus(state, out, member, isHeard ? 'alive' : 'unreachable', nowMs);
  }
}

/**
 * A suspected member whose main loop is blocked cannot refute: its pulse is asked once in every probe interval. No
 * answer, although NATS carried an echo sent after the question, confirms the suspicion of another member.
 */
function askPulse(state: SwimState, out: SwimEffect[], member: SwimMember, nowMs: number): void {
  const { suspicion } = member;
  if (suspicion === undefined) return;
  const { askedAtMs } = suspicion;
  if (askedAtMs !== undefined && nowMs >= askedAtMs + state.config.probeTimeoutMs) {
    suspicion.askedAtMs = undefined;
    if (member.receivedAtMs < askedAtMs && state.echoedSentAtMs >= askedAtMs)
      suspect(state, out, member, state.node, nowMs);
  }
  if (nowMs < suspicion.pulseAtMs) return;
  suspicion.pulseAtMs = nowMs + state.config.probeIntervalMs;
  suspicion.askedAtMs = nowMs;
  out.push({ kind: 'pulse', to: member.node, sequence: ++state.sequence });
}

/** The member did not answer for itself: the rumour is believed for the version that this node knows. */
function expireChecks(state: SwimState, out: SwimEffect[], nowMs: number): void {
  for (const [node, { rumour, untilMs }] of state.checks) {
    if (untilMs > nowMs) continue;
    state.checks.delete(node);
    const known = state.members.get(node);
    if (known === undefined || known.status === 'left') continue;
    const { incarnation, refutation } = known;
    takeRumour(state, out, rumour.accuser, { ...rumour, incarnation, refutation }, nowMs);
  }
}

function gossip(state: SwimState, out: SwimEffect[], nowMs: number): void {
  const { config, rumours, contacts } = state;
  state.gossipAtMs = nowMs + config.gossipIntervalMs;
  let asked = 0;
  for (const [node, rumour] of contacts) {
    contacts.delete(node);
    ping(state, out, node);
    if (rumour !== undefined) state.checks.set(node, { rumour, untilMs: nowMs + 2 * config.probeTimeoutMs });
    if (++asked === contactsPerGossip) break;
  }
  // About once in a probe interval.
  if (state.random.next() * config.probeIntervalMs < config.gossipIntervalMs) contactLost(state, out, nowMs);
  if (rumours.size === 0) return;
  for (const node of pickMembers(state, config.gossipFanout, undefined))
    send(state, out, node, { kind: 'gossip' });
}

function forget(state: SwimState, node: string, incarnation: number): void {
  const member = state.members.get(node);
  if (member === undefined || member.incarnation > incarnation) return;
  state.members.delete(node);
  markUp(state, node, false);
  state.suspects.delete(node);
  state.contacts.delete(node);
  state.rumours.forget(node);
}
