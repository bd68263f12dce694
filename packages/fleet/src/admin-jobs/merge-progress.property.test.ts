import { array, assert, constantFrom, integer, nat, oneof, property, tuple } from 'fast-check';
import { expect, it } from 'vitest';
import type { AdminJob, AdminStep } from './admin-job.ts';
import { decideProgress, nothingTold } from './merge-progress.ts';
import { mergeSteps } from './merge-steps.ts';

const layer = (digest: string, completed?: number): AdminStep => ({
  status: `pulling ${digest}`,
  digest,
  total: 100,
  ...(completed !== undefined && { completed }),
});
const jobOf = (
  node: string,
  steps: readonly AdminStep[],
  state: AdminJob['state'] = 'running',
): AdminJob => ({
  v: 1,
  id: node,
  batch: 'b',
  node,
  instance: 'ollama-1',
  operation: 'pull',
  model: 'm',
  request: {},
  state,
  steps,
  attempts: 1,
  submittedAtMs: 0,
});
const manifest: AdminStep = { status: 'pulling manifest' };
const verifying: AdminStep = { status: 'verifying sha256 digest' };

it('is as far as the slowest host', () => {
  const jobs = [jobOf('a', [manifest, layer('x', 80), verifying]), jobOf('b', [manifest, layer('x', 20)])];
  expect(decideProgress(nothingTold, jobs).lines).toEqual([manifest, layer('x', 20)]);
});

it('says nothing twice', () => {
  const jobs = [jobOf('a', [manifest, layer('x')])];
  const { progress } = decideProgress(nothingTold, jobs);
  expect(decideProgress(progress, jobs).lines).toEqual([]);
});

it('tells how far the hosts came where all have failed', () => {
  const jobs = [jobOf('a', [manifest, layer('x', 100), verifying], 'failed')];
  expect(decideProgress(nothingTold, jobs).lines).toEqual([manifest, layer('x', 100), verifying]);
});

it('does not wait for a host that has failed, and takes what is done as complete', () => {
  const jobs = [
    jobOf('a', [manifest], 'failed'),
    jobOf('b', [], 'done'),
    jobOf('c', [manifest, layer('x', 60)]),
  ];
  expect(decideProgress(nothingTold, jobs).lines).toEqual([manifest, layer('x', 60)]);
});

const stepArbitrary = oneof(
  constantFrom(manifest, verifying),
  tuple(constantFrom('x', 'y', 'z'), integer({ min: 0, max: 100 })).map(([digest, completed]) =>
    layer(digest, completed),
  ),
);

it('never takes back bytes of a layer, whatever hosts report and in whatever order', () => {
  const reports = array(tuple(nat(2), array(stepArbitrary, { maxLength: 4 })), { maxLength: 40 });
  assert(
    property(reports, (all) => {
      const steps: (readonly AdminStep[])[] = [[], [], []];
      let progress = nothingTold;
      const seen = new Map<string, number>();
      const statuses = new Set<string>();
      for (const [host, newer] of all) {
        steps[host] = mergeSteps(steps[host] ?? [], newer);
        const decision = decideProgress(
          progress,
          steps.map((list, index) => jobOf(`h${index}`, list)),
        );
        progress = decision.progress;
        for (const { status, digest, completed = 0 } of decision.lines) {
          if (digest === undefined) {
            expect(statuses.has(status)).toBe(false);
            statuses.add(status);
          } else {
            expect(completed).toBeGreaterThanOrEqual(seen.get(digest) ?? 0);
            seen.set(digest, completed);
          }
        }
      }
    }),
  );
});
