import type { Announcement } from './announcement.ts';
import type { MemberState } from './presence.ts';

/** What one node knows of another. */
export interface Member extends Announcement {
  readonly node: string;
  readonly state: MemberState;
  /** Clock milliseconds of the last announcement, moved forward by the time in which silence does not count. */
  readonly heardMs: number;
  /** An older incarnation of the same id that was heard after this incarnation. */
  readonly rival?:
    | { readonly pid: number; readonly incarnation: number; readonly heardMs: number }
    | undefined;
}

export type MemberTable = ReadonlyMap<string, Member>;

export interface TableChange {
  readonly table: MemberTable;
  /** Members that appeared, changed state or came back in a newer life. */
  readonly changed: readonly Member[];
}

/** A node announced itself. Word of an older life, or of one that has said goodbye, is ignored. */
export function hear(table: MemberTable, node: string, said: Announcement, nowMs: number): TableChange {
  const known = table.get(node);
  if (known !== undefined && said.incarnation < known.incarnation)
    return { table: said.left ? table : withRival(table, known, said, nowMs), changed: [] };
  if (known?.state === 'left' && said.incarnation === known.incarnation) return { table, changed: [] };
  const member: Member = {
    ...said,
    node,
    state: said.left ? 'left' : 'alive',
    heardMs: nowMs,
    rival: known?.rival,
  };
  const isChange =
    known === undefined || known.state !== member.state || known.incarnation !== member.incarnation;
  return { table: new Map(table).set(node, member), changed: isChange ? [member] : [] };
}

/** Diagnostic only, not reported to listeners: a single late announcement does not prove a second process. */
function withRival(table: MemberTable, known: Member, said: Announcement, nowMs: number): MemberTable {
  const rival = { pid: said.pid, incarnation: said.incarnation, heardMs: nowMs };
  return new Map(table).set(known.node, { ...known, rival });
}

/** Time passed: who is silent for `silenceMs` is unreachable, who is gone for `forgetMs` is forgotten. */
export function sweep(
  table: MemberTable,
  self: string,
  nowMs: number,
  silenceMs: number,
  forgetMs: number,
): TableChange {
  const changed: Member[] = [];
  let next: Map<string, Member> | undefined;
  for (const [node, member] of table) {
    const silentMs = nowMs - member.heardMs;
    if (node === self || silentMs < silenceMs) continue;
    if (member.state === 'alive') {
      const unreachable: Member = { ...member, state: 'unreachable' };
      changed.push(unreachable);
      next = (next ?? new Map(table)).set(node, unreachable);
    } else if (silentMs >= forgetMs) {
      next ??= new Map(table);
      next.delete(node);
    }
  }
  return { table: next ?? table, changed };
}

/** Silence of the last `forgivenMs` does not count: this node could not hear, being cut off or stalled. */
export function forgive(table: MemberTable, forgivenMs: number): MemberTable {
  return new Map(
    [...table].map(([node, member]) => [node, { ...member, heardMs: member.heardMs + forgivenMs }]),
  );
}
