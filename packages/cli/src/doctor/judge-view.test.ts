import { expect, it } from 'vitest';
import type { NodeStatus, StatusReport, ViewMember } from '../gateway-client/status-report.ts';
import { clusterLine, controlFaults, statusTable } from '../output/status-table.ts';
import { judgeView } from './judge-view.ts';

const node = (id: string, state = 'alive', incarnation = 1): NodeStatus => ({
  id,
  role: 'host',
  pid: 1,
  state,
  incarnation,
  evidenceAgeMs: 0,
  evidenceSource: 'heartbeat',
});
const member = (id: string, state = 'up', version = '0.4.0'): ViewMember => ({
  id,
  incarnation: 1,
  state,
  version,
});
const led = [{ name: 'control', leader: 'a', state: 'led' }];
const reportOf = (nodes: NodeStatus[], members: ViewMember[], groups = led): StatusReport => ({
  nodes,
  groups,
  view: { epoch: 4, members },
});
const faults = (report: StatusReport) =>
  judgeView(report).flatMap(({ check, ok, detail }) => (ok ? [] : [`${check}: ${detail}`]));

it('finds no fault in a view whose members are all heard', () => {
  const checks = judgeView(reportOf([node('a'), node('b')], [member('a'), member('b'), member('c', 'left')]));
  expect(checks.map(({ check, ok, detail }) => [check, ok, detail])).toEqual([
    ['control', true, 'a leads, view 4'],
    ['view', true, '2 members, all of them are heard'],
    ['versions', true, '0.4.0'],
  ]);
});

it('reports a missing and a silent control leader', () => {
  expect(faults({ nodes: [], groups: [{ name: 'control', state: 'vacant' }] })).toEqual([
    'control: no control leader was ever heard',
  ]);
  const silent = reportOf([], [], [{ name: 'control', leader: 'a', state: 'silent' }]);
  expect(faults(silent)).toEqual(['control: the control leader a is silent']);
  expect(controlFaults(silent)).toEqual([
    'CONTROL the leader a is silent: no node is admitted or declared dead',
  ]);
  expect(controlFaults(reportOf([], []))).toEqual([]);
});

it('names members that are unreachable and not dead, nodes outside the view, and dead nodes that run', () => {
  const nodes = [node('a'), node('b', 'unreachable'), node('c'), node('d'), node('e', 'unreachable')];
  const members = [member('a'), member('b'), member('c', 'dead'), member('e', 'dead')];
  expect(faults(reportOf(nodes, members))).toEqual([
    'view: b is unreachable but not declared dead; c is declared dead but still runs: it has to join again; ' +
      'd is not in the view (release 0.3.0, or just joining)',
  ]);
});

it('tells mixed versions, which are no fault during an upgrade', () => {
  const members = [member('a'), member('b', 'up', '0.3.1'), member('c', 'dead', '0.1.0')];
  const report = reportOf([node('a'), node('b')], members);
  expect(judgeView(report).at(-1)).toMatchObject({
    check: 'versions',
    ok: true,
    detail: 'mixed: 0.4.0 (a); 0.3.1 (b)',
  });
});

it('checks nothing where the gateway reports no groups', () => {
  expect(judgeView({ nodes: [node('a')] })).toEqual([]);
});

it('shows the state of the view beside that of the node where they differ', () => {
  const nodes = [node('a'), node('b'), node('c', 'unreachable'), node('d', 'left')];
  const members = [member('a'), member('b', 'draining'), member('c', 'dead'), member('d', 'left')];
  const states = statusTable(reportOf(nodes, members)).map((row) => row[2]);
  expect(states).toEqual(['STATE', 'alive', 'alive, draining', 'unreachable, dead', 'left']);
});

it('shows the view and the leader of each group in one line', () => {
  const groups = [
    { name: 'control', leader: 'a', term: 2, state: 'led' },
    { name: 'agents', state: 'vacant' },
  ];
  expect(clusterLine(reportOf([], [], groups as typeof led))).toEqual([
    'view 4; control led by a (term 2); agents led by nobody (vacant)',
  ]);
  expect(clusterLine({ nodes: [], groups })).toEqual([]);
});

it('says what to do about a node that only is not in the view', () => {
  const checks = judgeView(reportOf([node('a'), node('old')], [member('a')]));
  expect(checks.find(({ check }) => check === 'view')).toMatchObject({
    ok: false,
    fix: expect.stringContaining('once it is upgraded') as string,
  });
});
