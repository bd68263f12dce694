import { availableParallelism } from 'node:os';
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
  const [here, there] = [await playBatch(order.first, order.count), await playApart(order)];
  expect(there).toEqual(here);
  expect(new Set(Object.values(here.hashes)).size).toBe(3);
});

it.each(scenarioNames)('plays the scenario %s by its name', { timeout: 120_000 }, async (scenario) => {
  expect(await playSeed(1, scenario)).toMatchObject({ broken: [] });
});

it('reports the events that a batch did not contain', async () => {
  const batch = await playBatch(1, 1, 'messaging');
  expect(shortfalls(batch)).toContainEqual(expect.stringContaining('no creditStalls in any seed'));
});
