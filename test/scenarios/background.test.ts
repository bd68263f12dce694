import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, type TestContext } from 'vitest';
import { cleanEnvironment } from '../lib/cluster.ts';
import { descendantsOf, isAlive, kill, processesNaming } from '../lib/processes.ts';
import { waitUntil } from '../lib/wait-until.ts';

// Which processes around an `npm start` may end without an end of the fleet. Uses a real npm, shell and terminal. The
// tests mostly wait, so they run at the same time, each with a fleet of its own.

const root = fileURLToPath(new URL('../..', import.meta.url));
const canOpenTerminal = spawnSync('script', ['--version']).status === 0;

/** Three checks of a fleet on the processes that started it: it makes one every 500 ms. */
const observationMs = 1_500;

/** A shell that starts a fleet in a data folder. */
interface Started {
  readonly child: ChildProcess;
  readonly data: string;
  /** Set once the fleet is ready. */
  fleet?: Fleet;
}

/** A fleet that a shell started. */
interface Fleet {
  readonly up: number;
  /** `drover up` and all processes that it started. */
  readonly pids: readonly number[];
  readonly npm: number;
}

/** Runs shell code that starts `npm start`; `$START` is the command line, `$LOG` a file for its output. */
function run(
  { onTestFinished }: TestContext,
  code: string,
  program: readonly string[] = ['bash', '-c'],
): Started {
  const data = mkdtempSync(join(tmpdir(), 'drover-background-'));
  const log = join(data, 'start.log');
  const start = `npm start --silent -- --json --sim 1 --port 0 --data ${data}`;
  const [command = '', ...args] = program;
  const child = spawn(command, [...args, code.replaceAll('$START', start).replaceAll('$LOG', log)], {
    cwd: root,
    env: cleanEnvironment(),
    // In its own session, so that the terminal of the tests does not affect it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const started: Started = { child, data };
  onTestFinished(() => endAll(started));
  return started;
}

/** Ends whatever a failed test left behind. */
function endAll({ child, data, fleet }: Started): void {
  // A fleet that did not get ready in time has left its shell: it is found by its data folder.
  const pids = fleet === undefined ? processesNaming(data) : [fleet.npm, fleet.up, ...fleet.pids];
  for (const pid of [child.pid, ...pids]) if (pid !== undefined && isAlive(pid)) kill(pid);
  rmSync(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

/** Waits for the ready line in the log. */
async function ready(started: Started): Promise<Fleet> {
  const up = await waitUntil(
    'the fleet is ready',
    () => {
      const line = readFileSync(join(started.data, 'start.log'), 'utf8')
        .split('\n')
        .find((text) => text.includes('"event":"ready"'));
      return line === undefined ? undefined : (JSON.parse(line) as { pid: number }).pid;
    },
    { timeoutMs: 120_000 },
  );
  const npm = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${up}/status`, 'utf8'))?.[1]);
  const fleet = { up, npm, pids: [up, ...descendantsOf(up)] };
  started.fleet = fleet;
  expect(fleet.pids.length).toBeGreaterThanOrEqual(5);
  return fleet;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null)
    await new Promise<void>((resolve) => child.once('exit', () => resolve()));
}

async function expectToStay(fleet: Fleet): Promise<void> {
  await delay(observationMs);
  expect(fleet.pids.filter((pid) => !isAlive(pid))).toEqual([]);
}

/** How soon is the subject of `first-light`: here three fleets start and end at the same time. */
async function expectNothingLeft(fleet: Fleet): Promise<void> {
  await waitUntil('every process is gone', () => [...fleet.pids, fleet.npm].every((pid) => !isAlive(pid)));
}

/** Ends the shell once the fleet serves, so that the end of the shell is the last event. */
const untilReady = 'until grep -q \'"event":"ready"\' $LOG 2>/dev/null; do sleep 0.1; done';

describe.concurrent('a fleet in the background', () => {
  it.for<[string, string]>([
    ['a script that starts it with nohup', `nohup $START > $LOG 2>&1 & ${untilReady}`],
    ['a script that starts it with &', `$START > $LOG 2>&1 < /dev/null & ${untilReady}`],
    ['a script that starts it with setsid', `setsid $START > $LOG 2>&1 < /dev/null & ${untilReady}`],
  ])(
    'stays up after the end of %s, and leaves no process behind when npm is killed',
    async ([, code], context) => {
      const started = run(context, code);
      const fleet = await ready(started);
      await ended(started.child);
      await expectToStay(fleet);
      kill(fleet.npm);
      await expectNothingLeft(fleet);
    },
  );

  it('stays up when the parent shell of npm is killed', async (context) => {
    const started = run(context, '$START > $LOG 2>&1; true');
    const fleet = await ready(started);
    kill(started.child.pid as number);
    await ended(started.child);
    await expectToStay(fleet);
    process.kill(fleet.npm, 'SIGTERM');
    await expectNothingLeft(fleet);
  });

  it('leaves no process behind when drover up itself is killed', async (context) => {
    const started = run(context, `$START > $LOG 2>&1 & ${untilReady}`);
    const fleet = await ready(started);
    kill(fleet.up);
    await expectNothingLeft(fleet);
  });
});

/** `script` opens a terminal and runs the shell code in it; when `script` is killed, the terminal closes. */
const inTerminal = ['script', '-q', '/dev/null', '-c'];

describe.skipIf(!canOpenTerminal).concurrent('a terminal', () => {
  it('that closes ends the fleet in its foreground', async (context) => {
    const started = run(context, '$START > $LOG', inTerminal);
    const fleet = await ready(started);
    kill(started.child.pid as number);
    await expectNothingLeft(fleet);
  });

  it('that closes does not end a fleet that was started with nohup', async (context) => {
    const started = run(context, 'nohup $START > $LOG 2>&1', inTerminal);
    const fleet = await ready(started);
    kill(started.child.pid as number);
    await expectToStay(fleet);
    process.kill(fleet.up, 'SIGTERM');
    await expectNothingLeft(fleet);
  });

  it('in which Ctrl-C is pressed ends the fleet', async (context) => {
    const started = run(context, '$START > $LOG', inTerminal);
    const fleet = await ready(started);
    started.child.stdin?.write('\u0003');
    await expectNothingLeft(fleet);
  });
});
