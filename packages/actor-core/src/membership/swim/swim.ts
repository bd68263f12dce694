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
 * - A member's record is changed by messages of that member alone; others spread suspicions and hints.
 * - A broadcast costs one publish, so that refutations and joins reach everybody at once; anti-entropy repairs losses.
 *
 * Sources: Das et al., "SWIM", 2002; Dadgar et al., "Lifeguard", arXiv 1707.00788; hashicorp/memberlist `state.go`.
 */
import { askSoon, setStatus, takeRumour, takeSelfClaim } from './claims.ts';
import { digestOf, hashOf, replaces } from './member-list.ts';
import { forgetRefusals, knock, refused } from './knocking.ts';
import { acknowledged, advanceProbe, noted } from './probing.ts';
import { broadcast, ping, send } from './sending.ts';
import { expiresAtMs } from './suspicion.ts';
import { syncIntervalMs } from './swim-config.ts';
import type { DigestEntry, SwimEnvelope } from './swim-message.ts';
import {
  changeHealth,
  clusterSize,
  pickMembers,
  type SwimEffect,
  type SwimEvent,
  type SwimState,
} from './swim-state.ts';

/** Members asked about themselves in one gossip interval. */
const contactsPerGossip = 32;
/** Members that answer a newcomer with their list, on average. */
const greeters = 3;
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
    case 'refused':
      if (state.frozenSinceMs === undefined) refused(state, out, event.to, event.sequence, nowMs);
      break;
    case 'connection':
      if (event.connected) connected(state, out, nowMs);
      else disconnected(state, nowMs);
      break;
    case 'lag':
      state.self.lagMs = event.lagMs;
      break;
    case 'metadata':
      state.self.metadata = event.metadata;
      state.self.metadataVersion += 1;
      broadcast(state, out, { kind: 'announce', isJoining: false });
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
  for (const node of state.suspects) {
    const suspicion = state.members.get(node)?.suspicion;
    if (suspicion !== undefined) at = Math.min(at, expiresAtMs(suspicion));
  }
  for (const { untilMs } of state.relays.values()) at = Math.min(at, untilMs);
  return at;
}

function tick(state: SwimState, out: SwimEffect[], nowMs: number): void {
  const lateMs = nowMs - wakeAtMs(state);
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

function receive(
  state: SwimState,
  out: SwimEffect[],
  from: string,
  envelope: SwimEnvelope,
  nowMs: number,
): void {
  const { self, rumours, message } = envelope;
  if (from === state.node) return receiveOwn(state, out, envelope, nowMs);
  if (!takeSelfClaim(state, out, from, self, nowMs)) return;
  forgetRefusals(state, from);
  state.checks.delete(from);
  for (const rumour of rumours) takeRumour(state, out, rumour, nowMs);
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
    out.push({ kind: 'replaced', incarnation: self.incarnation });
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
  state.relays.set(sequence, { asker, askerSequence, target, untilMs: nowMs + state.config.probeTimeoutMs });
}

function expireRelays(state: SwimState, out: SwimEffect[], nowMs: number): void {
  for (const [sequence, { asker, askerSequence, target, untilMs }] of state.relays) {
    if (untilMs > nowMs) continue;
    state.relays.delete(sequence);
    send(state, out, asker, { kind: 'nack', sequence: askerSequence, target });
  }
}

function expireSuspicions(state: SwimState, out: SwimEffect[], nowMs: number): void {
  for (const node of state.suspects) {
    const member = state.members.get(node);
    if (member?.suspicion === undefined || nowMs < expiresAtMs(member.suspicion)) continue;
    // A message of the member itself that came later contradicts the suspicion.
    const isHeard = member.receivedAtMs > member.suspicion.startedAtMs;
    setStatus(state, out, member, isHeard ? 'alive' : 'unreachable', nowMs);
  }
}

/** The member did not answer for itself: the rumour is believed for the version that this node knows. */
function expireChecks(state: SwimState, out: SwimEffect[], nowMs: number): void {
  for (const [node, { rumour, untilMs }] of state.checks) {
    if (untilMs > nowMs) continue;
    state.checks.delete(node);
    const known = state.members.get(node);
    if (known === undefined || known.status === 'left') continue;
    const { incarnation, refutation } = known;
    takeRumour(state, out, { ...rumour, incarnation, refutation }, nowMs);
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
  if (state.random.next() * config.probeIntervalMs < config.gossipIntervalMs)
    contactUnreachable(state, out, config.contactUnreachableMs, nowMs);
  if (rumours.size === 0) return;
  for (const node of pickMembers(state, config.gossipFanout, undefined))
    send(state, out, node, { kind: 'gossip' });
}

function compareSoon(state: SwimState, nowMs: number): void {
  const { probeIntervalMs } = state.config;
  state.syncDelayMs = probeIntervalMs;
  state.syncAtMs = Math.min(state.syncAtMs, nowMs + probeIntervalMs);
}

/** Compares lists with one member, and looks whether an unreachable one is back. */
function synchronise(state: SwimState, out: SwimEffect[], nowMs: number): void {
  state.syncAtMs = nowMs + state.syncDelayMs;
  state.syncDelayMs = Math.min(2 * state.syncDelayMs, syncIntervalMs(state.config, clusterSize(state)));
  const [node] = pickMembers(state, 1, undefined);
  if (node !== undefined) send(state, out, node, { kind: 'sync', hash: hashOf(digestWithSelf(state)) });
  contactUnreachable(state, out, Number.POSITIVE_INFINITY, nowMs);
}

/** Pings one unreachable member that has been so for at most `withinMs`: partitions heal by it. */
function contactUnreachable(state: SwimState, out: SwimEffect[], withinMs: number, nowMs: number): void {
  const lost = [...state.members.values()].filter(
    ({ status, statusSinceMs }) => status === 'unreachable' && nowMs - statusSinceMs <= withinMs,
  );
  const chosen = lost[Math.floor(state.random.next() * lost.length)];
  if (chosen !== undefined) ping(state, out, chosen.node);
}

function takeDigest(
  state: SwimState,
  out: SwimEffect[],
  from: string,
  entries: readonly DigestEntry[],
  isReply: boolean,
  nowMs: number,
): void {
  const before = state.contacts.size;
  for (const entry of entries) {
    takeRumour(state, out, { ...entry, accuser: from }, nowMs);
    const known = state.members.get(entry.node);
    if (known !== undefined && known.metadataVersion < entry.metadataVersion) askSoon(state, entry.node);
  }
  // There was news: the lists are compared again soon.
  if (state.contacts.size > before) compareSoon(state, nowMs);
  if (isReply) return;
  const theirs = new Map(entries.map((entry) => [entry.node, entry]));
  const newer = digestWithSelf(state).filter((entry) => {
    const known = theirs.get(entry.node);
    return known === undefined || replaces(entry, known);
  });
  if (newer.length > 0) send(state, out, from, { kind: 'digest', entries: newer, isReply: true });
}

function digestWithSelf({ node, self, members }: SwimState): DigestEntry[] {
  const { incarnation, refutation, metadataVersion } = self;
  return [{ node, incarnation, refutation, status: 'alive', metadataVersion }, ...digestOf(members.values())];
}

function sendEcho(state: SwimState, out: SwimEffect[], nowMs: number): void {
  const { config, echoPendingSinceMs } = state;
  if (echoPendingSinceMs !== undefined && nowMs - echoPendingSinceMs > config.probeTimeoutMs)
    freeze(state, echoPendingSinceMs);
  // Two in every probe: a lost probe counts only if NATS carried an echo that was sent after it.
  if (nowMs < state.echoAtMs || !state.connected) return;
  state.echoAtMs = nowMs + config.probeIntervalMs / 2;
  state.echoPendingSinceMs ??= nowMs;
  send(state, out, state.node, { kind: 'echo', sentAtMs: nowMs });
}

function pauseUntilEcho(state: SwimState, nowMs: number): void {
  const { config } = state;
  state.probeAtMs = nowMs + config.probeIntervalMs;
  state.knockAtMs = nowMs + config.knockIntervalMs;
  state.knock = undefined;
  state.gossipAtMs = Math.max(state.gossipAtMs, nowMs + config.gossipIntervalMs);
  state.syncAtMs = Math.max(state.syncAtMs, nowMs + config.probeIntervalMs);
  if (!state.connected) state.echoAtMs = nowMs + config.probeIntervalMs;
}

function connected(state: SwimState, out: SwimEffect[], nowMs: number): void {
  state.connected = true;
  state.connectedAtMs = nowMs;
  // What was on its way is lost with the connection.
  state.echoPendingSinceMs = undefined;
  state.echoAtMs = nowMs;
}

function disconnected(state: SwimState, nowMs: number): void {
  state.connected = false;
  freeze(state, nowMs);
}

function freeze(state: SwimState, sinceMs: number): void {
  if (state.frozenSinceMs !== undefined) return;
  state.frozenSinceMs = sinceMs;
  state.probe = undefined;
  changeHealth(state, 1);
}

function thaw(state: SwimState, out: SwimEffect[], nowMs: number): void {
  if (state.frozenSinceMs === undefined) return;
  const frozenMs = nowMs - state.frozenSinceMs;
  moveDeadlines(state, frozenMs);
  state.frozenSinceMs = undefined;
  // The others may have called this node unreachable meanwhile: it refutes that before it hears of it.
  if (frozenMs > state.config.probeIntervalMs) state.self.refutation += 1;
  broadcast(state, out, { kind: 'announce', isJoining: true });
  state.connectedAtMs = nowMs;
  state.probeAtMs = nowMs + state.random.next() * state.config.probeIntervalMs;
}

/** Moves deadlines by a time in which this node could not receive: that silence is no evidence about other members. */
function moveDeadlines(state: SwimState, byMs: number): void {
  for (const node of state.suspects) {
    const suspicion = state.members.get(node)?.suspicion;
    if (suspicion !== undefined) suspicion.startedAtMs += byMs;
  }
  if (state.probe !== undefined) state.probe.endAtMs += byMs;
}

function forget(state: SwimState, node: string, incarnation: number): void {
  const member = state.members.get(node);
  if (member === undefined || member.incarnation > incarnation) return;
  state.members.delete(node);
  state.up = undefined;
  state.suspects.delete(node);
  state.contacts.delete(node);
  state.rumours.forget(node);
}
