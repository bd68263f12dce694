import { expect, it } from 'vitest';
import { statusLines } from './status-lines.ts';
import type { NodeStatus } from '../gateway-client/status-report.ts';

function node(id: string, role: string, models: readonly string[] = []): NodeStatus {
  return {
    id,
    role,
    pid: 41_234,
    state: 'unreachable',
    incarnation: 1,
    evidenceAgeMs: 1_260,
    evidenceSource: 'load-report',
    models: models.map((name) => ({ name, loaded: true, slots: 2, busy: 1, queued: 0 })),
  };
}

const report = {
  nodes: [node('agent-1', 'node-agent', ['llama3.2:latest', 'qwen3:8b']), node('gateway-1', 'gateway')],
};

function at(width: number): string[] {
  return statusLines(report, { width, more: '…' });
}

it('shows everything where there is room', () => {
  expect(at(Number.POSITIVE_INFINITY)).toEqual([
    'NODE       ROLE        STATE        PID    EVIDENCE          MODELS',
    'agent-1    node-agent  unreachable  41234  1.3s load-report  llama3.2:latest 1/2, qwen3:8b 1/2',
    'gateway-1  gateway     unreachable  41234  1.3s load-report',
  ]);
});

it('marks the models that do not fit', () => {
  expect(at(80)).toEqual([
    'NODE       ROLE        STATE        PID    EVIDENCE          MODELS',
    'agent-1    node-agent  unreachable  41234  1.3s load-report  llama3.2:latest 1/…',
    'gateway-1  gateway     unreachable  41234  1.3s load-report',
  ]);
});

it('leaves out the pid, then the role, and marks the header', () => {
  expect(at(70)).toEqual([
    'NODE       ROLE        STATE        EVIDENCE          MODELS …',
    'agent-1    node-agent  unreachable  1.3s load-report  llama3.2:latest…',
    'gateway-1  gateway     unreachable  1.3s load-report',
  ]);
  expect(at(59)).toEqual([
    'NODE       STATE        EVIDENCE          MODELS …',
    'agent-1    unreachable  1.3s load-report  llama3.2:latest …',
    'gateway-1  unreachable  1.3s load-report',
  ]);
});

it('keeps node, state and evidence whole on the narrowest terminal', () => {
  expect(at(44)).toEqual([
    'NODE       STATE        EVIDENCE …',
    'agent-1    unreachable  1.3s load-report',
    'gateway-1  unreachable  1.3s load-report',
  ]);
});

it.each(Array.from({ length: 100 }, (_, index) => index + 41))(
  'has no line longer than %d columns',
  (width) => {
    for (const line of at(width)) expect(line.length).toBeLessThanOrEqual(width);
  },
);

it('shows the view, each leader with term and fence, the durability and how far the memory is behind', () => {
  const cluster = {
    nodes: [],
    view: { epoch: 12, members: [] },
    groups: [
      { name: 'control', leader: 'host-1', term: 3, fence: 17, state: 'led' },
      { name: 'agents', leader: 'host-2', term: 5, fence: 90, state: 'silent' },
    ],
    durability: 'power',
    memoryLagMs: 4,
  };
  const lines = (change: object) =>
    statusLines({ ...cluster, ...change }, { width: Number.POSITIVE_INFINITY, more: '…' });
  expect(lines({}).slice(1)).toEqual([
    'view 12; control led by host-1 (term 3, fence 17); agents led by host-2 (term 5, fence 90, silent)',
    'durability power; memory 4 ms behind',
  ]);
  expect(lines({ memoryLagMs: 2_345 }).at(-1)).toBe('durability power; memory 2.3 s behind');
  expect(lines({ memoryLagMs: null }).at(-1)).toBe('durability power; memory not open yet');
});
