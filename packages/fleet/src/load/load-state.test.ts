import type { MemberEvidence } from '@drover/actor-core/cluster';
import { describe, expect, it } from 'vitest';
import type { InstanceLoad, LoadReport } from '../protocol/load-report.ts';
import { encodeLoadReport } from '../protocol/load-report-codec.ts';
import { instanceLoad } from '../testing/evidence.ts';
import {
  createLoadState,
  decideReport,
  type LoadFacts,
  type LoadLimits,
  openPending,
  readInstances,
  type ReportDecision,
  suspectNode,
} from './load-state.ts';

const limits: LoadLimits = { maxNodes: 2, forgetNodeMs: 60_000, staleEvidenceMs: 3_000 };

function reportOf(node: string, seq: number, more: Partial<LoadReport> = {}): LoadReport {
  return { v: 1, node, incarnation: 1, seq, instances: [instanceLoad()], ...more };
}

function setup() {
  const state = createLoadState(limits);
  const members = new Map<string, Pick<MemberEvidence, 'state' | 'incarnation'>>();
  let nowMs = 1_000;
  const facts = (): LoadFacts => ({
    nowMs,
    memberOf: (node) => members.get(node) as MemberEvidence | undefined,
  });
  return {
    members,
    advance: (ms: number): void => {
      nowMs += ms;
    },
    receive: (report: LoadReport, sender = report.node): ReportDecision =>
      decideReport(state, sender, encodeLoadReport(report), facts()),
    receiveBytes: (sender: string, bytes: Uint8Array) => decideReport(state, sender, bytes, facts()),
    read: () => readInstances(state, facts()),
    open: () => openPending(state, readInstances(state, facts())[0] ?? expect.fail('no instance')),
    suspect: (node: string) => suspectNode(state, node),
    counters: state.counters,
  };
}

const busyOf = (instances: readonly { readonly load: InstanceLoad }[]): number[] =>
  instances.map(({ load }) => load.busy);

describe('a report', () => {
  it('is accepted if it is newer than the known report of its node', () => {
    const { receive, read, counters } = setup();
    expect(receive(reportOf('a', 5))).toMatchObject({ kind: 'accepted', report: { seq: 5 } });
    expect(receive(reportOf('a', 5, { instances: [instanceLoad({ busy: 2 })] }))).toEqual({
      kind: 'ignored',
    });
    expect(
      receive(reportOf('a', 1, { incarnation: 2, instances: [instanceLoad({ busy: 1 })] })),
    ).toMatchObject({ kind: 'accepted' });
    expect(receive(reportOf('a', 9))).toEqual({ kind: 'ignored' });
    expect(busyOf(read())).toEqual([1]);
    expect(counters).toEqual({ bad: 0, stale: 2, overflow: 0 });
  });

  it('is accepted when its last page has arrived', () => {
    const { receive, read } = setup();
    expect(receive(reportOf('a', 1, { page: 0, pages: 2, instances: [] }))).toEqual({ kind: 'incomplete' });
    expect(read()).toEqual([]);
    expect(receive(reportOf('a', 1, { page: 1, pages: 2 }))).toMatchObject({ kind: 'accepted' });
    expect(read()).toHaveLength(1);
  });

  it('is ignored with one warning a node if it is unreadable or names another node', () => {
    const { receive, receiveBytes, counters } = setup();
    expect(receiveBytes('a', Buffer.from('garbage'))).toEqual({
      kind: 'ignored',
      warning: expect.any(String) as string,
    });
    expect(receiveBytes('a', Buffer.from('garbage'))).toEqual({ kind: 'ignored', warning: undefined });
    expect(receive(reportOf('a', 1), 'b')).toEqual({ kind: 'ignored', warning: 'names the node a' });
    expect(counters.bad).toBe(3);
  });

  it('of one node too many is accepted only after another node was forgotten', () => {
    const { receive, advance, read, counters } = setup();
    receive(reportOf('a', 1));
    receive(reportOf('b', 1));
    expect(receive(reportOf('c', 1))).toMatchObject({ kind: 'ignored', warning: 'more than 2 nodes report' });
    advance(60_000);
    expect(receive(reportOf('c', 2))).toMatchObject({ kind: 'accepted' });
    expect(read().map(({ node }) => node)).toEqual(['c']);
    expect(counters.overflow).toBe(1);
  });
});

describe('an instance', () => {
  it('is alive while presence shows the incarnation that reported as alive', () => {
    const { receive, read, members } = setup();
    receive(reportOf('a', 1));
    const alive = (): boolean | undefined => read()[0]?.alive;
    for (const [state, incarnation, expected] of [
      ['alive', 1, true],
      ['unreachable', 1, false],
      ['left', 1, false],
      ['alive', 2, false],
    ] as const) {
      members.set('a', { state, incarnation });
      expect(alive(), `${state} ${incarnation}`).toBe(expected);
    }
  });

  it('of a node that presence does not know yet is alive while its report is fresh', () => {
    const { receive, read, advance, members } = setup();
    receive(reportOf('a', 1, { incarnation: 2 }));
    members.set('a', { state: 'left', incarnation: 1 });
    expect(read()[0]?.alive).toBe(true);
    advance(3_001);
    expect(read()[0]).toMatchObject({ alive: false, ageMs: 3_001 });
  });

  it('is kept for as long as its node is alive, however old its report is', () => {
    const { receive, read, advance, members } = setup();
    receive(reportOf('a', 1));
    members.set('a', { state: 'alive', incarnation: 1 });
    advance(100_000);
    expect(read()).toHaveLength(1);
    members.set('a', { state: 'left', incarnation: 1 });
    expect(read()).toEqual([]);
  });

  it('is suspect until the next report of its node', () => {
    const { receive, read, suspect } = setup();
    receive(reportOf('a', 1));
    suspect('a');
    suspect('unknown');
    expect(read()[0]?.suspect).toBe(true);
    receive(reportOf('a', 2));
    expect(read()[0]?.suspect).toBe(false);
  });

  it('counts pending requests of the incarnation that reported, and forgets them with that incarnation', () => {
    const { receive, read, open } = setup();
    receive(reportOf('a', 1));
    const request = open();
    expect(read()[0]?.pending).toBe(1);
    receive(reportOf('a', 1, { incarnation: 2 }));
    request.release();
    expect(read()[0]?.pending).toBe(0);
  });
});
