import { expect, it } from 'vitest';
import { seededRandom } from '../../random/seeded-random.ts';
import { electionDefaults, resolveElectionConfig } from './election-config.ts';
import type { ElectionMessage, Heartbeat } from './election-message.ts';
import {
  createElection,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionState,
} from './election-state.ts';
import { decideElection, electionWakeAtMs } from './election.ts';
import { isTrusted, quorumAnsweredMs, quorumOf } from './trust-window.ts';

/** Voter `a` of `a`, `b` and `c`, past its abstention. */
function setup(): {
  readonly state: ElectionState;
  readonly decide: (event: ElectionEvent, nowMs?: number) => readonly ElectionEffect[];
  readonly receive: (from: string, message: ElectionMessage, nowMs?: number) => readonly ElectionEffect[];
} {
  const random = seededRandom(1);
  const shared = { node: 'a', incarnation: 1, electorate: 'voters', isCandidate: true } as const;
  const voters = ['a', 'b', 'c'];
  const state = createElection({ ...shared, voters, config: electionDefaults, random }, 0);
  const decide = (event: ElectionEvent, nowMs = 10_000): readonly ElectionEffect[] =>
    decideElection(state, event, nowMs);
  return {
    state,
    decide,
    receive: (from, message, nowMs) => decide({ kind: 'received', from, message }, nowMs),
  };
}

function heartbeat(term: number, fence: number, changes: Partial<Heartbeat> = {}): Heartbeat {
  return {
    kind: 'heartbeat',
    term,
    fence,
    incarnation: 1,
    isResigning: false,
    handsOverTo: '',
    sentAtMs: 0,
    ...changes,
  };
}

/** The same, as the leader of term 1 with fence 7. */
function leading(): ReturnType<typeof setup> {
  const voter = setup();
  voter.decide({ kind: 'tick' });
  voter.decide({ kind: 'echoed', sentAtMs: 10_000 });
  voter.receive('b', { kind: 'pre-vote-answer', term: 1, isGranted: true });
  voter.receive('b', { kind: 'vote-answer', term: 1, isGranted: true });
  voter.decide({ kind: 'recorded', term: 1, fence: 7 });
  return voter;
}

it('asks before it raises its term, and leads only once its record is accepted', () => {
  const { state, decide, receive } = setup();
  expect(decide({ kind: 'tick' })).toMatchObject([
    { kind: 'probe', sentAtMs: 10_000 },
    { kind: 'send', to: 'b', message: { kind: 'pre-vote', term: 1 } },
    { kind: 'send', to: 'c', message: { kind: 'pre-vote', term: 1 } },
  ]);
  expect(state.term).toBe(0);
  expect(decide({ kind: 'echoed', sentAtMs: 10_000 })).toEqual([]);
  expect(receive('b', { kind: 'pre-vote-answer', term: 1, isGranted: true })).toMatchObject([
    { message: { kind: 'vote', term: 1 } },
    { message: { kind: 'vote', term: 1 } },
  ]);
  expect(receive('c', { kind: 'vote-answer', term: 1, isGranted: true })).toEqual([
    { kind: 'record', term: 1 },
  ]);
  expect(isTrusted(state, 10_000)).toBe(false);
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

it('gives one vote in a term also after it followed a leader of an older term with a newer record', () => {
  const { receive } = setup();
  receive('b', { kind: 'vote', term: 4, isTransfer: false });
  receive('c', heartbeat(3, 9));
  expect(receive('c', { kind: 'vote', term: 4, isTransfer: false }, 20_000)).toMatchObject([
    { message: { kind: 'vote-answer', term: 4, isGranted: false } },
  ]);
});

it('gives no vote after a start for as long as a leader counts on an answer of an earlier run', () => {
  const { receive } = setup();
  const { electionMinMs } = electionDefaults;
  expect(receive('b', { kind: 'vote', term: 4, isTransfer: false }, electionMinMs - 1)).toMatchObject([
    { message: { isGranted: false } },
  ]);
  expect(receive('b', { kind: 'vote', term: 4, isTransfer: false }, electionMinMs)).toMatchObject([
    { message: { isGranted: true } },
  ]);
});

it('tries again without waiting for another silence when a voter of a newer term refused it', () => {
  const { state, decide, receive } = setup();
  decide({ kind: 'tick' });
  receive('b', { kind: 'pre-vote-answer', term: 3, isGranted: false }, 10_050);
  expect(state).toMatchObject({ role: 'follower', term: 3 });
  expect(electionWakeAtMs(state)).toBeLessThan(10_050 + electionDefaults.electionMinMs);
});

it('goes on with its candidacy after a stall, during which the answers may have arrived', () => {
  const { state, decide, receive } = setup();
  decide({ kind: 'tick' });
  decide({ kind: 'lag', lagMs: 2_000 }, 12_000);
  expect(decide({ kind: 'tick' }, 12_000)).toEqual([]);
  decide({ kind: 'echoed', sentAtMs: 10_000 }, 12_001);
  receive('b', { kind: 'pre-vote-answer', term: 1, isGranted: true }, 12_001);
  expect(state.role).toBe('candidate');
});

it('says goodbye when it steps down after a stall, so that nobody waits for its silence', () => {
  const { decide } = leading();
  expect(decide({ kind: 'lag', lagMs: 800 })).toMatchObject([
    { kind: 'broadcast', message: { fence: 7, isResigning: true } },
    { kind: 'deposed', reason: 'own-stall' },
    { kind: 'leader-changed', leader: undefined },
  ]);
});

it.each<[string, ElectionEvent, number, number]>([
  ['soon when the log could not be used', { kind: 'not-recorded', term: 0, fence: 0 }, 0, 1_199],
  [
    'after another silence when another one was first',
    { kind: 'not-recorded', term: 2, fence: 9 },
    1_200,
    2_400,
  ],
])('whose record is not written tries again %s', (_, event, leastMs, mostMs) => {
  const { state, decide, receive } = setup();
  decide({ kind: 'tick' });
  decide({ kind: 'echoed', sentAtMs: 10_000 });
  receive('b', { kind: 'pre-vote-answer', term: 1, isGranted: true });
  receive('b', { kind: 'vote-answer', term: 1, isGranted: true });
  decide(event);
  expect(electionWakeAtMs(state)).toBeGreaterThanOrEqual(10_000 + leastMs);
  expect(electionWakeAtMs(state)).toBeLessThanOrEqual(10_000 + mostMs);
});

it('puts its candidacy off for another candidate, once in each silence', () => {
  const { state, decide, receive } = setup();
  const ask = { kind: 'pre-vote', term: 1 } as const;
  const dueAtMs = electionWakeAtMs(state);
  receive('b', ask, dueAtMs);
  const againAtMs = electionWakeAtMs(state);
  expect(againAtMs).toBeGreaterThan(dueAtMs);
  receive('b', ask, againAtMs);
  expect(decide({ kind: 'tick' }, againAtMs)).toContainEqual({ kind: 'probe', sentAtMs: againAtMs });
});

it.each([
  ['gives way to', 'b', 'a', 'follower'],
  ['goes on beside', 'b', 'c', 'pre-candidate'],
])('that asks at the same time %s a candidate: %s, asked by %s', (_, node, from, role) => {
  const random = seededRandom(1);
  const shared = { node, incarnation: 1, electorate: 'voters', isCandidate: true } as const;
  const state = createElection({ ...shared, voters: ['a', 'b', 'c'], config: electionDefaults, random }, 0);
  decideElection(state, { kind: 'tick' }, 10_000);
  const message = { kind: 'pre-vote', term: 1 } as const;
  // Both pre-votes are granted: the order of the names alone decides no candidacy.
  expect(decideElection(state, { kind: 'received', from, message }, 10_001)).toMatchObject([
    { message: { kind: 'pre-vote-answer', isGranted: true } },
  ]);
  expect(state.role).toBe(role);
});

it('keeps its leader, and its own silence, when it stood still itself', () => {
  const { state, decide, receive } = setup();
  receive('b', heartbeat(2, 5), 10_000);
  decide({ kind: 'lag', lagMs: 5_000 }, 15_000);
  expect(decide({ kind: 'tick' }, 15_000)).toEqual([]);
  expect(state.leader?.node).toBe('b');
  decide({ kind: 'lag', lagMs: 0 }, 15_100);
  const atMs = electionWakeAtMs(state);
  expect(atMs).toBeLessThan(15_000 + electionDefaults.electionMinMs);
  expect(decide({ kind: 'tick' }, atMs)).toContainEqual({ kind: 'leader-changed', leader: undefined });
});

it('keeps to a leader that it hears', () => {
  const { receive } = setup();
  receive('b', heartbeat(2, 5), 10_000);
  expect(receive('c', { kind: 'pre-vote', term: 9 }, 11_100)).toMatchObject([
    { message: { isGranted: false } },
  ]);
  expect(receive('c', { kind: 'vote', term: 9, isTransfer: false }, 11_100)).toMatchObject([
    { message: { isGranted: false } },
  ]);
  expect(receive('c', { kind: 'vote', term: 9, isTransfer: true }, 11_100)).toMatchObject([
    { message: { isGranted: false } },
  ]);
});

it('votes for the successor that the leader names, until its next heartbeat names none', () => {
  const { receive } = setup();
  receive('b', heartbeat(2, 5, { handsOverTo: 'c' }), 10_000);
  receive('b', heartbeat(2, 5), 10_100);
  expect(receive('c', { kind: 'vote', term: 3, isTransfer: true }, 10_100)).toMatchObject([
    { message: { isGranted: false } },
  ]);
  receive('b', heartbeat(2, 5, { handsOverTo: 'c' }), 10_200);
  expect(receive('c', { kind: 'vote', term: 3, isTransfer: true }, 10_200)).toMatchObject([
    { message: { isGranted: true } },
  ]);
});

it('campaigns at once when the leader hands over to it', () => {
  const { state, receive } = setup();
  const effects = receive('b', heartbeat(2, 5, { handsOverTo: 'a' }), 10_000);
  expect(effects).toContainEqual({
    kind: 'send',
    to: 'c',
    message: { kind: 'vote', term: 3, isTransfer: true },
  });
  expect(state.role).toBe('candidate');
});

it('trusts no answer to a heartbeat of its transfer once it goes on itself', () => {
  const { state, decide, receive } = leading();
  decide({ kind: 'tick' }, 10_000);
  expect(decide({ kind: 'transfer', to: 'b' }, 10_100)).toMatchObject([{ message: { handsOverTo: 'b' } }]);
  let nowMs = 10_100;
  while (state.handsOverUntilMs !== undefined) {
    nowMs = electionWakeAtMs(state);
    decide({ kind: 'tick' }, nowMs);
  }
  receive('c', { kind: 'heartbeat-answer', term: 1, sentAtMs: nowMs - 200 }, nowMs + 10);
  receive('a', heartbeat(1, 7, { sentAtMs: nowMs - 200 }), nowMs + 10);
  expect(isTrusted(state, nowMs + 10)).toBe(false);
  receive('c', { kind: 'heartbeat-answer', term: 1, sentAtMs: nowMs }, nowMs + 20);
  receive('a', heartbeat(1, 7, { sentAtMs: nowMs }), nowMs + 20);
  expect(isTrusted(state, nowMs + 20)).toBe(true);
});

it('acts for 0.8 of the shortest election after the heartbeat that a quorum answered was sent', () => {
  const { state, receive } = leading();
  expect(isTrusted(state, 10_000)).toBe(false);
  receive('b', { kind: 'heartbeat-answer', term: 1, sentAtMs: 10_000 }, 10_700);
  // The bus has not shown yet that it took the heartbeat.
  expect(isTrusted(state, 10_700)).toBe(false);
  receive('a', heartbeat(1, 7, { sentAtMs: 10_000 }), 10_700);
  expect(isTrusted(state, 10_959)).toBe(true);
  expect(isTrusted(state, 10_960)).toBe(false);
});

it('steps down without a quorum of answers', () => {
  const { state, decide } = leading();
  let effects: readonly ElectionEffect[] = [];
  while (state.role === 'leader') {
    const nowMs = electionWakeAtMs(state);
    effects = decide({ kind: 'tick' }, nowMs);
    decide({ kind: 'echoed', sentAtMs: nowMs }, nowMs);
  }
  expect(effects).toContainEqual({ kind: 'deposed', reason: 'no-quorum' });
});

it.each<[string, ElectionEvent, string]>([
  [
    'an answer with a newer term',
    { kind: 'received', from: 'b', message: { kind: 'heartbeat-answer', term: 3, sentAtMs: 0 } },
    'newer-term',
  ],
  ['a newer leader', { kind: 'received', from: 'b', message: heartbeat(3, 9) }, 'newer-term'],
  ['a refused write', { kind: 'fenced' }, 'fenced'],
  ['its own stall', { kind: 'lag', lagMs: 800 }, 'own-stall'],
  ['its removal from the voters', { kind: 'voters', voters: ['b', 'c'] }, 'not-a-voter'],
])('steps down after %s', (_, event, reason) => {
  const { state, decide } = leading();
  expect(decide(event)).toContainEqual({ kind: 'deposed', reason });
  expect(isTrusted(state, 10_000)).toBe(false);
});

it('is not deposed by a heartbeat with an older fence', () => {
  const { state, receive } = leading();
  receive('b', heartbeat(1, 6));
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

it('asks nobody and writes nothing while it does not hear itself', () => {
  const { state, decide, receive } = setup();
  decide({ kind: 'tick' });
  receive('b', { kind: 'pre-vote-answer', term: 1, isGranted: true });
  receive('c', { kind: 'pre-vote-answer', term: 1, isGranted: true });
  // An echo from before this candidacy proves nothing about it.
  decide({ kind: 'echoed', sentAtMs: 9_999 });
  expect(state).toMatchObject({ role: 'pre-candidate', term: 0 });
  expect(decide({ kind: 'tick' }, electionWakeAtMs(state))).toContainEqual(
    expect.objectContaining({ kind: 'probe' }),
  );
});

it('counts what comes after it has asked again: where processes stand still, everything is late', () => {
  const { state, decide, receive } = setup();
  decide({ kind: 'tick' });
  const againAtMs = electionWakeAtMs(state);
  decide({ kind: 'tick' }, againAtMs);
  decide({ kind: 'echoed', sentAtMs: 10_000 }, againAtMs + 1);
  receive('b', { kind: 'pre-vote-answer', term: 1, isGranted: true }, againAtMs + 1);
  expect(state.role).toBe('candidate');
});

it('is not deposed for a missing quorum while it does not hear itself either, but is not trusted', () => {
  const { state, decide, receive } = leading();
  receive('b', { kind: 'heartbeat-answer', term: 1, sentAtMs: 10_000 }, 10_000);
  decide({ kind: 'echoed', sentAtMs: 10_000 }, 10_000);
  for (let nowMs = 10_200; nowMs < 60_000; nowMs += 200) decide({ kind: 'tick' }, nowMs);
  expect(state.role).toBe('leader');
  expect(isTrusted(state, 60_000)).toBe(false);
});

it('a leader that says goodbye is replaced without waiting for its silence', () => {
  const { state, receive } = setup();
  receive('b', heartbeat(2, 5), 10_000);
  const effects = receive('b', heartbeat(2, 5, { isResigning: true }), 10_100);
  expect(effects).toContainEqual({ kind: 'leader-changed', leader: undefined });
  expect(electionWakeAtMs(state)).toBeLessThanOrEqual(10_100 + electionDefaults.vacancyJitterMs);
  expect(receive('c', { kind: 'pre-vote', term: 9 }, 10_100)).toMatchObject([
    { message: { isGranted: true } },
  ]);
});

it('a leader that says goodbye is forgotten by a voter that has voted in a later term', () => {
  const { state, receive } = setup();
  receive('b', heartbeat(2, 5), 10_000);
  receive('c', { kind: 'vote', term: 3, isTransfer: false }, 12_000);
  expect(state).toMatchObject({ term: 3, leader: { node: 'b' } });
  receive('b', heartbeat(2, 5, { isResigning: true }), 12_001);
  expect(state).toMatchObject({ term: 3, leader: undefined, goneFence: 5 });
});

it('the goodbye of a newer leader ends an older leadership', () => {
  const { state, receive } = leading();
  expect(receive('b', heartbeat(2, 9, { isResigning: true }))).toContainEqual({
    kind: 'deposed',
    reason: 'newer-term',
  });
  expect(state).toMatchObject({ role: 'follower', leader: undefined, fence: 9 });
});

it('a late heartbeat of a leader that said goodbye, or whose process has ended, is ignored', () => {
  const { state, decide, receive } = setup();
  receive('b', heartbeat(2, 5, { isResigning: true }), 10_000);
  receive('b', heartbeat(2, 5), 10_100);
  expect(state.leader).toBeUndefined();
  receive('c', heartbeat(3, 6, { incarnation: 4 }), 10_200);
  decide({ kind: 'gone', node: 'c', incarnation: 3 }, 10_300);
  expect(state.leader?.node).toBe('c');
  expect(decide({ kind: 'gone', node: 'c', incarnation: 4 }, 10_300)).toContainEqual({
    kind: 'leader-changed',
    leader: undefined,
  });
  receive('c', heartbeat(3, 6, { incarnation: 4 }), 10_400);
  expect(state.leader).toBeUndefined();
});

it('does not lead with a record that is older than the record of a leader that it heard meanwhile', () => {
  const { state, decide, receive } = setup();
  decide({ kind: 'tick' });
  decide({ kind: 'echoed', sentAtMs: 10_000 });
  receive('b', { kind: 'pre-vote-answer', term: 1, isGranted: true });
  receive('b', { kind: 'vote-answer', term: 1, isGranted: true });
  receive('c', heartbeat(2, 9));
  expect(decide({ kind: 'recorded', term: 1, fence: 7 })).toEqual([]);
  expect(state).toMatchObject({ role: 'follower', leader: { node: 'c' } });
});

it('leads with a record that is newer than the record of a leader that it heard meanwhile', () => {
  const { state, decide, receive } = setup();
  decide({ kind: 'tick' });
  decide({ kind: 'echoed', sentAtMs: 10_000 });
  receive('b', { kind: 'pre-vote-answer', term: 1, isGranted: true });
  receive('b', { kind: 'vote-answer', term: 1, isGranted: true });
  receive('c', heartbeat(1, 6));
  expect(decide({ kind: 'recorded', term: 2, fence: 7 })).toMatchObject([{ kind: 'elected' }, {}]);
  expect(state.role).toBe('leader');
});

it('says goodbye for a record that was accepted after it had stopped, and does not lead', () => {
  const { state, decide } = setup();
  decide({ kind: 'stop' });
  expect(decide({ kind: 'recorded', term: 1, fence: 7 })).toMatchObject([
    { kind: 'broadcast', message: { fence: 7, isResigning: true } },
  ]);
  expect(state.role).toBe('follower');
});

it('says goodbye when it stops as a leader', () => {
  const { decide } = leading();
  expect(decide({ kind: 'stop' })).toMatchObject([
    { kind: 'broadcast', message: { term: 1, fence: 7, isResigning: true } },
    { kind: 'deposed', reason: 'stopped' },
    { kind: 'leader-changed', leader: undefined },
  ]);
});

it('is deposed by another process with its own id, and does not take its heartbeats for an echo', () => {
  const { state, receive } = leading();
  receive('a', heartbeat(1, 6, { sentAtMs: 10_000 }));
  expect(state.echoedAtMs).toBeLessThan(0);
  expect(receive('a', heartbeat(2, 8))).toContainEqual({ kind: 'deposed', reason: 'newer-term' });
});

it('follows again from the beginning when the log lost its records', () => {
  const { state, decide, receive } = leading();
  expect(decide({ kind: 'log-lost' })).toContainEqual({ kind: 'deposed', reason: 'log-lost' });
  receive('b', heartbeat(2, 1));
  expect(state.leader).toMatchObject({ node: 'b', fence: 1 });
});

it('believes an outdated leader once the newer one has been silent for four elections', () => {
  const { state, receive } = setup();
  receive('b', heartbeat(1, 50), 10_000);
  const untilMs = 10_000 + 4 * electionDefaults.electionMaxMs;
  receive('c', heartbeat(1, 3), untilMs);
  expect(state.leader?.node).toBe('b');
  receive('c', heartbeat(1, 3), untilMs + 1);
  expect(state.leader).toMatchObject({ node: 'c', fence: 3 });
});

it('sends a heartbeat at once when it is connected again', () => {
  const { state, decide } = leading();
  decide({ kind: 'tick' }, 10_000);
  decide({ kind: 'connection', connected: false }, 10_010);
  decide({ kind: 'connection', connected: true }, 10_050);
  expect(electionWakeAtMs(state)).toBe(10_050);
});

it('a lone voter campaigns at once when it is told that it is one', () => {
  const random = seededRandom(1);
  const shared = { node: 'a', incarnation: 1, electorate: 'voters', isCandidate: true } as const;
  const state = createElection({ ...shared, voters: [], config: electionDefaults, random }, 0);
  expect(decideElection(state, { kind: 'tick' }, 5_000)).toEqual([]);
  decideElection(state, { kind: 'voters', voters: ['a'] }, 6_000);
  expect(electionWakeAtMs(state)).toBe(6_000);
  expect(decideElection(state, { kind: 'tick' }, 6_000)).toEqual([{ kind: 'probe', sentAtMs: 6_000 }]);
  decideElection(state, { kind: 'echoed', sentAtMs: 6_000 }, 6_001);
  expect(state.role).toBe('chosen');
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
