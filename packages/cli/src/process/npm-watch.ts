import { platform } from '../platform/platform.ts';
import { factsOf, type ProcessFacts } from '../platform/proc.ts';

/**
 * Stops the fleet when the npm that started it ends.
 *
 * npm runs a script through a shell and forwards SIGTERM only to that shell; npm can also be killed. In both cases
 * `drover up` would continue to run and no other process would stop it. The watch covers the processes from this one up
 * to npm. It does not cover the parent of npm: a script that runs `npm start &` and ends has put the fleet into the
 * background on purpose.
 */

/** Interval of the check; the fleet must stop within 5 s after npm ended. */
const watchPeriodMs = 500;

/** Time to wait for SIGHUP after npm ended: a terminal that closes ends npm and sends SIGHUP here, in either order. */
const hangupGraceMs = 100;

/** Largest number of shells and launchers between npm and this process. */
const maxBetween = 4;

/** Calls `onGone` once when the npm that started this process has ended. Returns a function that ends the watch. */
export function watchNpm(environment: NodeJS.ProcessEnv, onGone: () => void): () => void {
  if (environment['npm_command'] === undefined || !platform.hasParentProcesses) return () => {};
  const before = chainToNpm(process.ppid, environment['npm_execpath'] ?? '', factsOf);
  if (before.length === 0) return () => {};
  let grace: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    if (isWhole(before, process.ppid, factsOf)) return;
    clearInterval(timer);
    grace = setTimeout(onGone, hangupGraceMs);
  }, watchPeriodMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    clearTimeout(grace);
  };
}

type ReadFacts = (pid: number) => ProcessFacts | undefined;

/**
 * Pids from `parent` up to npm, nearest first: shells that run one command (`sh -c`), the `drover` launcher, then npm.
 * Empty if another process is in the chain: then a person or a program started the fleet, not npm. Only `parent` on
 * systems where processes cannot read about each other.
 */
export function chainToNpm(parent: number, npmPath: string, read: ReadFacts): readonly number[] {
  const chain: number[] = [];
  for (let pid = parent; pid > 1 && chain.length <= maxBetween; ) {
    const facts = read(pid);
    if (facts === undefined) return chain.length === 0 && read(process.pid) === undefined ? [pid] : [];
    chain.push(pid);
    if (isNpm(facts.command, npmPath)) return chain;
    if (!isBetween(facts.command)) return [];
    pid = facts.parent;
  }
  return [];
}

/** Whether each process of the chain is still the child of the next one. */
export function isWhole(chain: readonly number[], parent: number, read: ReadFacts): boolean {
  if (chain[0] !== parent) return false;
  return chain.slice(0, -1).every((pid, index) => read(pid)?.parent === chain[index + 1]);
}

/** npm sets its process title to `npm start` or `npm exec …`. Other package managers are found by `npm_execpath`. */
function isNpm(command: readonly string[], npmPath: string): boolean {
  if (/^(?:npm|npx|pnpm|yarn|bun)(?:\s|$)/.test(command[0] ?? '')) return true;
  return npmPath !== '' && command.includes(npmPath);
}

function isBetween(command: readonly string[]): boolean {
  const isShell = command[1] === '-c';
  const isLauncher = /[\\/]drover(?:\.js)?$/.test(command[1] ?? '');
  return isShell || isLauncher;
}
