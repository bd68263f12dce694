// `npm test`: everything CI checks, in stages, each with a time limit. Ends with one line `N passed, N failed`
// and exit code 0 only if nothing failed. A stage that is not a set of tests counts as one.
//
//   npm test                      everything
//   npm test -- --stage unit      one stage of build, format, lint, nats, unit, integration, simulate, mutants, bench,
//                                 scenarios; may be repeated
//
// The tests with a real nats-server use the one that `drover up` would: the stage `nats` finds or fetches it.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNewEnough, nodeMissing, toolchainNode } from '../packages/cli/bin/toolchain-node.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'node_modules', '.bin');
const minutes = 60_000;

const stages = [
  { name: 'build', limitMs: 5 * minutes, steps: [['tsc', '-b']] },
  { name: 'format', limitMs: minutes, steps: [['biome', 'format', '.']] },
  {
    name: 'lint',
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
    ],
  },
  { name: 'nats', limitMs: minutes, provide: 'packages/cli/dist/nats/provision-main.js' },
  { name: 'unit', limitMs: 10 * minutes, vitest: 'unit' },
  { name: 'integration', limitMs: 5 * minutes, vitest: 'integration' },
  // A thousand seeds, fifty of them twice; the limit is the bar.
  { name: 'simulate', limitMs: 5 * minutes, steps: [['node', 'packages/actor-core/bin/simulate.js']] },
  { name: 'mutants', limitMs: 5 * minutes, steps: [['node', 'packages/actor-core/bin/mutants.js']] },
  {
    name: 'bench',
    limitMs: 10 * minutes,
    steps: [
      ['node', 'packages/bench/bin/bench.js', 'smoke', '--quick', '--report-only'],
      ['node', 'packages/bench/bin/bench.js', 'actors', '--quick', '--rounds', '1', '--report-only'],
      // The benchmark before has installed what these arms are made of.
      ['tsc', '-p', 'packages/bench/peers'],
      ['node', 'packages/bench/bin/bench.js', 'remote', '--quick', '--rounds', '1', '--report-only'],
      ['node', 'packages/bench/bin/bench.js', 'crowd', '--quick', '--report-only'],
      ['node', 'packages/bench/bin/bench.js', 'soak', '--quick', '--report-only'],
    ],
  },
  { name: 'scenarios', limitMs: 25 * minutes, vitest: 'scenarios' },
];

const wanted = readStages(process.argv.slice(2));
const environment = toolchainEnvironment();
const results = mkdtempSync(join(tmpdir(), 'drover-test-'));
let passed = 0;
let failed = 0;
/** Nothing else makes sense once the build is broken. */
let blocked = false;

let current;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (current?.pid !== undefined) killGroup(current.pid, 'SIGTERM');
    setTimeout(() => process.exit(130), 2_000);
  });
}

for (const stage of stages) {
  if (!wanted.includes(stage.name)) continue;
  if (blocked) {
    say(`${stage.name}: not run, the build is broken`);
    continue;
  }
  const startedAtMs = Date.now();
  const outcome = await runStage(stage);
  passed += outcome.passed;
  failed += outcome.failed;
  if (stage.name === 'build' && outcome.failed > 0) blocked = true;
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
  say(
    `${stage.name}: ${outcome.passed} passed, ${outcome.failed} failed in ${seconds} s${outcome.note ?? ''}`,
  );
}
rmSync(results, { recursive: true, force: true });
process.exitCode = failed === 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);

function runStage(stage) {
  if (stage.provide !== undefined) return provideServer(stage);
  return stage.vitest === undefined ? runSteps(stage) : runVitest(stage);
}

/** Names the server to the tests that follow. */
async function provideServer({ provide, limitMs }) {
  const { code, stdout } = await runCommand('node', [provide], limitMs, { capture: true });
  const path = stdout.trim();
  if (code !== 0 || path === '') return { passed: 0, failed: 1, note: ' (no nats-server)' };
  environment.DROVER_NATS_SERVER = path;
  return { passed: 1, failed: 0, note: ` (${path})` };
}

async function runSteps({ limitMs, steps }) {
  for (const [command, ...args] of steps) {
    const { code, late } = await runCommand(command, args, limitMs);
    if (code !== 0) return { passed: 0, failed: 1, note: late ? ' (time limit)' : '' };
  }
  return { passed: 1, failed: 0 };
}

async function runVitest({ name, vitest, limitMs }) {
  const file = join(results, `${name}.json`);
  const args = [
    'run',
    '--project',
    vitest,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ];
  const { code, late } = await runCommand('vitest', args, limitMs);
  const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  if (report === undefined) return { passed: 0, failed: 1, note: late ? ' (time limit)' : ' (no report)' };
  // A file that does not even load has no failed test to count.
  const brokenFiles = report.testResults.filter(
    (result) =>
      result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  let failures = report.numFailedTests + brokenFiles;
  if (code !== 0 && failures === 0) failures = 1;
  if (report.numPassedTests === 0 && failures === 0)
    return { passed: 0, failed: 1, note: ' (no test was found)' };
  const skipped = report.numPendingTests + (report.numTodoTests ?? 0);
  return {
    passed: report.numPassedTests,
    failed: failures,
    note: skipped > 0 ? ` (${skipped} skipped)` : '',
  };
}

/** Runs a tool in a process group of its own; over the limit the whole group is ended. */
function runCommand(command, args, limitMs, { capture = false } = {}) {
  say(
    `$ ${command} ${args.filter((arg) => !arg.startsWith('--outputFile') && !arg.startsWith('--reporter')).join(' ')}`,
  );
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: environment,
      stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'],
      detached: true,
    });
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    current = child;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      say(`${command} ran longer than ${limitMs / 1000} s and is ended`);
      killGroup(child.pid, 'SIGTERM');
      setTimeout(() => killGroup(child.pid, 'SIGKILL'), 5_000).unref();
    }, limitMs);
    const finish = (code) => {
      clearTimeout(timer);
      current = undefined;
      resolve({ code, late, stdout });
    };
    child.once('error', (error) => {
      say(`${command}: ${error.message}`);
      finish(1);
    });
    child.once(capture ? 'close' : 'exit', (code) => finish(code ?? 1));
  });
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended in between.
  }
}

/** Tools first, and among them the Node that npm installed: the system's may be older than what they need. */
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
  return { ...process.env, PATH: folders.join(delimiter), FORCE_COLOR: process.stdout.isTTY ? '1' : '0' };
}

function readStages(args) {
  const names = stages.map((stage) => stage.name);
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
