import { expect, it } from 'vitest';
import { seededRandom } from '../../random/seeded-random.ts';
import { electionDefaults } from './election-config.ts';
import type { ElectionMessage, Heartbeat } from './election-message.ts';
import {
  createElection,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionState,
} from './election-state.ts';
import { decideElection, electionWakeAtMs } from './election.ts';
import { isTrusted } from './trust-window.ts';

/** Candidate `a` of a group without voters. */
function setup(isCandidate = true): {
  readonly state: ElectionState;
  readonly decide: (event: ElectionEvent, nowMs?: number) => readonly ElectionEffect[];
  readonly receive: (from: string, message: ElectionMessage, nowMs?: number) => readonly ElectionEffect[];
} {
  const random = seededRandom(1);
  const shared = { node: 'a', incarnation: 1, electorate: 'candidates', voters: [], isCandidate } as const;
  const state = createElection({ ...shared, config: electionDefaults, random }, 0);
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

it('of a new group begins within a short random time, once the candidate hears itself', () => {
  const { state, decide } = setup();
  decide({ kind: 'known', term: 0, fence: 0, isOver: true }, 100);
  expect(electionWakeAtMs(state)).toBeLessThanOrEqual(100 + electionDefaults.vacancyJitterMs);
  expect(decide({ kind: 'tick' })).toEqual([{ kind: 'probe', sentAtMs: 10_000 }]);
  expect(decide({ kind: 'echoed', sentAtMs: 10_000 })).toEqual([{ kind: 'record', term: 1 }]);
  expect(decide({ kind: 'recorded', term: 1, fence: 7 })).toMatchObject([{ kind: 'elected' }, {}]);
});

it('against a recorded leader begins only after its silence', () => {
  const { state, decide } = setup();
  decide({ kind: 'known', term: 3, fence: 7, isOver: false }, 100);
  expect(electionWakeAtMs(state)).toBeGreaterThanOrEqual(100 + electionDefaults.electionMinMs);
});

it('does not begin while heartbeats of the leader arrive', () => {
  const { state, decide, receive } = setup();
  for (let nowMs = 10_000; nowMs < 20_000; nowMs += 200) {
    receive('b', heartbeat(1, 4), nowMs);
    expect(decide({ kind: 'tick' }, nowMs + 199)).toEqual([]);
  }
  expect(state.leader?.node).toBe('b');
});

it('ends when a leader is heard before the record is written', () => {
  const { state, decide, receive } = setup();
  decide({ kind: 'tick' });
  decide({ kind: 'echoed', sentAtMs: 10_000 });
  receive('b', heartbeat(1, 4));
  expect(state.role).toBe('follower');
  decide({ kind: 'not-recorded', term: 1, fence: 4 });
  expect(state.leader?.node).toBe('b');
});

it('that is lost raises no term, so that the winner is followed', () => {
  const { state, decide, receive } = setup();
  decide({ kind: 'tick' });
  decide({ kind: 'echoed', sentAtMs: 10_000 });
  decide({ kind: 'not-recorded', term: 1, fence: 4 });
  receive('b', heartbeat(1, 4));
  expect(state).toMatchObject({ term: 1, leader: { node: 'b' } });
});

it('is trusted for 0.8 of the shortest election after the heartbeat that came back was sent', () => {
  const { state, decide, receive } = setup();
  decide({ kind: 'tick' });
  decide({ kind: 'echoed', sentAtMs: 10_000 });
  decide({ kind: 'recorded', term: 1, fence: 7 });
  expect(isTrusted(state, 10_000)).toBe(false);
  receive('a', heartbeat(1, 7, { sentAtMs: 10_000 }), 10_500);
  expect(isTrusted(state, 10_959)).toBe(true);
  expect(isTrusted(state, 10_960)).toBe(false);
});

it('goes on as a leader after a stall, for there may be nobody else', () => {
  const { state, decide } = setup();
  decide({ kind: 'tick' });
  decide({ kind: 'echoed', sentAtMs: 10_000 });
  decide({ kind: 'recorded', term: 1, fence: 7 });
  decide({ kind: 'lag', lagMs: 5_000 });
  expect(state.role).toBe('leader');
  expect(isTrusted(state, 15_000)).toBe(false);
});

it('begins at once when the leader hands over to this node, and not to another one', () => {
  const { state, receive } = setup();
  receive('b', heartbeat(1, 4, { handsOverTo: 'c' }));
  expect(state.role).toBe('follower');
  expect(receive('b', heartbeat(1, 4, { handsOverTo: 'a' }))).toEqual([{ kind: 'record', term: 2 }]);
  expect(state.role).toBe('chosen');
});

it('never begins on a node that is no candidate', () => {
  const { decide, receive } = setup(false);
  expect(decide({ kind: 'tick' }, 60_000)).toEqual([]);
  receive('b', heartbeat(1, 4), 60_000);
  expect(receive('b', heartbeat(1, 4, { handsOverTo: 'a' }), 60_100)).toEqual([]);
  expect(decide({ kind: 'tick' }, 120_000)).toEqual([{ kind: 'leader-changed', leader: undefined }]);
});
