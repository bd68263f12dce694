import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostFacts } from './host-facts.ts';

const root: string = fileURLToPath(new URL('../../../', import.meta.url));
const suites: readonly string[] = [
  'smoke',
  'actors',
  'remote',
  'crowd',
  'storage',
  'memory',
  'queue',
  'cluster',
  'fill',
  'soak',
];
const allSeeds = 100_000;
/** Programs of other packages: the command that writes its figures to a file. */
const programs: Readonly<Record<string, (output: string, commit: string, seeds: number) => string[]>> = {
  seeds: (output, commit, seeds) => [
    join(root, 'packages/actor-core/bin/simulate.js'),
    `--seeds=${seeds}`,
    `--json=${output}`,
    `--run-id=${commit}`,
    // A short form does not replace what a long one has played.
    `--state=${join(root, `node_modules/.cache/drover-seeds-${seeds}.json`)}`,
  ],
  history: (output) => [join(root, 'packages/actor-core/bin/history.js'), `--json=${output}`],
  swim: (output) => [
    join(root, 'packages/actor-core/bin/swim-scale.js'),
    `--json=${output}`,
    `--svg=${join(root, 'docs/swim-scale.svg')}`,
  ],
};
/** Integration tests of actor-core that have a long form. */
const trials: Readonly<Record<string, string>> = {
  detector: 'membership/detection',
  failover: 'leadership/failover',
  'jetstream-faults': 'leadership/jetstream-faults',
};
const scenarios: string = join(root, 'test/scenarios');

/**
 * Runs one suite or scenario in full length and writes `proofs/NAME.json`: the figures, the command, the commit and
 * the machine. NAME is a suite of `npm run bench`, `seeds` (100,000 seeds of the simulation, or `--seeds N`; an
 * interrupted run goes on where it was), `history` (what clients of three servers see under faults for five
 * minutes), `swim` (the failure detector with up to 1,000 members), `detector` (real processes that are killed,
 * frozen and blocked), `failover` (100 leaders are killed), `jetstream-faults` (servers are killed under load), or a
 * scenario of `test/scenarios`. An interrupted `detector` or `failover` goes on with the next part, at the same
 * commit.
 */
export async function proofMain(argv: readonly string[]): Promise<number> {
  const name = argv[0] ?? '';
  const seeds = seedsOf(argv);
  if (seeds === undefined || !proofNames().includes(name)) {
    process.stderr.write(
      `usage: npm run proof -- NAME\n       npm run proof -- seeds --seeds N\nnames: ${proofNames().join(', ')}\n`,
    );
    return name === '--help' ? 0 : 2;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'drover-proof-'));
  const output = join(scratch, 'out');
  const host = hostFacts();
  const command = commandOf(name, output, host.commit, seeds);
  const parts = join(root, 'node_modules/.cache', `drover-${name}-${host.commit}.jsonl`);
  mkdirSync(dirname(parts), { recursive: true });
  const code = await run(command, { DROVER_PROOF: 'full', DROVER_FIGURES: output, DROVER_PARTS: parts });
  // A proof that is repeated, also after a failure, begins from the start.
  rmSync(parts, { force: true });
  const figures: unknown = existsSync(output) ? parseFigures(name, readFileSync(output, 'utf8')) : [];
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(join(root, 'proofs'), { recursive: true });
  const file = join(root, 'proofs', `${name}.json`);
  writeFileSync(
    file,
    `${JSON.stringify({ name, passed: code === 0, command: `npm run proof -- ${argv.join(' ')}`, commit: host.commit, host, figures }, null, 2)}\n`,
  );
  process.stdout.write(`${code === 0 ? 'proved' : 'NOT proved'}: proofs/${name}.json\n`);
  return code === 0 ? 0 : 1;
}

function proofNames(): string[] {
  const files = readdirSync(scenarios).filter((file) => file.endsWith('.test.ts'));
  return [
    ...suites,
    ...Object.keys(programs),
    ...Object.keys(trials),
    ...files.map((file) => file.replace('.test.ts', '')),
  ];
}

/** How many seeds `seeds` plays; undefined for arguments that no proof takes. */
function seedsOf([name, option, count, ...others]: readonly string[]): number | undefined {
  if (option === undefined) return allSeeds;
  const isCount = name === 'seeds' && option === '--seeds' && /^[1-9]\d*$/.test(count ?? '');
  return isCount && others.length === 0 ? Number(count) : undefined;
}

function commandOf(name: string, output: string, commit: string, seeds: number): string[] {
  if (suites.includes(name)) return benchCommand(name, output);
  const trial = trials[name];
  return trial === undefined
    ? (programs[name]?.(output, commit, seeds) ?? scenarioCommand(name))
    : vitestCommand('--project=timed-scenarios', '--project=trials', `packages/actor-core/src/${trial}`);
}

function benchCommand(suite: string, output: string): string[] {
  return [join(root, 'packages/bench/bin/bench.js'), suite, '--json', output];
}

function scenarioCommand(name: string): string[] {
  return vitestCommand('--testTimeout=900000', join('test/scenarios', `${name}.test.ts`));
}

function vitestCommand(...args: readonly string[]): string[] {
  return [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', root, ...args];
}

function parseFigures(name: string, text: string): unknown {
  if (suites.includes(name) || name in programs) return JSON.parse(text) as unknown;
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

async function run(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [...args], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
