import { expect, it } from 'vitest';
import { directoryWithAgent } from '../testing/test-directory.ts';
import { metricsAnswer, workOf } from './agent-metrics.ts';

function completed(durationMs: number) {
  const usage = { promptTokens: 2, completionTokens: 3, durationMs };
  return { outcome: { status: 'completed', output: '', usage } } as const;
}

it('counts runs by their ends, and sums up the tokens and durations of completed runs alone', () => {
  const lost = { outcome: { status: 'failed', code: 'agent-lost', message: 'gone' } } as const;
  const work = workOf([completed(10), completed(30), lost, lost, { outcome: undefined }]);
  expect(work).toEqual({
    runs: { running: 1, completed: 2, failed: 2, failedBy: { 'agent-lost': 2 } },
    tokens: { prompt: 4, completion: 6 },
    durationMs: { mean: 20, p50: 10, p95: 30, max: 30 },
  });
});

it('states no duration without a completed run', () => {
  expect(workOf([{ outcome: undefined }]).durationMs).toBeNull();
});

it('counts the recorded runs of the asked agent', () => {
  const { submit, written, settle, state } = directoryWithAgent();
  submit('a1', 'r1');
  submit('a1', 'r2');
  written(3);
  settle('r1');
  expect(metricsAnswer(state, 'a1')).toMatchObject({
    kind: 'metrics',
    metrics: {
      id: 'a1',
      runs: { running: 1, completed: 1 },
      tokens: { prompt: 1, completion: 2 },
      restarts: 0,
    },
  });
  expect(metricsAnswer(state, 'a2')).toMatchObject({ kind: 'error', code: 'agent-not-found' });
});

it('knows no metrics of an agent of another tenant', () => {
  const { decide } = directoryWithAgent();
  const ask = (tenant: string) => decide({ type: 'metrics', id: 'a1', tenant, replyTo: 'c' });
  expect(ask('default')).toEqual(['answer c metrics']);
  expect(ask('rival')).toEqual(['answer c error agent-not-found']);
});
