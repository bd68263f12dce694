import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { cleanEnvironment } from '../lib/cluster.ts';
import { descendantsOf, isAlive, kill } from '../lib/processes.ts';
import { waitUntil } from '../lib/wait-until.ts';

// Which processes around an `npm start` may end without ending the fleet. Uses a real npm, shell and terminal.

const root = fileURLToPath(new URL('../..', import.meta.url));
const canOpenTerminal = spawnSync('script', ['--version']).status === 0;

/** Longer than several checks of a fleet on the processes that started it. */
const observationMs = 2_500;

/** A fleet that something else started; found by its data folder. */
interface Fleet {
  readonly up: number;
  /** `drover up` and all it started. */
  readonly pids: readonly number[];
  readonly npm: number;
}

const folders: string[] = [];
const started: ChildProcess[] = [];
const fleets: Fleet[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  for (const { up, pids, npm } of fleets.splice(0)) {
    for (const pid of [npm, up, ...pids]) if (isAlive(pid)) kill(pid);
  }
  for (const folder of folders.splice(0))
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

/** Runs shell code that starts `npm start` somehow; `$START` is the command line, `$LOG` a file for its output. */
function run(
  code: string,
  program: readonly string[] = ['bash', '-c'],
): { child: ChildProcess; data: string } {
  const data = mkdtempSync(join(tmpdir(), 'drover-background-'));
  folders.push(data);
  const log = join(data, 'start.log');
  const start = `npm start --silent -- --json --sim 1 --port 0 --data ${data}`;
  const [command = '', ...args] = program;
  const child = spawn(command, [...args, code.replaceAll('$START', start).replaceAll('$LOG', log)], {
    cwd: root,
    env: cleanEnvironment(),
    // Its own session: the terminal that runs the tests must not affect it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  started.push(child);
  return { child, data };
}

/** Waits for the ready line in the log. */
async function ready(data: string): Promise<Fleet> {
  const up = await waitUntil(
    'the fleet is ready',
    () => {
      const line = readFileSync(join(data, 'start.log'), 'utf8')
        .split('\n')
        .find((text) => text.includes('"event":"ready"'));
      return line === undefined ? undefined : (JSON.parse(line) as { pid: number }).pid;
    },
    { timeoutMs: 60_000 },
  );
  const npm = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${up}/status`, 'utf8'))?.[1]);
  const fleet = { up, npm, pids: [up, ...descendantsOf(up)] };
  fleets.push(fleet);
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

async function expectNothingLeft(fleet: Fleet, withinMs: number): Promise<void> {
  await waitUntil('every process is gone', () => [...fleet.pids, fleet.npm].every((pid) => !isAlive(pid)), {
    timeoutMs: withinMs,
  });
}

/** Ends the shell once the fleet serves, so that the shell's end is what happens last. */
const untilReady = 'until grep -q \'"event":"ready"\' $LOG 2>/dev/null; do sleep 0.1; done';

describe('a fleet in the background', () => {
  it.each([
    ['a script that starts it with nohup', `nohup $START > $LOG 2>&1 & ${untilReady}`],
    ['a script that starts it with &', `$START > $LOG 2>&1 < /dev/null & ${untilReady}`],
    ['a script that starts it with setsid', `setsid $START > $LOG 2>&1 < /dev/null & ${untilReady}`],
  ])('stays up after the end of %s, and leaves nothing behind when npm is killed', async (_, code) => {
    const { child, data } = run(code);
    const fleet = await ready(data);
    await ended(child);
    await expectToStay(fleet);
    kill(fleet.npm);
    await expectNothingLeft(fleet, 5_000);
  });

  it('stays up when the shell that npm is a child of is killed', async () => {
    const { child, data } = run('$START > $LOG 2>&1; true');
    const fleet = await ready(data);
    kill(child.pid as number);
    await ended(child);
    await expectToStay(fleet);
    process.kill(fleet.npm, 'SIGTERM');
    await expectNothingLeft(fleet, 12_000);
  });

  it('leaves nothing behind when drover up itself is killed', async () => {
    const { data } = run(`$START > $LOG 2>&1 & ${untilReady}`);
    const fleet = await ready(data);
    kill(fleet.up);
    await expectNothingLeft(fleet, 5_000);
  });
});

/** `script` opens a terminal and runs the shell code in it; when `script` is killed, the terminal closes. */
const inTerminal = ['script', '-q', '/dev/null', '-c'];

describe.skipIf(!canOpenTerminal)('a terminal', () => {
  it('that closes ends the fleet in its foreground', async () => {
    const { child, data } = run('$START > $LOG', inTerminal);
    const fleet = await ready(data);
    kill(child.pid as number);
    await expectNothingLeft(fleet, 12_000);
  });

  it('that closes leaves the fleet alone that was started with nohup', async () => {
    const { child, data } = run('nohup $START > $LOG 2>&1', inTerminal);
    const fleet = await ready(data);
    kill(child.pid as number);
    await expectToStay(fleet);
    process.kill(fleet.up, 'SIGTERM');
    await expectNothingLeft(fleet, 12_000);
  });

  it('in which Ctrl-C is pressed ends the fleet', async () => {
    const { child, data } = run('$START > $LOG', inTerminal);
    const fleet = await ready(data);
    child.stdin?.write('\u0003');
    await expectNothingLeft(fleet, 12_000);
  });
});
