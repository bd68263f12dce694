import { expect, it } from 'vitest';
import type { StatusReport } from '../gateway-client/status-report.ts';
import { alignColumns } from './columns.ts';
import { stateText, statusSummary, statusTable } from './status-table.ts';

const report: StatusReport = {
  nodes: [
    {
      id: 'gateway-1',
      role: 'gateway',
      pid: 41,
      state: 'alive',
      incarnation: 1,
      evidenceAgeMs: 120,
      evidenceSource: 'heartbeat',
      models: [],
    },
    {
      id: 'agent-1',
      role: 'node-agent',
      pid: 42,
      state: 'alive',
      incarnation: 1,
      evidenceAgeMs: 1_260,
      evidenceSource: 'heartbeat',
      models: [
        { name: 'sim-count:latest', loaded: true, slots: 2, busy: 2, queued: 3 },
        { name: 'sim-chat:latest', loaded: false, slots: 2, busy: 0, queued: 0 },
      ],
    },
  ],
};

it('shows each node with the age and source of the evidence', () => {
  expect(alignColumns(statusTable(report))).toEqual([
    'NODE       ROLE        STATE  PID  EVIDENCE        MODELS',
    'gateway-1  gateway     alive  41   0.1s heartbeat',
    'agent-1    node-agent  alive  42   1.3s heartbeat  sim-count:latest 2/2 +3 waiting, 1 not loaded',
  ]);
});

it('sums up states without figures, so that load alone changes nothing', () => {
  expect(statusSummary(report)).toBe('gateway-1 alive · agent-1 alive (sim-count:latest)');
});

it('shows for an alive node whether its Ollama servers serve', () => {
  const refusals = [{ reason: 'answered 503: busy', inRow: 3, ageMs: 10 }];
  expect(stateText({ state: 'alive', instances: [{ state: 'ready', refusals: [] }] })).toBe('alive');
  expect(stateText({ state: 'alive', instances: [{ state: 'down' }] })).toBe('alive, ollama down');
  expect(stateText({ state: 'alive', instances: [{ state: 'ready', refusals }] })).toBe(
    'alive, ollama refuses',
  );
  expect(
    stateText({
      state: 'alive',
      instances: [{ state: 'ready', refusals }, { state: 'down' }, { state: 'ready' }],
    }),
  ).toBe('alive, 1 of 3 ollama down, 1 of 3 ollama refuses');
  expect(stateText({ state: 'unreachable', instances: [{ state: 'down' }] })).toBe('unreachable');
});

it('shows the state of the Ollama servers behind a node that is alive, and why', () => {
  const node = {
    id: 'agent-1',
    role: 'node-agent',
    pid: 1,
    state: 'alive',
    incarnation: 1,
    evidenceAgeMs: 100,
    evidenceSource: 'load-report',
  };
  const down = { name: 'one', state: 'down', reason: 'cannot connect' };
  expect(stateText({ ...node, instances: [down] })).toBe('alive, ollama down');
  expect(stateText({ ...node, instances: [down, { state: 'ready' }] })).toBe('alive, 1 of 2 ollama down');
  expect(stateText({ ...node, instances: [{ state: 'ready' }] })).toBe('alive');
  expect(stateText({ ...node, rival: { pid: 2, ageMs: 1 }, instances: [] })).toBe('alive, twin');
  expect(statusTable({ nodes: [{ ...node, instances: [down] }] })[1]?.at(-1)).toBe('one: cannot connect');
});
