import { expect, it } from 'vitest';
import { seededRandom } from '../../random/seeded-random.ts';
import { electionDefaults, resolveElectionConfig } from './election-config.ts';
import type { ElectionMessage } from './election-message.ts';
import {
  createElection,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionState,
} from './election-state.ts';
import { decideElection, electionWakeAtMs, mayAct } from './election.ts';
import { quorumAnsweredMs, quorumOf } from './trust-window.ts';

/** Voter `a` of `a`, `b` and `c`, past its abstention. */
function setup(): {
  readonly state: ElectionState;
  readonly decide: (event: ElectionEvent, nowMs?: number) => readonly ElectionEffect[];
  readonly receive: (from: string, message: ElectionMessage, nowMs?: number) => readonly ElectionEffect[];
} {
  const random = seededRandom(1);
  const state = createElection({ node: 'a', voters: ['a', 'b', 'c'], config: electionDefaults, random }, 0);
  const decide = (event: ElectionEvent, nowMs = 10_000): readonly ElectionEffect[] =>
    decideElection(state, event, nowMs);
  return {
    state,
    decide,
    receive: (from, message, nowMs) => decide({ kind: 'received', from, message }, nowMs),
  };
}

/** The same, as the leader of term 1 with fence 7. */
function leading(): ReturnType<typeof setup> {
  const voter = setup();
  voter.decide({ kind: 'tick' });
  voter.receive('b', { kind: 'pre-vote-answer', term: 1, isGranted: true });
  voter.receive('b', { kind: 'vote-answer', term: 1, isGranted: true });
  voter.decide({ kind: 'recorded', term: 1, fence: 7 });
  return voter;
}

it('asks before it raises its term, and leads only once its record is accepted', () => {
  const { state, decide, receive } = setup();
  expect(decide({ kind: 'tick' })).toMatchObject([
    { kind: 'send', to: 'b', message: { kind: 'pre-vote', term: 1 } },
    { kind: 'send', to: 'c', message: { kind: 'pre-vote', term: 1 } },
  ]);
  expect(state.term).toBe(0);
  expect(receive('b', { kind: 'pre-vote-answer', term: 1, isGranted: true })).toMatchObject([
    { message: { kind: 'vote', term: 1 } },
    { message: { kind: 'vote', term: 1 } },
  ]);
  expect(receive('c', { kind: 'vote-answer', term: 1, isGranted: true })).toEqual([
    { kind: 'record', term: 1 },
  ]);
  expect(mayAct(state, 10_000)).toBe(false);
  expect(decide({ kind: 'recorded', term: 1, fence: 7 })).toMatchObject([
    { kind: 'elected', term: 1, fence: 7 },
    { kind: 'leader-changed', leader: { node: 'a' } },
  ]);
});

it('gives one vote in a term', () => {
  const { receive } = setup();
  expect(receive('b', { kind: 'vote', term: 4, isTransfer: false })).toMatchObject([
    { message: { isGranted: true } },
  ]);
  expect(receive('c', { kind: 'vote', term: 4, isTransfer: false })).toMatchObject([
    { message: { isGranted: false } },
  ]);
  expect(receive('b', { kind: 'vote', term: 4, isTransfer: false })).toMatchObject([
    { message: { isGranted: true } },
  ]);
});

it('gives no vote for one election after a start: an earlier run may have given it', () => {
  const { receive } = setup();
  expect(receive('b', { kind: 'vote', term: 4, isTransfer: false }, 2_900)).toMatchObject([
    { message: { isGranted: false } },
  ]);
});

it('keeps to a leader that it hears', () => {
  const { receive } = setup();
  receive('b', { kind: 'heartbeat', term: 2, fence: 5, sentAtMs: 0 }, 10_000);
  expect(receive('c', { kind: 'pre-vote', term: 9 }, 11_400)).toMatchObject([
    { message: { isGranted: false } },
  ]);
  expect(receive('c', { kind: 'vote', term: 9, isTransfer: false }, 11_400)).toMatchObject([
    { message: { isGranted: false } },
  ]);
  expect(receive('c', { kind: 'vote', term: 9, isTransfer: true }, 11_400)).toMatchObject([
    { message: { isGranted: true } },
  ]);
});

it('acts for 0.8 of the shortest election after the heartbeat that a quorum answered was sent', () => {
  const { state, receive } = leading();
  expect(mayAct(state, 10_000)).toBe(false);
  receive('b', { kind: 'heartbeat-answer', term: 1, sentAtMs: 10_000 }, 10_900);
  expect(mayAct(state, 11_199)).toBe(true);
  expect(mayAct(state, 11_200)).toBe(false);
});

it('steps down without a quorum of answers', () => {
  const { state, decide } = leading();
  let effects: readonly ElectionEffect[] = [];
  while (state.role === 'leader') effects = decide({ kind: 'tick' }, electionWakeAtMs(state));
  expect(effects).toContainEqual({ kind: 'deposed', reason: 'no-quorum' });
});

it.each<[string, ElectionEvent, string]>([
  [
    'an answer with a newer term',
    { kind: 'received', from: 'b', message: { kind: 'heartbeat-answer', term: 3, sentAtMs: 0 } },
    'newer-term',
  ],
  [
    'a newer leader',
    { kind: 'received', from: 'b', message: { kind: 'heartbeat', term: 3, fence: 9, sentAtMs: 0 } },
    'newer-term',
  ],
  ['a refused write', { kind: 'fenced' }, 'fenced'],
  ['its own stall', { kind: 'lag', lagMs: 800 }, 'own-stall'],
  ['its removal from the voters', { kind: 'voters', voters: ['b', 'c'] }, 'not-a-voter'],
])('steps down after %s', (_, event, reason) => {
  const { state, decide } = leading();
  expect(decide(event)).toContainEqual({ kind: 'deposed', reason });
  expect(mayAct(state, 10_000)).toBe(false);
});

it('is not deposed by a heartbeat with an older fence', () => {
  const { state, receive } = leading();
  receive('b', { kind: 'heartbeat', term: 1, fence: 6, sentAtMs: 0 });
  expect(state.role).toBe('leader');
});

it('does not campaign while it is cut off or lags', () => {
  const { decide } = setup();
  decide({ kind: 'connection', connected: false });
  expect(decide({ kind: 'tick' }, 20_000)).toEqual([]);
  decide({ kind: 'connection', connected: true });
  decide({ kind: 'lag', lagMs: 800 });
  expect(decide({ kind: 'tick' }, 30_000)).toEqual([]);
});

it('ignores messages of nodes that are no voters', () => {
  const { state, receive } = setup();
  expect(receive('x', { kind: 'vote', term: 9, isTransfer: false })).toEqual([]);
  expect(receive('x', { kind: 'heartbeat-answer', term: 9, sentAtMs: 0 })).toEqual([]);
  expect(state.term).toBe(0);
});

it.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 3],
  [5, 3],
])('of %i voters %i decide', (voters, quorum) => {
  const names = Array.from({ length: voters }, (_, i) => `v${i}`);
  expect(quorumOf(names)).toBe(quorum);
  expect(quorumAnsweredMs(names, 'v0', new Map(), 5)).toBe(voters === 1 ? 5 : Number.NEGATIVE_INFINITY);
});

it('names the setting that contradicts another', () => {
  expect(() => resolveElectionConfig({ electionMaxMs: 1_000 })).toThrow(/electionMaxMs/);
  expect(() => resolveElectionConfig({ heartbeatMs: 1_000 })).toThrow(/electionMinMs/);
});
