import type { LocalNode } from '../membership/local-node.ts';
import { anyToken, senderOf } from '../transport/subjects.ts';
import type { Heartbeat } from './election/election-message.ts';
import { decodeLeader } from './group-messages.ts';
import type { LeaderInfo } from './leadership.ts';

/** Silence after which a leader with a lower fencing token is believed: its log was lost and begins again. */
const forgetMs = 15_000;
/** Most groups that are followed. Further ones are ignored. */
const maxGroups = 256;

/** What was heard of the leader of one group. */
export interface HeardLeader {
  readonly group: string;
  /** The newest leader; undefined after it has said goodbye. */
  readonly leader: LeaderInfo | undefined;
  /** Milliseconds since its last message. A leader sends several each second. */
  readonly ageMs: number;
  /** Leaders of the group that were heard since the start, one after the other. */
  readonly elections: number;
}

/** The leaders of all groups, from their heartbeats. Evidence for a person; no decision may rest on it. */
export interface GroupLeaders {
  /** Groups of which a leader was heard, sorted by name. */
  all(): readonly HeardLeader[];
  /** Ends the subscription. */
  close(): void;
}

interface Heard {
  readonly info: LeaderInfo;
  readonly isOver: boolean;
  readonly atMs: number;
  readonly elections: number;
}

/** Follows the leaders of all groups. Every node may, observers included. */
export function followLeaders({
  transport,
  subjects,
  clock,
}: Pick<LocalNode, 'transport' | 'subjects' | 'clock'>): GroupLeaders {
  const groups = new Map<string, Heard>();
  const subscription = transport.subscribe(subjects.leader(anyToken, anyToken), ({ subject, payload }) => {
    const message = decodeLeader(payload);
    const group = groupOf(subject);
    if (message?.kind !== 'heartbeat' || group === undefined) return;
    const known = groups.get(group);
    if (known === undefined && groups.size >= maxGroups) return;
    const heard = decideHeard(known, senderOf(subject), message, clock.now());
    if (heard !== undefined) groups.set(group, heard);
  });
  const now = () => clock.now();
  return {
    all: () =>
      [...groups]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([group, heard]) => shown(group, heard, now())),
    close: () => subscription.unsubscribe(),
  };
}

/** Undefined for a heartbeat that is outdated. */
function decideHeard(
  known: Heard | undefined,
  node: string,
  { term, fence, incarnation, isResigning }: Heartbeat,
  nowMs: number,
): Heard | undefined {
  const isOther = known?.info.fence !== fence || known.info.node !== node;
  const isOlder = known !== undefined && (fence < known.info.fence || (known.isOver && !isOther));
  if (isOlder && nowMs - known.atMs <= forgetMs) return undefined;
  return {
    info: { node, nodeIncarnation: incarnation, term, fence },
    isOver: isResigning,
    atMs: nowMs,
    elections: (known?.elections ?? 0) + Number(isOther),
  };
}

function shown(group: string, { info, isOver, atMs, elections }: Heard, nowMs: number): HeardLeader {
  return { group, leader: isOver ? undefined : info, ageMs: Math.max(0, nowMs - atMs), elections };
}

/** The token before the last one. */
function groupOf(subject: string): string | undefined {
  return subject.split('.').at(-2);
}
