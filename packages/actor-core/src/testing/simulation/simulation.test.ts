import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { playBatch, shortfalls } from './batch.ts';
import { playApart, playSideBySide } from './batch-process.ts';
import { playSeed } from './play-seed.ts';
import { scenarioNames } from './workloads.ts';

// The short form; `npm run simulate` plays a thousand seeds and replays single ones.
const seeds = 30;
/** Reads that a barrier refutes occur in one seed of twenty, and not in the first sixty. */
const firstSeed = 61;

it(`keeps every guarantee under faults, for each of ${seeds} seeds`, { timeout: 300_000 }, async () => {
  const order = { first: firstSeed, count: seeds, scenario: 'all', stopsAtBreak: false };
  const batch = await playSideBySide(order, availableParallelism());
  const replays = batch.broken.map(({ seed, broken }) => `npm run simulate -- --seed ${seed}: ${broken[0]}`);
  expect(replays).toEqual([]);
  expect(shortfalls(batch)).toEqual([]);
});

it('replays a seed exactly, in this process and in another one', { timeout: 120_000 }, async () => {
  const order = { first: 7, count: 3, scenario: 'all', stopsAtBreak: false };
  const [here, there] = [await playBatch(order), await playApart(order)];
  expect(there).toEqual(here);
  expect(new Set(Object.values(here.hashes)).size).toBe(3);
});

it.each(scenarioNames)('plays the scenario %s by its name', { timeout: 120_000 }, async (scenario) => {
  expect(await playSeed(1, scenario)).toMatchObject({ broken: [] });
});

it('names the seed at which a process hangs, and ends that process', async () => {
  const order = { first: 41, count: 3, scenario: 'all', stopsAtBreak: false };
  const folder = mkdtempSync(join(tmpdir(), 'drover-hang-'));
  const program = join(folder, 'hangs.mjs');
  writeFileSync(program, 'process.send({ played: 41 }); setInterval(() => {}, 1_000);');
  await expect(playApart(order, program, 2_000)).rejects.toThrow(
    'the process that played seed 42 ended without a result (SIGKILL)',
  );
  rmSync(folder, { recursive: true });
});

it('reports the events that a batch did not contain', async () => {
  const batch = await playBatch({ first: 1, count: 1, scenario: 'messaging', stopsAtBreak: false });
  expect(shortfalls(batch)).toContainEqual(expect.stringContaining('no creditStalls in any seed'));
});
