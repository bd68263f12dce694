import { expect, it } from 'vitest';
import { readActorsReport } from '../gateway-client/actors-report.ts';
import type { Check } from './check.ts';
import { judgeActors } from './judge-actors.ts';

function judge(...nodes: readonly object[]): Check {
  const report = readActorsReport({
    nodes: nodes.map((node) => ({ state: 'alive', silence: null, actors: [], ...node })),
  });
  if (report === undefined) throw new Error('the report of this test is not valid');
  return judgeActors(report);
}

const actor = { path: 'instances/one', parent: 'instances' };

it('finds no fault when no actor is parked and every node that is alive answers', () => {
  const left = { id: 'b', state: 'left', silence: { code: 'left', message: '' } };
  const gone = { id: 'c', state: 'unreachable', silence: { code: 'no-answer', message: '' } };
  expect(judge({ id: 'a', total: 3, actors: [{ ...actor, state: 'running' }] }, left, gone)).toMatchObject({
    ok: true,
    detail: '3 on 1 nodes, none parked',
  });
});

it('finds parked actors, and a node that is alive and does not answer', () => {
  const parked = ['w', 'x', 'y', 'z'].map((name) => ({ path: name, parent: null, state: 'parked' }));
  expect(
    judge({ id: 'a', actors: parked }, { id: 'b', silence: { code: 'no-answer', message: '' } }),
  ).toMatchObject({
    ok: false,
    detail: 'parked: a w, a x, a y and 1 more; no answer from b',
  });
});
