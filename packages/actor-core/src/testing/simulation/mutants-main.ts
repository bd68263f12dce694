import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { playApart } from './batch-process.ts';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';
import { plantMutant } from './plant-mutant.ts';
import { playSeed } from './play-seed.ts';
import { everything } from './workloads.ts';

const mostProcesses = 4;
const usage = `usage: npm run mutants -- [--seeds N] [NAME…]

  --seeds N   play at most N seeds for each bug (default 1000)
  NAME        ${mutants.map((mutant) => mutant.name).join(', ')} (default all)
`;

/**
 * Plants each known bug in a copy of the sources and plays seeds until one breaks a guarantee: first the one that
 * found it last, then all from 1 on. The same seed must keep every guarantee without the bug. Exit code 0: all bugs
 * were found; 1: one was not found or could not be planted; 2: wrong usage.
 */
export async function mutantsMain(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { seeds: { type: 'string', default: '1000' }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
    strict: false,
  });
  const seeds = Number(values['seeds']);
  const unknown = positionals.filter((name) => !mutants.some((mutant) => mutant.name === name));
  if (values['help'] === true || unknown.length > 0 || !(Number.isInteger(seeds) && seeds > 0)) {
    process.stderr.write(usage);
    return values['help'] === true ? 0 : 2;
  }
  const chosen = mutants.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'drover-mutants-')));
  let found = 0;
  const waiting = [...chosen];
  const hunt = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift())
      if (await isFound(mutant, seeds, join(scratch, mutant.name))) found++;
  };
  try {
    await Promise.all(Array.from({ length: Math.min(availableParallelism(), mostProcesses) }, hunt));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  say(`${found} of ${chosen.length} mutants were found`);
  return found === chosen.length ? 0 : 1;
}

async function isFound(mutant: Mutant, seeds: number, folder: string): Promise<boolean> {
  const { name, scenario = everything, seed = 1 } = mutant;
  try {
    const program = plantMutant(mutant, folder);
    const hunt = async (from: number, count: number) => {
      const { broken } = await playApart({ first: from, count, scenario, stopsAtBreak: true }, program);
      return broken[0];
    };
    // Seeds in the order in which the bug was hunted: the one that found it last, then all others.
    const first = (seed <= seeds ? await hunt(seed, 1) : undefined) ?? (await hunt(1, seeds));
    if (first === undefined) {
      say(`NOT FOUND  ${name}: ${seeds} seeds keep every guarantee`);
      return false;
    }
    const sound = await playSeed(first.seed, scenario);
    if (sound.broken.length > 0) {
      say(
        `UNSOUND    ${name}: seed ${first.seed} breaks a guarantee without the bug too: ${sound.broken[0]}`,
      );
      return false;
    }
    say(`found      ${name} by seed ${first.seed}: ${first.broken[0]?.split('\n')[0]}`);
    return true;
  } catch (error) {
    say(`FAILED     ${(error as Error).message}`);
    return false;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
