import { expect, it } from 'vitest';
import type { NodeStatus } from '../gateway-client/status-report.ts';
import { judgeNodes } from './judge-nodes.ts';

function node(id: string, role: string, more: Partial<NodeStatus> = {}): NodeStatus {
  return {
    id,
    role,
    pid: 1,
    state: 'alive',
    incarnation: 1,
    evidenceAgeMs: 100,
    evidenceSource: 'heartbeat',
    models: [],
    instances: [],
    ...more,
  };
}

const model = { name: 'llama3.2:latest', loaded: false, slots: 1, busy: 0, queued: 0 };
const healthy = [
  node('gateway-1', 'gateway'),
  node('host-1', 'host'),
  node('agent-1', 'node-agent', { models: [model], instances: [{ state: 'ready' }] }),
];

function faults(nodes: readonly NodeStatus[]): string[] {
  return judgeNodes({ nodes })
    .filter((check) => !check.ok)
    .map((check) => check.check);
}

it('finds nothing wrong with a healthy fleet', () => {
  expect(faults(healthy)).toEqual([]);
});

it('finds nothing wrong with a node that left in order', () => {
  const left = node('agent-2', 'node-agent', { state: 'left', evidenceAgeMs: 60_000 });
  expect(faults([...healthy, left])).toEqual([]);
});

it('finds a node that is unreachable', () => {
  expect(faults([...healthy, node('agent-2', 'node-agent', { state: 'unreachable' })])).toEqual(['nodes']);
});

it('finds a host whose Ollama does not serve', () => {
  const down = node('agent-2', 'node-agent', { instances: [{ state: 'down' }] });
  expect(faults([...healthy, down])).toEqual(['hosts']);
});

it('finds a fleet without models and without an agent host', () => {
  const empty = node('agent-1', 'node-agent', { instances: [{ state: 'ready' }] });
  expect(faults([node('gateway-1', 'gateway'), empty])).toEqual(['models', 'agents']);
});

it('finds one Ollama that is down beside another that serves, and gives the reason', () => {
  const half = node('agent-2', 'node-agent', {
    models: [model],
    instances: [
      { name: 'one', state: 'ready' },
      { name: 'two', state: 'down', reason: 'cannot connect (ECONNREFUSED)' },
    ],
  });
  const hosts = judgeNodes({ nodes: [...healthy, half] }).find(({ check }) => check === 'hosts');
  expect(hosts).toMatchObject({
    ok: false,
    detail: 'not ready: two on agent-2 is down (cannot connect (ECONNREFUSED))',
  });
});

it.each([
  [1_000, ['names']],
  [60_000, []],
])('finds two processes of one node id: the last announcement of the second is %d ms old', (ageMs, found) => {
  const twin = node('agent-2', 'node-agent', { rival: { pid: 7, ageMs }, instances: [{ state: 'ready' }] });
  expect(faults([...healthy, twin])).toEqual(found);
});
