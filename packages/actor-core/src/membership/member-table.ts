import type { Announcement } from './announcement.ts';
import type { MemberState } from './presence.ts';

/** What announcements say about one node. */
export interface Member extends Announcement {
  readonly node: string;
  readonly state: MemberState;
  /** Clock milliseconds of the last announcement, moved forward by the time in which silence does not count. */
  readonly announcedMs: number;
  /** Another process under the same id in an older incarnation, whose announcement came after this incarnation's. */
  readonly rival?:
    | { readonly pid: number; readonly incarnation: number; readonly announcedMs: number }
    | undefined;
}

/** All nodes that announce themselves, by id. */
export type MemberTable = ReadonlyMap<string, Member>;

/** What announcements, and their absence, say about nodes. */
export type Evidence =
  /** A node announced itself. */
  | { readonly type: 'announced'; readonly node: string; readonly announcement: Announcement }
  /** These nodes announced nothing for too long. */
  | { readonly type: 'silent'; readonly nodes: readonly string[] }
  /** These nodes are gone for longer than the table keeps them. */
  | { readonly type: 'forgotten'; readonly nodes: readonly string[] }
  /** This node could not receive for `forMs`: that time does not count as silence of the others. */
  | { readonly type: 'grace'; readonly forMs: number }
  /** This node was disconnected from the bus and is back: the silence of every live node is counted from now. */
  | { readonly type: 'reconnected' };

export interface TableChange {
  readonly table: MemberTable;
  /** Members that appeared, changed state or came back with a newer incarnation. */
  readonly changed: readonly Member[];
}

/** Next table after a piece of evidence. */
export function applyEvidence(table: MemberTable, evidence: Evidence, nowMs: number): TableChange {
  switch (evidence.type) {
    case 'announced':
      return applyAnnouncement(table, evidence.node, evidence.announcement, nowMs);
    case 'silent':
      return applySilence(table, evidence.nodes);
    case 'forgotten': {
      const next = new Map(table);
      for (const node of evidence.nodes) next.delete(node);
      return { table: next, changed: [] };
    }
    case 'grace':
      return unchanged(mapMembers(table, (member) => member.announcedMs + evidence.forMs));
    default:
      return unchanged(
        mapMembers(table, (member) => (member.state === 'alive' ? nowMs : member.announcedMs)),
      );
  }
}

/** An announcement of an older incarnation, or of one that has left, changes no state. */
function applyAnnouncement(
  table: MemberTable,
  node: string,
  announcement: Announcement,
  nowMs: number,
): TableChange {
  const known = table.get(node);
  if (known !== undefined && announcement.incarnation < known.incarnation)
    return unchanged(announcement.left ? table : withRival(table, known, announcement, nowMs));
  if (known?.state === 'left' && announcement.incarnation === known.incarnation) return unchanged(table);
  const member: Member = {
    ...announcement,
    node,
    state: announcement.left ? 'left' : 'alive',
    announcedMs: nowMs,
    rival: known?.rival,
  };
  const isChange =
    known === undefined || known.state !== member.state || known.incarnation !== member.incarnation;
  return { table: new Map(table).set(node, member), changed: isChange ? [member] : [] };
}

/** Kept for diagnosis and not reported as a change: one late announcement does not prove a second process. */
function withRival(
  table: MemberTable,
  known: Member,
  announcement: Announcement,
  nowMs: number,
): MemberTable {
  const rival = { pid: announcement.pid, incarnation: announcement.incarnation, announcedMs: nowMs };
  return new Map(table).set(known.node, { ...known, rival });
}

function applySilence(table: MemberTable, nodes: readonly string[]): TableChange {
  const next = new Map(table);
  const changed: Member[] = [];
  for (const node of nodes) {
    const member = table.get(node);
    if (member?.state !== 'alive') continue;
    const unreachable: Member = { ...member, state: 'unreachable' };
    changed.push(unreachable);
    next.set(node, unreachable);
  }
  return { table: next, changed };
}

function mapMembers(table: MemberTable, announcedMs: (member: Member) => number): MemberTable {
  return new Map([...table].map(([node, member]) => [node, { ...member, announcedMs: announcedMs(member) }]));
}

function unchanged(table: MemberTable): TableChange {
  return { table, changed: [] };
}
