import { describe, expect, it } from 'vitest';
import { readWhyReport, whyText } from './why-text.ts';

const parts = {
  queueMs: 0,
  loadMs: 0,
  loaded: true,
  slots: 2,
  busy: 1,
  queued: 3,
  pending: 0,
  evidenceAgeMs: 10,
};
const answer = {
  requestId: 'r1',
  model: 'm:latest',
  residencyKey: null,
  chosen: { node: 'agent-2', instance: 'ollama-1' },
  candidates: [
    { node: 'agent-2', instance: 'ollama-1', cost: 0, parts, reason: 'chosen' },
    { node: 'agent-1', instance: 'ollama-1', cost: null, parts, reason: 'it was tried before' },
  ],
  attempts: [
    {
      node: 'agent-1',
      instance: 'ollama-1',
      startedMs: 0,
      endedMs: 4,
      outcome: 'refused',
      status: 503,
      message: 'busy',
    },
    { node: 'agent-2', instance: 'ollama-1', startedMs: 4, endedMs: null, outcome: 'running' },
  ],
  outcome: 'running',
  ageMs: 1_240,
};

describe('the decisions of a request as text', () => {
  it('show each attempt and each candidate with its reason', () => {
    const report = readWhyReport(answer);
    expect(report === undefined ? [] : whyText(report)).toEqual([
      'request r1 for m:latest went to ollama-1 on agent-2: running, came 1.2 s ago',
      '',
      'attempts',
      'HOST              FROM  TO    OUTCOME  DETAIL',
      'agent-1/ollama-1  0 ms  4 ms  refused  503 busy',
      'agent-2/ollama-1  4 ms  -     running',
      '',
      'candidates at the last decision',
      'HOST              WAIT  BUSY  QUEUED  REASON',
      'agent-2/ollama-1  0 ms  1/2   3       chosen',
      'agent-1/ollama-1  -     1/2   3       it was tried before',
    ]);
  });

  it('include the error of a request that went to no host', () => {
    const error = { code: 'model-not-found', message: 'no instance lists\u001b[2J x' };
    const report = readWhyReport({
      ...answer,
      chosen: null,
      candidates: [],
      attempts: [],
      outcome: 'failed',
      error,
    });
    expect(report === undefined ? [] : whyText(report)).toEqual([
      'request r1 for m:latest went to no host: failed, came 1.2 s ago',
      'error model-not-found: no instance lists [2J x',
    ]);
  });

  it('are not read from another answer', () => {
    expect(readWhyReport({ nodes: [] })).toBeUndefined();
  });
});
