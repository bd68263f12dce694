import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from '../../clock/system-clock.ts';
import { type Batch, shortfalls } from './batch.ts';
import { playSideBySide } from './batch-process.ts';
import { findCauses } from './find-causes.ts';
import { playLong } from './long-run.ts';
import { playSeed, strikeNames } from './play-seed.ts';
import { counterTextsOf, everything, scenarioNames } from './workloads.ts';

const usage = `usage: npm run simulate -- [--seeds N] [--first S] [--twice N] [--scenario X]
       npm run simulate -- --seed S [--scenario X] [--without K] [--trace]

  --seeds N      play N seeds (default 1000), from --first (default 1) on
  --twice N      play the first N of them again in another process and compare (default 50)
  --seed S       replay one seed; --trace prints every delivery and event of it
  --without K    leave out kinds of fault, separated by commas: ${strikeNames.join(', ')}
  --scenario X   one or more of ${scenarioNames.join(', ')}, separated by commas (default ${everything})
  --state FILE   a long run: keeps there what was played, and goes on with it; --run-id names the code
  --json FILE    writes the counters there
`;
const mostProcesses = 4;
const shown = 5;

/** Exit code 0: every guarantee was kept; 1: one was broken, or the batch proves too little; 2: wrong usage. */
export async function simulateMain(argv: readonly string[]): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        seed: { type: 'string' },
        seeds: { type: 'string', default: '1000' },
        first: { type: 'string', default: '1' },
        twice: { type: 'string', default: '50' },
        scenario: { type: 'string', default: everything },
        trace: { type: 'boolean', default: false },
        without: { type: 'string', default: '' },
        state: { type: 'string' },
        'run-id': { type: 'string', default: '' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    return misused((error as Error).message);
  }
  const { scenario } = values;
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const unknown = scenario.split(',').filter((name) => !scenarioNames.includes(name));
  if (unknown.length > 0) return misused(`there is no scenario ${unknown.join(', ')}`);
  for (const name of ['seed', 'seeds', 'first', 'twice'] as const)
    if (!/^\d+$/.test(values[name] ?? '0')) return misused(`--${name} takes a whole number`);
  const without = values.without.split(',').filter((kind) => kind !== '');
  const strange = without.filter((kind) => !strikeNames.includes(kind));
  if (strange.length > 0) return misused(`there is no kind of fault ${strange.join(', ')}`);
  if (values.seed !== undefined) return replay(Number(values.seed), scenario, without, values.trace);
  const [first, count, twice] = [Number(values.first), Number(values.seeds), Number(values.twice)];
  const outcome =
    values.state === undefined
      ? await playMany(first, count, twice, scenario)
      : await playVeryMany(first, count, scenario, values.state, values['run-id']);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(figuresOf(outcome)));
  return report(outcome, scenario);
}

/** What was played, and what came of it. */
interface Outcome {
  readonly batch: Batch;
  readonly seconds: number;
  readonly processes: number;
  readonly repeated: number;
  readonly differing: readonly number[];
}

async function replay(
  seed: number,
  scenario: string,
  without: readonly string[],
  trace: boolean,
): Promise<number> {
  const onNote = trace ? (line: string) => process.stdout.write(`${line}\n`) : undefined;
  const result = await playSeed(seed, scenario, { onNote, without });
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  return result.broken.length === 0 ? 0 : 1;
}

async function playMany(first: number, count: number, twice: number, scenario: string): Promise<Outcome> {
  const since = systemClock.now();
  const processes = Math.max(1, Math.min(availableParallelism(), mostProcesses));
  const batch = await playSideBySide({ first, count, scenario, stopsAtBreak: false }, processes);
  const seconds = (systemClock.now() - since) / 1_000;
  const repeated = Math.min(twice, count);
  const order = { first, count: repeated, scenario, stopsAtBreak: false };
  const differing = repeated === 0 ? [] : differences(batch, await playSideBySide(order, processes));
  return { batch, seconds, processes, repeated, differing };
}

async function playVeryMany(
  first: number,
  count: number,
  scenario: string,
  stateFile: string,
  code: string,
): Promise<Outcome> {
  const since = systemClock.now();
  const processes = Math.max(1, availableParallelism());
  const runId = [code, first, count, scenario].join(' ');
  const onProgress = (played: number, brokenSeeds: number) => {
    const minutes = ((systemClock.now() - since) / 60_000).toFixed(1);
    process.stderr.write(
      `${played} of ${count} seeds, ${brokenSeeds} broken, ${minutes} min since the start of this process\n`,
    );
  };
  const result = await playLong({ first, count, scenario, processes, stateFile, runId, onProgress });
  return { ...result, seconds: (systemClock.now() - since) / 1_000, processes };
}

async function report(
  { batch, seconds, processes, repeated, differing }: Outcome,
  scenario: string,
): Promise<number> {
  say(`${batch.seeds} seeds of ${scenario} in ${seconds.toFixed(1)} s, ${processes} processes`);
  say(
    `each at least ${batch.leastVirtualMs.toFixed(0)} virtual ms, ${batch.leastOperations} operations, ${batch.leastFaultKinds} kinds of fault`,
  );
  for (const line of countsOf(batch, scenario)) say(line);
  say(`${repeated - differing.length} of ${repeated} seeds gave the same trace hash in two processes`);
  const missing = shortfalls(batch, scenario);
  for (const line of missing) say(`proves too little: ${line}`);
  for (const seed of differing) say(`seed ${seed} gave two different traces`);
  for (const { seed, broken } of batch.broken.slice(0, shown)) {
    say(`seed ${seed} breaks a guarantee: ${broken.join('; ')}`);
    const choice = scenario === everything ? '' : ` --scenario ${scenario}`;
    say(`  replay it: npm run simulate -- --seed ${seed}${choice}`);
  }
  const [worst] = batch.broken;
  if (worst !== undefined) await explain(worst.seed, scenario);
  say(`${batch.broken.length} seeds broke a guarantee`);
  return batch.broken.length + differing.length + missing.length === 0 ? 0 : 1;
}

async function explain(seed: number, scenario: string): Promise<void> {
  const { needed, irrelevant } = await findCauses(seed, scenario);
  say(`seed ${seed} needs: ${needed.length === 0 ? 'no fault at all' : needed.join(', ')}`);
  say(`  it breaks a guarantee also with: --without ${irrelevant.join(',')}`);
}

function figuresOf({ batch, seconds, processes, repeated, differing }: Outcome): object {
  const { hashes: _, ...counts } = batch;
  return {
    ...counts,
    broken: batch.broken.slice(0, shown),
    brokenSeeds: batch.broken.length,
    seconds,
    processes,
    repeated,
    differing,
  };
}

/** One line for each counter of the scenarios, then all faults. */
function countsOf({ counters, faults }: Batch, scenario: string): string[] {
  const width = Math.max(1, ...Object.values(counters).map((count) => String(count).length));
  const lines = Object.entries(counterTextsOf(scenario)).map(
    ([name, text]) => `  ${String(counters[name] ?? 0).padStart(width)}  ${name}: ${text}`,
  );
  const struck = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`);
  return [...lines, `  faults: ${struck.join(', ')}`];
}

function differences(batch: Batch, again: Batch): number[] {
  return Object.keys(again.hashes)
    .map(Number)
    .filter((seed) => again.hashes[seed] !== batch.hashes[seed]);
}

function misused(problem: string): number {
  process.stderr.write(`${problem}\n${usage}`);
  return 2;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
