import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { playLong } from './long-run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drover-long-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const play = (runId: string, count: number, progress: number[]) =>
  playLong({
    first: 1,
    count,
    scenario: 'streaming',
    processes: 2,
    chunkSeeds: 1,
    runId,
    stateFile: join(folder, 'state.json'),
    onProgress: (played) => progress.push(played),
  });

it('goes on where an interrupted run of the same code stopped', { timeout: 300_000 }, async () => {
  const progress: number[] = [];
  await play('one', 2, progress);
  const { batch, repeated, differing } = await play('one', 3, progress);
  expect(progress).toEqual([1, 2, 3]);
  expect([batch.seeds, repeated, differing]).toEqual([3, 1, []]);
  await play('two', 1, progress);
  expect(progress).toEqual([1, 2, 3, 1]);
});
