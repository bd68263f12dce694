import { askSoon, takeRumour } from './claims.ts';
import { digestOf, hashOf, replaces } from './member-list.ts';
import { broadcast, ping, send } from './sending.ts';
import { syncIntervalMs } from './swim-config.ts';
import type { DigestEntry } from './swim-message.ts';
import { clusterSize, pickMembers, type SwimEffect, type SwimState } from './swim-state.ts';

/** Members that are unreachable for long are contacted so many times less often. */
const rarelyContacted = 5;

function compareSoon(state: SwimState, nowMs: number): void {
  const { probeIntervalMs } = state.config;
  state.syncDelayMs = probeIntervalMs;
  state.syncAtMs = Math.min(state.syncAtMs, nowMs + probeIntervalMs);
}

/** Compares lists with one member. */
export function synchronise(state: SwimState, out: SwimEffect[], nowMs: number): void {
  state.syncAtMs = nowMs + state.syncDelayMs;
  state.syncDelayMs = Math.min(2 * state.syncDelayMs, syncIntervalMs(state.config, clusterSize(state)));
  const [node] = pickMembers(state, 1, undefined);
  if (node !== undefined) send(state, out, node, { kind: 'sync', hash: hashOf(digestWithSelf(state)) });
}

/**
 * Partitions heal by this: pings one unreachable member, less often the longer all of them have been unreachable; and
 * now and then announces this node to everybody, for members that have forgotten each other. A node that hears nobody
 * announces itself each time: the announcement of its start may have been lost.
 */
export function contactLost(state: SwimState, out: SwimEffect[], nowMs: number): void {
  const { config, random } = state;
  const announcedPerProbe = config.probeIntervalMs / config.syncIntervalMs / clusterSize(state);
  const isAlone = clusterSize(state) === 1;
  if (random.next() < announcedPerProbe || isAlone)
    broadcast(state, out, { kind: 'announce', isJoining: isAlone });
  const lost = [...state.members.values()].filter(({ status }) => status === 'unreachable');
  const isFresh = lost.some(({ statusSinceMs }) => nowMs - statusSinceMs <= config.contactUnreachableMs);
  if (!isFresh && random.next() >= 1 / rarelyContacted) return;
  const chosen = lost[Math.floor(random.next() * lost.length)];
  if (chosen !== undefined) ping(state, out, chosen.node);
}

export function takeDigest(
  state: SwimState,
  out: SwimEffect[],
  from: string,
  entries: readonly DigestEntry[],
  isReply: boolean,
  nowMs: number,
): void {
  const before = state.contacts.size;
  for (const entry of entries) {
    takeRumour(state, out, from, { ...entry, accuser: from }, nowMs);
    const known = state.members.get(entry.node);
    if (known !== undefined && known.metadataVersion < entry.metadataVersion) askSoon(state, entry.node);
  }
  // There was news: the lists are compared again soon.
  if (state.contacts.size > before) {
    compareSoon(state, nowMs);
    state.gossipAtMs = nowMs;
  }
  if (isReply) return;
  const theirs = new Map(entries.map((entry) => [entry.node, entry]));
  const newer = digestWithSelf(state).filter((entry) => {
    const known = theirs.get(entry.node);
    return known === undefined || replaces(entry, known);
  });
  if (newer.length > 0) send(state, out, from, { kind: 'digest', entries: newer, isReply: true });
}

/** The member list with the line of this node. */
export function digestWithSelf({ node, self, members }: SwimState): DigestEntry[] {
  const { incarnation, refutation, metadataVersion } = self;
  return [{ node, incarnation, refutation, status: 'alive', metadataVersion }, ...digestOf(members.values())];
}
