import { factsOf, type ProcessFacts } from './process-table.ts';

/**
 * Ends what npm started together with npm.
 *
 * npm runs a script through a shell, forwards SIGTERM to that shell alone, and can be killed: in both cases this process
 * would continue without any process to stop it. The parent of npm does not matter: a script that runs `npm start &` and
 * ends has put the fleet into the background. So the processes from this one up to npm are watched, and none above.
 */

/** How often the processes up to npm are looked at; what npm leaves behind is gone well within the promised 5 s. */
const watchPeriodMs = 500;

/** Wait for SIGHUP after the end of npm: a closing terminal ends npm and also signals this process, in either order. */
const hangupGraceMs = 100;

/** Shells and launchers between npm and this process, at most. */
const maxBetween = 4;

/** Calls `onGone` once when the npm that started this process has ended. Returns the end of watching. */
export function watchNpm(environment: NodeJS.ProcessEnv, onGone: () => void): () => void {
  if (environment['npm_command'] === undefined || process.platform === 'win32') return () => {};
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
 * The processes from `parent` up to npm, nearest first: shells that run one command (`sh -c`), our launcher, then npm.
 * Empty where no npm is found that way; then this process must keep running. Where the system shows no other
 * processes, the parent alone.
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

/** Whether each process of the chain is still the child of the next. */
export function isWhole(chain: readonly number[], parent: number, read: ReadFacts): boolean {
  if (chain[0] !== parent) return false;
  return chain.slice(0, -1).every((pid, index) => read(pid)?.parent === chain[index + 1]);
}

/** npm calls itself `npm start` or `npm exec …`; others that keep its conventions say where their program lies. */
function isNpm(command: readonly string[], npmPath: string): boolean {
  if (/^(?:npm|npx|pnpm|yarn|bun)(?:\s|$)/.test(command[0] ?? '')) return true;
  return npmPath !== '' && command.includes(npmPath);
}

function isBetween(command: readonly string[]): boolean {
  const isShell = command[1] === '-c';
  const isLauncher = /[\\/]drover(?:\.js)?$/.test(command[1] ?? '');
  return isShell || isLauncher;
}
