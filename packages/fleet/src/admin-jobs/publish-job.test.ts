import { expect, it } from 'vitest';
import type { AdminJob } from './admin-job.ts';
import { publishJob } from './publish-job.ts';

const job: AdminJob = {
  v: 1,
  id: 'j',
  batch: 'b',
  node: 'n',
  instance: 'i',
  operation: 'pull',
  model: 'm',
  request: {},
  state: 'waiting',
  steps: [
    { status: 'pulling', digest: 'a', total: 10, completed: 4 },
    { status: 'pulling', digest: 'b', total: 5, completed: 5 },
  ],
  attempts: 0,
  submittedAtMs: 0,
};

it.each([
  [{}, 'model.job-submitted', {}],
  [{ state: 'running', attempts: 1 }, 'model.job-progress', { completedBytes: 9, totalBytes: 15 }],
  [{ state: 'waiting', attempts: 1 }, 'model.job-progress', { completedBytes: 9, totalBytes: 15 }],
  [{ state: 'done', attempts: 1 }, 'model.job-finished', { state: 'done', attempts: 1 }],
  [
    { state: 'failed', attempts: 2, error: 'no' },
    'model.job-finished',
    { state: 'failed', attempts: 2, error: 'no' },
  ],
] as const)('says of a job with %j: %s', (change, type, facts) => {
  const told: unknown[] = [];
  const publish = (...one: unknown[]): string => {
    told.push(one);
    return '';
  };
  const events = { publish, stats: { published: 0, dropped: 0, waiting: 0 }, close: () => Promise.resolve() };
  publishJob(events, { ...job, ...change });
  const payload = { job: 'j', operation: 'pull', model: 'm', node: 'n', instance: 'i', ...facts };
  expect(told).toEqual([[type, { targets: ['job/j', 'model/m', 'node/n'], payload }]]);
});
