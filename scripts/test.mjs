// `npm test`: everything CI checks, in stages, each with a time limit. Ends with one line `N passed, N failed` and exit
// code 0 only if nothing failed. A stage that is not a set of tests counts as one.
//
//   npm test                      everything
//   npm test -- --stage unit      one stage, by name; may be repeated
//
// Stages that compute run beside each other. The stages with real processes, whose tests wait for things to happen in
// time, have the machine for themselves. The tests with a real nats-server use the one that `drover up` would use: the
// stage `nats` finds or fetches it. What failed is told once more at the end.
//
// Where files of real processes run side by side, a file that failed only because waits ran out is played once more,
// alone (docs/decisions/0074). That second play counts; the first is told at the end as `SLOW`.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNewEnough, nodeMissing, toolchainNode } from '../packages/cli/bin/toolchain-node.js';
import { runCommand, stopCommands } from './run-command.mjs';
import { countsOf, failuresOf, filesThatRanOutOfTime, withFilesOf } from './vitest-report.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'node_modules', '.bin');
const minutes = 60_000;
const peers = 'packages/bench/peers';
const bench = 'packages/bench/bin/bench.js';
const simulate = 'packages/actor-core/bin/simulate.js';

const stages = {
  build: { limitMs: 5 * minutes, steps: [['tsc', '-b']] },
  format: { limitMs: minutes, steps: [['biome', 'format', '.']] },
  lint: {
    limitMs: 3 * minutes,
    steps: [
      ['oxlint', '--type-aware', '--deny-warnings'],
      ['knip', '--no-progress'],
      ['node', 'scripts/check-house-rules.mjs'],
      ['node', 'scripts/check-layers.mjs'],
      ['node', 'scripts/complete-lockfile.mjs', '--check'],
      ['node', 'scripts/notices.mjs', '--check'],
      ['node', 'scripts/api-reference/generate.mjs', '--check'],
      ['node', 'scripts/troubleshooting.mjs', '--check'],
      ['node', 'scripts/settings-reference.mjs', '--check'],
      ['node', 'scripts/client-operations.mjs', '--check'],
      ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', 'scripts/proto-check'],
      ['node', 'scripts/proto-check/check.mjs'],
    ],
  },
  nats: { limitMs: minutes, provide: 'packages/cli/dist/nats/provision-main.js' },
  unit: { limitMs: 10 * minutes, vitest: 'unit*' },
  integration: { limitMs: 15 * minutes, vitest: 'integration', besideOthers: true },
  // A thousand seeds of the runtime and the bus, whose workloads have the seed for themselves there; then a thousand of
  // everything together. Fifty of each are played twice. A process that hangs at a
  // seed is found after minutes; the limits of these two stages are for a slow machine.
  simulate: {
    limitMs: 20 * minutes,
    steps: [
      ['node', simulate, '--scenario', 'messaging,supervision,watching,streaming,registry,delivery,work'],
      ['node', simulate],
    ],
  },
  mutants: { limitMs: 20 * minutes, steps: [['node', 'packages/actor-core/bin/mutants.js']] },
  bench: {
    limitMs: 10 * minutes,
    steps: [
      ['node', bench, 'smoke', '--check'],
      ['node', bench, 'actors', '--check'],
      ['node', bench, 'remote', '--check'],
      ['node', bench, 'crowd', '--check'],
      ['node', bench, 'gateway', '--check'],
      ['node', bench, 'storage', '--check'],
      ['node', bench, 'memory', '--check'],
      ['node', bench, 'queue', '--check'],
      ['node', bench, 'cluster', '--check'],
      ['node', bench, 'fill', '--check'],
      ['node', bench, 'soak', '--check'],
      // The arms of other libraries: type-checked here, measured by a full benchmark.
      ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', peers],
      ['tsc', '-p', peers],
    ],
  },
  scenarios: { limitMs: 20 * minutes, vitest: 'scenarios', besideOthers: true },
  // Scenarios whose bars are times.
  'timed-scenarios': { limitMs: 15 * minutes, vitest: 'timed-scenarios' },
};

/** One phase after the other. The lanes of a phase run at the same time, the stages of a lane one after the other. */
const phases = [
  [['build']],
  [['unit'], ['format', 'lint', 'nats']],
  // Uses both cores.
  [['simulate']],
  [['mutants'], ['bench']],
  [['integration']],
  [['scenarios']],
  [['timed-scenarios']],
];

const wanted = readStages(process.argv.slice(2));
const environment = toolchainEnvironment();
const results = mkdtempSync(join(tmpdir(), 'drover-test-'));
let passed = 0;
let failed = 0;
/** What failed, in words, for the end of the output. @type {string[]} */
const failures = [];
/** More files than this that ran out of time are no accident. */
const maxPlayedAgain = 3;
/** What ran out of time beside other files, in words. @type {string[]} */
const slow = [];
/** Why no further stage runs; undefined while they do. */
let blocked;

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    blocked = `stopped by ${signal}`;
    stopCommands();
    setTimeout(() => process.exit(130), 2_000);
  });
}

for (const lanes of phases) {
  const chosen = lanes
    .map((lane) => lane.filter((name) => wanted.includes(name)))
    .filter((lane) => lane.length > 0);
  // One lane prints as it goes. The output of the others follows when their stage has ended.
  await Promise.all(chosen.map((lane, index) => runLane(lane, index === 0 ? 'show' : 'capture')));
}
rmSync(results, { recursive: true, force: true });
process.exitCode = failed === 0 ? 0 : 1;
for (const wait of slow) console.log(`SLOW, and played again alone: ${wait}`);
for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`${passed} passed, ${failed} failed`);

async function runLane(names, output) {
  for (const name of names) {
    if (blocked !== undefined) {
      say(`${name}: not run, ${blocked}`);
      continue;
    }
    const startedAtMs = Date.now();
    const outcome = await runStage(name, output);
    passed += outcome.passed;
    failed += outcome.failed;
    if (name === 'build' && outcome.failed > 0) blocked = 'the build is broken';
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
    say(`${name}: ${outcome.passed} passed, ${outcome.failed} failed in ${seconds} s${outcome.note ?? ''}`);
  }
}

function runStage(name, output) {
  const stage = stages[name];
  if (stage.provide !== undefined) return provideServer(stage);
  return stage.vitest === undefined ? runSteps(stage, output) : runVitest(stage, output);
}

/** Names the server to the tests that follow. */
async function provideServer({ provide, limitMs }) {
  const { code, stdout, output } = await run('node', [provide], limitMs, 'capture');
  const path = stdout.trim();
  if (code !== 0 || path === '') {
    process.stderr.write(output);
    return { passed: 0, failed: 1, note: ' (no nats-server)' };
  }
  environment.DROVER_NATS_SERVER = path;
  return { passed: 1, failed: 0, note: ` (${path})` };
}

async function runSteps({ limitMs, steps }, mode) {
  for (const [command, ...args] of steps) {
    if (blocked !== undefined) return { passed: 0, failed: 1, note: ` (${blocked})` };
    const { code, late, output } = await run(command, args, limitMs, mode);
    if (mode === 'capture') process.stdout.write(output);
    if (code === 0) continue;
    failures.push(`${[command, ...args].join(' ')}\n${lastLines(output)}`);
    return { passed: 0, failed: 1, note: late ? ' (time limit)' : '' };
  }
  return { passed: 1, failed: 0 };
}

async function runVitest({ vitest, limitMs, besideOthers = false }, mode) {
  const first = await runTests(vitest, [], limitMs, mode);
  let { report } = first;
  if (report === undefined) {
    failures.push(`${vitest}\n${lastLines(first.output)}`);
    return { passed: 0, failed: 1, note: first.late ? ' (time limit)' : ' (no report)' };
  }
  const late = besideOthers ? filesThatRanOutOfTime(report) : [];
  if (late.length > 0 && late.length <= maxPlayedAgain) {
    slow.push(...failuresOf({ ...report, testResults: ofFiles(report, late) }, root));
    const again = await runTests(vitest, ['--no-file-parallelism', ...late], limitMs, mode);
    if (again.report !== undefined) report = withFilesOf(report, again.report);
  }
  failures.push(...failuresOf(report, root));
  const counts = countsOf(report);
  if (first.code !== 0 && failuresOf(first.report, root).length === 0) {
    counts.failed += 1;
    failures.push(`${vitest}: errors outside of the tests\n${lastLines(first.output)}`);
  }
  if (counts.passed === 0 && counts.failed === 0)
    return { passed: 0, failed: 1, note: ' (no test was found)' };
  return { ...counts, note: counts.skipped > 0 ? ` (${counts.skipped} skipped)` : '' };
}

function ofFiles({ testResults }, names) {
  return testResults.filter(({ name }) => names.includes(name));
}

/** Runs a project of vitest, or the given files of it. `report`: undefined if vitest wrote none. */
async function runTests(project, options, limitMs, mode) {
  const file = join(results, `${project.replace('*', '')}-${options.length}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const ran = await run('vitest', ['run', '--project', project, ...reporters, ...options], limitMs, mode);
  if (mode === 'capture') process.stdout.write(ran.output);
  return { ...ran, report: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined };
}

function lastLines(text) {
  return text.trimEnd().split('\n').slice(-15).join('\n');
}

function run(command, args, limitMs, output) {
  const shown = args.filter((arg) => !arg.startsWith('--outputFile') && !arg.startsWith('--reporter'));
  say(`$ ${command} ${shown.join(' ')}`);
  return runCommand(command, args, { cwd: root, env: environment, limitMs, output });
}

/**
 * Tools first, and among them the Node that npm installed: the system's may be too old. The processes that the tests
 * start share a cache of compiled code.
 */
function toolchainEnvironment() {
  if (!existsSync(join(bin, 'tsc'))) {
    console.error('the toolchain is not installed: run "npm ci" first');
    console.log('0 passed, 1 failed');
    process.exit(3);
  }
  const folders = [bin, process.env.PATH ?? ''];
  const node = toolchainNode(import.meta.url);
  if (node !== undefined) folders.unshift(dirname(node));
  else if (!isNewEnough(process.versions.node)) {
    console.error(nodeMissing());
    console.log('0 passed, 1 failed');
    process.exit(3);
  }
  return {
    ...process.env,
    PATH: folders.join(delimiter),
    FORCE_COLOR: process.stdout.isTTY ? '1' : '0',
    NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node-compile'),
  };
}

function readStages(args) {
  const names = Object.keys(stages);
  const chosen = [];
  for (let index = 0; index < args.length; index += 2) {
    if (args[index] !== '--stage' || !names.includes(args[index + 1])) {
      console.error(`usage: npm test -- [--stage ${names.join('|')}]…; got ${args.slice(index).join(' ')}`);
      process.exit(2);
    }
    chosen.push(args[index + 1]);
  }
  return chosen.length === 0 ? names : chosen;
}

function say(line) {
  console.error(`[test] ${line}`);
}
