import { expect, it } from 'vitest';
import { readActorsReport } from '../output/actors-report.ts';
import { judgeActors } from './judge-actors.ts';

function judge(...nodes: readonly object[]): { ok: boolean; detail: string } {
  const report = readActorsReport({
    nodes: nodes.map((node) => ({ state: 'alive', silence: null, actors: [], ...node })),
  });
  if (report === undefined) throw new Error('the report of this test is none');
  return judgeActors(report);
}

const actor = { path: 'instances/one', parent: 'instances' };

it('finds nothing wrong where nobody is parked and everybody answers', () => {
  const left = { id: 'b', state: 'left', silence: { code: 'left', message: '' } };
  const gone = { id: 'c', state: 'unreachable', silence: { code: 'no-answer', message: '' } };
  expect(judge({ id: 'a', total: 3, actors: [{ ...actor, state: 'running' }] }, left, gone)).toEqual({
    ok: true,
    detail: '3 on 1 nodes, none parked',
  });
});

it('finds actors that are parked, and a node that is alive and does not answer', () => {
  const parked = ['w', 'x', 'y', 'z'].map((name) => ({ path: name, parent: null, state: 'parked' }));
  expect(
    judge({ id: 'a', actors: parked }, { id: 'b', silence: { code: 'no-answer', message: '' } }),
  ).toEqual({
    ok: false,
    detail: 'parked: a w, a x, a y and 1 more; no answer from b',
  });
});
