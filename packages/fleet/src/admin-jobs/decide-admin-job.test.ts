import { expect, it } from 'vitest';
import type { AdminJob } from './admin-job.ts';
import { type AdminReport, decideReport, decideSubmit, type WantedJob } from './decide-admin-job.ts';

const wanted: WantedJob = {
  id: 'new',
  batch: 'b2',
  node: 'a',
  instance: 'ollama-1',
  operation: 'pull',
  model: 'm',
  request: { insecure: false },
  nowMs: 5,
};
const { nowMs: _, ...fields } = wanted;
const job = (over: Partial<AdminJob> = {}): AdminJob => ({
  v: 1,
  ...fields,
  id: 'old',
  batch: 'b1',
  state: 'running',
  steps: [{ status: 'pulling x', digest: 'x', total: 100, completed: 40 }],
  attempts: 1,
  submittedAtMs: 1,
  ...over,
});
const report = (over: Partial<AdminReport> = {}): AdminReport => ({
  key: 'k',
  id: 'old',
  event: 'progress',
  steps: [],
  ...over,
});

it.each([
  ['nothing is known', undefined],
  ['the last run is done', job({ state: 'done' })],
  ['the last run has failed', job({ state: 'failed', error: 'x' })],
])('begins a run where %s', (_name, known) => {
  expect(decideSubmit(known, wanted, new Set(['b9']))).toEqual({
    kind: 'write',
    job: { v: 1, ...fields, state: 'waiting', steps: [], attempts: 0, submittedAtMs: 5 },
  });
});

it('joins the run that is under way', () => {
  expect(decideSubmit(job({ state: 'waiting' }), wanted, new Set())).toMatchObject({
    kind: 'joined',
    job: { id: 'old' },
  });
});

it('joins what is done of a request that is not over elsewhere', () => {
  const done = job({ state: 'done' });
  expect(decideSubmit(done, wanted, new Set(['b1']))).toEqual({ kind: 'joined', job: done });
});

it('refuses to join a run with another request', () => {
  expect(decideSubmit(job({ request: { insecure: true } }), wanted, new Set())).toMatchObject({
    kind: 'differs',
  });
});

it.each([
  ['a job that was cancelled', undefined, 'a'],
  ['another run', job({ id: 'newer' }), 'a'],
  ['the job of another node', job(), 'b'],
  ['a job that is over', job({ state: 'failed' }), 'a'],
])('ends the work of a node-agent on %s', (_name, known, sender) => {
  expect(decideReport(known, report(), sender)).toEqual({ kind: 'gone' });
});

it('counts an attempt, and keeps the bytes of earlier ones', () => {
  const steps = [{ status: 'pulling x', digest: 'x', total: 100, completed: 10 }];
  expect(decideReport(job(), report({ event: 'begun', steps }), 'a')).toEqual({
    kind: 'write',
    job: job({ attempts: 2 }),
  });
});

it('writes nothing where nothing is new', () => {
  expect(decideReport(job(), report(), 'a')).toEqual({ kind: 'known' });
  expect(decideReport(job({ state: 'done' }), report({ event: 'done' }), 'a')).toEqual({ kind: 'known' });
});

it('keeps the error of a job that fails', () => {
  const failed = report({ event: 'failed', error: 'file does not exist', errorStatus: 400 });
  expect(decideReport(job(), failed, 'a')).toMatchObject({
    kind: 'write',
    job: { state: 'failed', error: 'file does not exist', errorStatus: 400 },
  });
});
