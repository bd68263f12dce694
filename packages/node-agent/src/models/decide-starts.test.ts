import { type AdminJob, adminJobKey } from '@drover/fleet';
import { expect, it } from 'vitest';
import { decideStarts } from './decide-starts.ts';

const job = (model: string, operation: AdminJob['operation'] = 'pull', instance = 'o'): AdminJob => ({
  v: 1,
  id: `${operation}-${model}`,
  batch: 'b',
  node: 'a',
  instance,
  operation,
  model,
  request: {},
  state: 'waiting',
  steps: [],
  attempts: 0,
  submittedAtMs: 0,
});
const running = (...jobs: AdminJob[]) => new Map(jobs.map((one) => [adminJobKey(one), one]));

it('pulls two models at a time into one Ollama, the oldest first', () => {
  const [a, b, c] = [job('a'), job('b'), job('c')];
  expect(decideStarts([a, b, c], running())).toEqual([a, b]);
  expect(decideStarts([a, b, c], running(a))).toEqual([b]);
});

it('lets neither another Ollama nor a short operation wait for downloads', () => {
  const busy = running(job('a'), job('b'));
  const [other, copy] = [job('c', 'pull', 'p'), job('d', 'copy')];
  expect(decideStarts([job('c'), other, copy], busy)).toEqual([other, copy]);
});
