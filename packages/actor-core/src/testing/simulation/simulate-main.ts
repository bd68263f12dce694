import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from '../../clock/system-clock.ts';
import { type Batch, shortfalls } from './batch.ts';
import { playApart, playSideBySide } from './batch-process.ts';
import { playSeed } from './play-seed.ts';
import { counterTextsOf, everything, scenarioNames } from './workloads.ts';

const usage = `usage: npm run simulate -- [--seeds N] [--first S] [--twice N] [--scenario X]
       npm run simulate -- --seed S [--scenario X] [--trace]

  --seeds N      play N seeds (default 1000), from --first (default 1) on
  --twice N      play the first N of them again in another process and compare (default 50)
  --seed S       replay one seed; --trace prints every delivery and event of it
  --scenario X   one or more of ${scenarioNames.join(', ')}, separated by commas (default ${everything})
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
  if (values.seed !== undefined) return replay(Number(values.seed), scenario, values.trace);
  return playMany(Number(values.first), Number(values.seeds), Number(values.twice), scenario);
}

async function replay(seed: number, scenario: string, trace: boolean): Promise<number> {
  const result = await playSeed(
    seed,
    scenario,
    trace ? (line) => process.stdout.write(`${line}\n`) : undefined,
  );
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  return result.broken.length === 0 ? 0 : 1;
}

async function playMany(first: number, count: number, twice: number, scenario: string): Promise<number> {
  const since = systemClock.now();
  const processes = Math.max(1, Math.min(availableParallelism(), mostProcesses));
  const batch = await playSideBySide({ first, count, scenario, stopsAtBreak: false }, processes);
  const seconds = ((systemClock.now() - since) / 1_000).toFixed(1);
  const repeated = Math.min(twice, count);
  const differing =
    repeated === 0
      ? []
      : differences(batch, await playApart({ first, count: repeated, scenario, stopsAtBreak: false }));
  say(`${batch.seeds} seeds of ${scenario} in ${seconds} s, ${processes} processes`);
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
    say(
      `  replay it: npm run simulate -- --seed ${seed}${scenario === everything ? '' : ` --scenario ${scenario}`}`,
    );
  }
  say(`${batch.broken.length} seeds broke a guarantee`);
  return batch.broken.length + differing.length + missing.length === 0 ? 0 : 1;
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
