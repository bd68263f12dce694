import { describe, expect, it } from 'vitest';
import { decideLeadership, initialLeadership, mayAct } from './decide-leadership.ts';
import type { LeadershipEvent, LeadershipState } from './leadership-state.ts';

/** One line per step: the instant, the event, the role after it, and the effects. */
function transcript(
  steps: [nowMs: number, event: LeadershipEvent][],
  start: LeadershipState = initialLeadership('a', 7, true, 2_000, 0),
): { lines: string[]; state: LeadershipState } {
  let state = start;
  const lines = steps.map(([nowMs, event]) => {
    const step = decideLeadership(state, event, nowMs, 0);
    state = step.state;
    const effects = step.effects.map((effect) => {
      if (effect.type === 'campaign') return `campaign t${effect.term} over #${effect.expectedSequence}`;
      if (effect.type === 'announce')
        return `announce t${effect.term} #${effect.fence}${effect.isResigning ? ' resigning' : ''}`;
      return effect.type;
    });
    return `${nowMs} ${event.type}: ${state.role}${effects.length === 0 ? '' : ` → ${effects.join(', ')}`}`;
  });
  return { lines, state };
}

const announced = (term: number, fence: number, from = 'b', isResigning = false): LeadershipEvent => ({
  type: 'announced',
  from,
  incarnation: 3,
  term,
  fence,
  isResigning,
});
const record = (term: number, sequence: number, leader = 'b', incarnation = 3): LeadershipEvent => ({
  type: 'read',
  record: { leader, incarnation, term, sequence },
});
const leading: [number, LeadershipEvent][] = [
  [0, { type: 'tick' }],
  [1, { type: 'read', record: undefined }],
  [2, { type: 'won', term: 1, fence: 1 }],
];

describe('leadership', () => {
  it('of a new group goes to the first candidate that writes the record, and is announced', () => {
    expect(
      transcript([...leading, [100, { type: 'tick' }], [600, { type: 'tick' }], [700, { type: 'tick' }]])
        .lines,
    ).toEqual([
      '0 tick: follower → read',
      '1 read: candidate → campaign t1 over #0',
      '2 won: leader → announce t1 #1, changed',
      '100 tick: leader',
      '600 tick: leader → announce t1 #1',
      '700 tick: leader',
    ]);
  });

  it('of a silent leader is respected for a lease, and then taken over by compare-and-set on its record', () => {
    expect(
      transcript([
        [0, { type: 'tick' }],
        [1, record(4, 40)],
        [2_000, { type: 'tick' }],
        [2_001, { type: 'tick' }],
        [2_002, record(4, 40)],
        [2_003, { type: 'won', term: 5, fence: 41 }],
      ]).lines,
    ).toEqual([
      '0 tick: follower → read',
      '1 read: follower',
      '2000 tick: follower',
      '2001 tick: follower → read',
      '2002 read: candidate → campaign t5 over #40',
      '2003 won: leader → announce t5 #41, changed',
    ]);
  });

  it('is not disputed while heartbeats of the leader arrive', () => {
    expect(
      transcript([
        [0, { type: 'tick' }],
        [1, record(4, 40)],
        [1_500, announced(4, 40)],
        [3_000, { type: 'tick' }],
        [3_400, announced(4, 40)],
        [5_000, { type: 'tick' }],
      ]).lines.slice(2),
    ).toEqual([
      '1500 announced: follower → changed',
      '3000 tick: follower',
      '3400 announced: follower',
      '5000 tick: follower',
    ]);
  });

  it('stays with the node that wrote first when the compare-and-set fails', () => {
    expect(
      transcript([
        [0, { type: 'tick' }],
        [1, { type: 'read', record: undefined }],
        [2, { type: 'lost' }],
        [3, record(1, 1)],
        [2_002, { type: 'tick' }],
      ]).lines.slice(2),
    ).toEqual(['2 lost: follower → read', '3 read: follower', '2002 tick: follower']);
  });

  it('is found in the record when the outcome of the write was unknown', () => {
    expect(
      transcript([
        [0, { type: 'tick' }],
        [1, { type: 'read', record: undefined }],
        [5_000, { type: 'unknown' }],
        [5_300, { type: 'tick' }],
        [5_301, record(1, 1, 'a', 7)],
      ]).lines.slice(2),
    ).toEqual([
      '5000 unknown: follower',
      '5300 tick: follower → read',
      '5301 read: leader → announce t1 #1, changed',
    ]);
  });

  it('of an earlier incarnation of this node is taken over at once', () => {
    expect(
      transcript([
        [0, { type: 'tick' }],
        [1, record(4, 40, 'a', 6)],
      ]).lines[1],
    ).toBe('1 read: candidate → campaign t5 over #40');
  });

  it.each([
    ['left the cluster', { type: 'member', node: 'b', state: 'left', incarnation: 3 }],
    ['came back in a newer incarnation', { type: 'member', node: 'b', state: 'alive', incarnation: 4 }],
    ['resigned', announced(4, 40, 'b', true)],
  ] as [string, LeadershipEvent][])('is checked at once in the record when the leader %s', (_, event) => {
    expect(
      transcript([
        [0, { type: 'tick' }],
        [1, record(4, 40)],
        [100, announced(4, 40)],
        [200, event],
        [201, { type: 'tick' }],
        [202, record(4, 40)],
      ]).lines.slice(3),
    ).toEqual([
      expect.stringMatching(/follower → changed$/),
      '201 tick: follower → read',
      '202 read: candidate → campaign t5 over #40',
    ]);
  });

  it('is not disputed for a member that is merely unreachable', () => {
    expect(
      transcript([
        [0, { type: 'tick' }],
        [1, record(4, 40)],
        [100, announced(4, 40)],
        [200, { type: 'member', node: 'b', state: 'unreachable', incarnation: 3 }],
        [300, { type: 'tick' }],
      ]).lines.slice(3),
    ).toEqual(['200 member: follower', '300 tick: follower']);
  });

  it('ends when a newer leader announces itself, and an older one is ignored', () => {
    expect(
      transcript([...leading, [10, announced(2, 9)], [20, announced(1, 1, 'c')]]).lines.slice(3),
    ).toEqual(['10 announced: follower → changed', '20 announced: follower']);
  });

  it('ends when a write is rejected, and the record names the successor', () => {
    expect(
      transcript([...leading, [10, { type: 'rejected', fence: 1 }], [11, record(2, 9)]]).lines.slice(3),
    ).toEqual(['10 rejected: follower → read, changed', '11 read: follower']);
  });

  it('is not ended by a rejection of an older fence', () => {
    const { lines } = transcript([
      ...leading,
      [10, { type: 'connection', isConnected: false }],
      [1_700, { type: 'tick' }],
      [2_200, { type: 'connection', isConnected: true }],
      [4_300, { type: 'tick' }],
      [4_301, record(1, 1)],
      [9_000, { type: 'tick' }],
      [9_001, record(1, 1)],
      [9_002, { type: 'won', term: 2, fence: 5 }],
      [9_003, { type: 'rejected', fence: 1 }],
    ]);
    expect(lines.at(-1)).toBe('9003 rejected: leader');
  });

  it('survives a short disconnection and ends after a lease; an unchanged record is taken up again', () => {
    expect(
      transcript([
        ...leading,
        [100, { type: 'connection', isConnected: false }],
        [1_000, { type: 'connection', isConnected: true }],
        [1_050, { type: 'tick' }],
      ]).lines.slice(4),
    ).toEqual(['1000 connection: leader → announce t1 #1', '1050 tick: leader']);
    const cut = transcript([
      ...leading,
      [100, { type: 'connection', isConnected: false }],
      [1_600, { type: 'tick' }],
      [1_700, { type: 'tick' }],
      [5_000, { type: 'connection', isConnected: true }],
      [7_000, { type: 'tick' }],
      [7_001, record(1, 1, 'a', 7)],
    ]);
    expect(cut.lines.slice(4)).toEqual([
      '1600 tick: leader',
      '1700 tick: follower → changed',
      '5000 connection: follower',
      '7000 tick: follower → read',
      '7001 read: leader → announce t1 #1, changed',
    ]);
  });

  it('does not allow acting after a lease without connection or a stall, even before the next tick', () => {
    const { state } = transcript(leading);
    expect(mayAct(state, 1_000)).toBe(true);
    expect(mayAct(state, 2_002)).toBe(false);
    const cut = transcript([
      ...leading,
      [100, { type: 'connection', isConnected: false }],
      [1_600, { type: 'tick' }],
    ]).state;
    expect([mayAct(cut, 1_601), mayAct(cut, 1_602)]).toEqual([true, false]);
  });

  it('is confirmed by the record after a stall before it acts again', () => {
    const stalled = transcript([...leading, [6_000, { type: 'tick' }]]);
    expect(stalled.lines.at(-1)).toBe('6000 tick: leader → read, changed');
    expect(mayAct(stalled.state, 6_000)).toBe(false);
    expect(mayAct(transcript([[6_001, record(1, 1, 'a', 7)]], stalled.state).state, 6_002)).toBe(true);
    expect(transcript([[6_001, record(2, 9)]], stalled.state).lines).toEqual([
      '6001 read: follower → changed',
    ]);
    expect(
      transcript(
        [
          [6_001, { type: 'read-failed' }],
          [6_300, { type: 'tick' }],
        ],
        stalled.state,
      ).lines,
    ).toEqual(['6001 read-failed: leader', '6300 tick: leader → read']);
  });

  it('is given up for good by resigning', () => {
    expect(
      transcript([
        ...leading,
        [10, { type: 'resign' }],
        [20, { type: 'tick' }],
        [9_000, { type: 'tick' }],
      ]).lines.slice(3),
    ).toEqual([
      '10 resign: resigned → announce t1 #1 resigning, changed',
      '20 tick: resigned',
      '9000 tick: resigned',
    ]);
  });

  it('is not taken when the write succeeds after resigning', () => {
    expect(
      transcript([
        [0, { type: 'tick' }],
        [1, { type: 'read', record: undefined }],
        [2, { type: 'resign' }],
        [3, { type: 'won', term: 1, fence: 1 }],
      ]).lines.slice(2),
    ).toEqual(['2 resign: resigned', '3 won: resigned → announce t1 #1 resigning']);
  });

  it('is followed and never taken by a node that is no candidate', () => {
    expect(
      transcript(
        [
          [0, { type: 'tick' }],
          [10, announced(3, 30)],
          [5_000, { type: 'tick' }],
        ],
        initialLeadership('g', 1, false, 2_000, 0),
      ).lines,
    ).toEqual(['0 tick: follower', '10 announced: follower → changed', '5000 tick: follower → changed']);
  });
});
