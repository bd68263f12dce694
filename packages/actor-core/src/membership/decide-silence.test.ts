import { describe, expect, it } from 'vitest';
import {
  announcing,
  decideCheck,
  decideConnection,
  initialSilence,
  isNewerProcess,
} from './decide-silence.ts';
import type { Member, MemberTable } from './member-table.ts';

function member(node: string, announcedMs: number, state: Member['state'] = 'alive'): Member {
  return {
    node,
    announcedMs,
    state,
    incarnation: 1,
    pid: 1,
    roles: ['host'],
    lagMs: 0,
    left: state === 'left',
  };
}

function tableOf(...members: readonly Member[]): MemberTable {
  return new Map(members.map((one) => [one.node, one]));
}

/** A check that runs on time at `nowMs`. */
function checkAt(nowMs: number, table: MemberTable, disconnectedAtMs?: number) {
  return decideCheck({ checkDueMs: nowMs, disconnectedAtMs }, table, 'self', nowMs);
}

describe('a check for silence', () => {
  it('reports nodes that are silent for 3 s, and neither this node nor one that announced itself since', () => {
    const table = tableOf(member('self', 0), member('silent', 1_000), member('heard', 1_001));
    expect(checkAt(4_000, table).evidence).toEqual([{ type: 'silent', nodes: ['silent'] }]);
  });

  it('forgets nodes that are gone for 10 minutes', () => {
    const table = tableOf(member('left', 0, 'left'), member('lost', 1, 'unreachable'));
    expect(checkAt(announcing.forgetMs, table).evidence).toEqual([{ type: 'forgotten', nodes: ['left'] }]);
  });

  it('reports nothing while this node is cut off from the bus', () => {
    expect(checkAt(60_000, tableOf(member('silent', 0)), 1_000).evidence).toEqual([]);
  });

  it('does not count the time in which this node stalled', () => {
    const table = tableOf(member('silent', 0));
    const late = decideCheck({ ...initialSilence(0), checkDueMs: 500 }, table, 'self', 3_200);
    expect(late.evidence).toEqual([{ type: 'grace', forMs: 2_700 }]);
    expect(late.state).toMatchObject({ checkDueMs: 3_200 + announcing.checkMs });
  });

  it('grants no grace for a check that is a little late', () => {
    const step = decideCheck(
      { ...initialSilence(0), checkDueMs: 2_600 },
      tableOf(member('silent', 0)),
      'self',
      3_050,
    );
    expect(step.evidence).toEqual([{ type: 'silent', nodes: ['silent'] }]);
  });
});

it('counts the silence of the others anew after a reconnect, and only once', () => {
  const cut = decideConnection(initialSilence(0), false, 1_000);
  expect(decideConnection(cut.state, false, 2_000).state.disconnectedAtMs).toBe(1_000);
  const back = decideConnection(cut.state, true, 3_000);
  expect(back).toMatchObject({ isBack: true, evidence: [{ type: 'reconnected' }] });
  expect(decideConnection(back.state, true, 4_000)).toMatchObject({ isBack: false, evidence: [] });
});

it('takes the higher incarnation for the newer process, and the higher process id in the same millisecond', () => {
  expect(isNewerProcess({ incarnation: 2, pid: 1 }, { incarnation: 1, pid: 9 })).toBe(true);
  expect(isNewerProcess({ incarnation: 1, pid: 9 }, { incarnation: 2, pid: 1 })).toBe(false);
  expect(isNewerProcess({ incarnation: 1, pid: 2 }, { incarnation: 1, pid: 1 })).toBe(true);
  expect(isNewerProcess({ incarnation: 1, pid: 1 }, { incarnation: 1, pid: 1 })).toBe(false);
});
