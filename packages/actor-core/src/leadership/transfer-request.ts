import type { LocalNode } from '../membership/local-node.ts';
import { askLeader, type NoAnswer, serveLeader } from './leader-request.ts';
import type { HeardLeader } from './group-leaders.ts';
import type { Leadership } from './leadership.ts';

/** Attempts of one transfer. A voter that was started a moment ago abstains from elections for the time of one. */
const maxAttempts = 3;

/** What became of a request to hand over the leadership of a group. */
export type TransferAnswer =
  | { readonly ok: true; readonly leader: string }
  /**
   * - `no-candidate`: no other node can lead the group
   * - `not-a-candidate`: the named node cannot lead the group, or is not reachable
   * - `not-taken`: the named node did not take over in time; the leader goes on
   */
  | { readonly ok: false; readonly code: 'no-candidate' | 'not-a-candidate' | 'not-taken' }
  | NoAnswer;

/**
 * Asks the leader of a group to hand over to `to`, or to a candidate of its choice. Resolves when the other node leads.
 *
 * @param heard the leader as `followLeaders` has heard it
 */
export async function requestTransfer(
  node: Pick<LocalNode, 'transport' | 'subjects' | 'nodeId'>,
  { group, leader }: HeardLeader,
  to?: string,
): Promise<TransferAnswer> {
  if (leader === undefined) return { ok: false, code: 'no-leader' };
  return readAnswer(await askLeader(node, leader.node, { action: 'transfer', group, to }));
}

/** What a node needs to answer such requests for one group. */
export interface TransferSource {
  readonly leadership: Pick<Leadership, 'group' | 'tenure' | 'transfer'>;
  /** Other nodes that can lead the group now. */
  readonly successors: () => readonly string[];
}

/** Answers until the returned function is called. */
export function serveTransfers(node: LocalNode, { leadership, successors }: TransferSource): () => void {
  const hand = async (to: unknown): Promise<TransferAnswer> => {
    if (leadership.tenure() === undefined) return { ok: false, code: 'no-leader' };
    if (to === node.nodeId) return { ok: true, leader: node.nodeId };
    const candidates = successors();
    const chosen = candidates.find((candidate) => to === undefined || candidate === to);
    if (chosen === undefined)
      return { ok: false, code: to === undefined ? 'no-candidate' : 'not-a-candidate' };
    for (let attempt = 0; attempt < maxAttempts; attempt++)
      if ((await leadership.transfer(chosen)) === 'transferred') return { ok: true, leader: chosen };
    return { ok: false, code: 'not-taken' };
  };
  return serveLeader(node, ({ action, group, to }) =>
    action === 'transfer' && group === leadership.group ? hand(to) : undefined,
  );
}

const codes = ['no-candidate', 'not-a-candidate', 'not-taken', 'no-leader'] as const;

function readAnswer({ ok, leader, code }: Readonly<Record<string, unknown>>): TransferAnswer {
  if (ok === true && typeof leader === 'string') return { ok, leader };
  return { ok: false, code: codes.find((one) => one === code) ?? 'unanswered' };
}
