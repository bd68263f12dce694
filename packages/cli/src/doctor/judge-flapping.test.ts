import { expect, it } from 'vitest';
import type { NodeStatus } from '../gateway-client/status-report.ts';
import { judgeFlapping } from './judge-flapping.ts';

function node(id: string, changes?: NodeStatus['changes']): NodeStatus {
  const facts = { role: 'host', pid: 1, state: 'alive', incarnation: 1, evidenceAgeMs: 0 };
  return { id, ...facts, evidenceSource: 'heartbeat', ...(changes && { changes }) };
}

it('finds a node that is lost, or starts anew, three times in ten minutes', () => {
  const check = judgeFlapping([
    node('steady', { lost: 2, restarted: 1 }),
    node('lost', { lost: 3, restarted: 0 }),
    node('looping', { lost: 0, restarted: 5 }),
  ]);
  expect(check).toMatchObject({
    ok: false,
    detail:
      'in ten minutes lost was lost 3 times and restarted 0 times; looping was lost 0 times and restarted 5 times',
  });
  expect(check.fix).toContain('log of that node');
});

it('finds nothing with a gateway of 0.3.0, which counts no changes', () => {
  expect(judgeFlapping([node('old')])).toMatchObject({ ok: true });
});
