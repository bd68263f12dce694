import { StoreUnavailableError } from '../errors.ts';
import { askLeader, type LeaderAnswer, type NoAnswer, serveLeader } from '../leadership/leader-request.ts';
import type { Tenure } from '../leadership/leadership.ts';
import { changeVoters, maxVoters, readVoters, type VoterChange } from '../leadership/voters.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { viewTiming } from '../membership/view/cluster-view.ts';

/** What a person may ask the control leader about the voters: who they are, one more, or one less. */
export type VoterRequest = { readonly list: true } | VoterChange;

/**
 * - `not-eligible`: the node is not alive and in the view as `up`, or has neither the role `host` nor `voter`
 * - `already-voter`, `not-a-voter`: nothing to change
 * - `too-many-voters`, `last-voter`: a cluster has 1 to 5 voters
 * - `no-quorum`: too few of the voters would be alive to elect a leader
 * - `conflict`: the voters were changed by somebody else meanwhile
 */
export type VoterRefusal =
  | 'not-eligible'
  | 'already-voter'
  | 'not-a-voter'
  | 'too-many-voters'
  | 'last-voter'
  | 'no-quorum'
  | 'conflict';

/** The voters, after the change if one was asked for, or why there is no such answer. */
export type VoterAnswer =
  | { readonly ok: true; readonly voters: readonly string[] }
  | { readonly ok: false; readonly code: VoterRefusal }
  | NoAnswer;

const refusals: readonly VoterRefusal[] = [
  'not-eligible',
  'already-voter',
  'not-a-voter',
  'too-many-voters',
  'last-voter',
  'no-quorum',
  'conflict',
];

/**
 * Asks the control leader for the recorded voters, or to change them by one. Resolves when the change is recorded. Only
 * nodes of the roles `gateway` and `host` may ask.
 */
export async function requestVoters(
  node: Pick<LocalNode, 'view' | 'transport' | 'subjects' | 'nodeId'>,
  request: VoterRequest,
): Promise<VoterAnswer> {
  const leader = node.view.controlLeader();
  if (leader === undefined || leader.ageMs > viewTiming.silentMs) return { ok: false, code: 'no-leader' };
  return readAnswer(await askLeader(node, leader.node, { action: 'voters', ...request }));
}

/** Answers as the control leader until the returned function is called. */
export function serveVoters(node: LocalNode, tenureNow: () => Tenure | undefined): () => void {
  const answer = async (request: VoterRequest): Promise<VoterAnswer> => {
    const tenure = tenureNow();
    if (tenure === undefined) return { ok: false, code: 'no-leader' };
    const { voters = [] } = (await readVoters(node)) ?? {};
    if ('list' in request) return { ok: true, voters };
    const code = refuseChange(voters, request, {
      isAlive: (id) => node.presence.member(id)?.state === 'alive',
      isEligible: (id) => mayVote(node, id),
    });
    if (code !== undefined) return { ok: false, code };
    return record(node, tenure, request);
  };
  return serveLeader(node, (request) => {
    const wanted = readRequest(request);
    return wanted && answer(wanted).catch(failed);
  });
}

/** What the control leader knows of the nodes. */
export interface VoterFacts {
  readonly isAlive: (node: string) => boolean;
  readonly isEligible: (node: string) => boolean;
}

/** Why the voters must not be changed like that; undefined if they may. Pure. */
export function refuseChange(
  voters: readonly string[],
  change: VoterChange,
  { isAlive, isEligible }: VoterFacts,
): VoterRefusal | undefined {
  if ('add' in change) {
    if (voters.includes(change.add)) return 'already-voter';
    if (voters.length >= maxVoters) return 'too-many-voters';
    if (!isEligible(change.add)) return 'not-eligible';
    return hasQuorum([...voters, change.add], isAlive) ? undefined : 'no-quorum';
  }
  if (!voters.includes(change.remove)) return 'not-a-voter';
  if (voters.length === 1) return 'last-voter';
  const others = voters.filter((voter) => voter !== change.remove);
  return hasQuorum(others, isAlive) ? undefined : 'no-quorum';
}

function hasQuorum(voters: readonly string[], isAlive: (node: string) => boolean): boolean {
  return voters.filter((voter) => isAlive(voter)).length > voters.length / 2;
}

function mayVote({ view, presence }: LocalNode, id: string): boolean {
  const { state, roles = [] } = presence.member(id) ?? {};
  return (
    state === 'alive' &&
    view.member(id)?.state === 'up' &&
    (roles.includes('host') || roles.includes('voter'))
  );
}

async function record(node: LocalNode, tenure: Tenure, wanted: VoterChange): Promise<VoterAnswer> {
  const { kind } = await changeVoters(node, tenure, wanted);
  if (kind === 'conflict' || kind === 'queue-full') return { ok: false, code: 'conflict' };
  if (kind !== 'written') return { ok: false, code: 'no-leader' };
  node.log.info({ ...wanted }, 'the voters were changed');
  return { ok: true, voters: (await readVoters(node))?.voters ?? [] };
}

function failed(error: unknown): VoterAnswer {
  if (error instanceof StoreUnavailableError) return { ok: false, code: 'unanswered' };
  throw error;
}

function readRequest({ action, list, add, remove }: LeaderAnswer): VoterRequest | undefined {
  if (action !== 'voters') return undefined;
  if (list === true) return { list };
  if (typeof add === 'string') return { add };
  return typeof remove === 'string' ? { remove } : undefined;
}

function readAnswer({ ok, voters, code }: LeaderAnswer): VoterAnswer {
  if (ok === true && Array.isArray(voters) && voters.every((voter) => typeof voter === 'string'))
    return { ok, voters };
  const known = refusals.find((one) => one === code) ?? (code === 'no-leader' ? code : 'unanswered');
  return { ok: false, code: known };
}
