import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { descendantsOf, isAlive, kill } from './processes.ts';
import { waitUntil } from './wait-until.ts';

export const droverBin: string = fileURLToPath(new URL('../../packages/cli/bin/drover.js', import.meta.url));

/** The ready event of `drover up --json`, as the contract defines it. */
export interface ReadyEvent {
  readonly event: 'ready';
  readonly url: string;
  readonly pid: number;
  readonly nats: {
    readonly url: string;
    readonly pid?: number;
    readonly version: string;
    readonly servers?: readonly { readonly id: string; readonly pid: number }[];
  };
  readonly processes: readonly ClusterProcess[];
}

export interface ClusterProcess {
  readonly id: string;
  readonly role: string;
  readonly pid: number;
  readonly ollamaUrl?: string;
  readonly simulated?: boolean;
}

/** One `drover up` under test, with all of its output. */
export interface Cluster {
  readonly child: ChildProcess;
  readonly ready: ReadyEvent;
  readonly url: string;
  readonly dataDir: string;
  /** All JSON lines of stdout so far. */
  readonly events: readonly Record<string, unknown>[];
  /** All text of stderr so far. */
  stderr(): string;
  processOf(id: string): ClusterProcess;
  /** Sends SIGINT, waits for the exit and resolves with the exit code. */
  stop(): Promise<number>;
  exitCode(): Promise<number>;
}

/** Processes of this file, and the data folder that ends with each of them. */
const running = new Set<{ child: ChildProcess; dataDir: string | undefined }>();

/**
 * Starts `drover up --json --port 0` and waits for its ready line. `bin` is another installation's program than the
 * checkout's. `dataDir` is a data folder that stays when the cluster has stopped; without it there is a new one.
 */
export async function startCluster(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; timeoutMs?: number; bin?: string; dataDir?: string } = {},
): Promise<Cluster> {
  const isKept = options.dataDir !== undefined;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'drover-scenario-'));
  const child = spawn(
    process.execPath,
    [options.bin ?? droverBin, 'up', '--json', '--port', '0', '--data', dataDir, ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: cleanEnvironment(options.env),
    },
  );
  const entry = { child, dataDir: isKept ? undefined : dataDir };
  running.add(entry);
  const events: Record<string, unknown>[] = [];
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(JSON.parse(line) as Record<string, unknown>);
  });
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(entry);
      if (!isKept) removeFolder(dataDir);
      resolve(code ?? (signal === 'SIGKILL' ? 137 : 128));
    });
  });
  let ready: ReadyEvent;
  try {
    ready = await Promise.race([
      waitUntil(
        'drover up is ready',
        () => events.find((event) => event['event'] === 'ready') as ReadyEvent | undefined,
        { timeoutMs: options.timeoutMs ?? 120_000 },
      ),
      exited.then((code) => {
        throw new Error(`drover up ended with ${code}`);
      }),
    ]);
  } catch (error) {
    await stopChild(child, exited);
    throw new Error(`drover up did not become ready:\n${stderr}`, { cause: error });
  }
  return {
    child,
    ready,
    url: ready.url,
    dataDir,
    events,
    stderr: () => stderr,
    processOf: (id) => {
      const found = ready.processes.find((process) => process.id === id);
      if (found === undefined)
        throw new Error(`no process ${id} in ${ready.processes.map((process) => process.id).join(', ')}`);
      return found;
    },
    stop: async () => {
      child.kill('SIGINT');
      return exited;
    },
    exitCode: () => exited,
  };
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a `drover` command to its end. */
export async function runDrover(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [droverBin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment(options.env),
  });
  const timer = setTimeout(() => child.kill('SIGTERM'), options.timeoutMs ?? 30_000);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number>((resolve) => {
    child.once('close', (value) => resolve(value ?? 128));
  });
  clearTimeout(timer);
  return { code, stdout, stderr };
}

/**
 * Starts a further role process that joins the cluster; resolves once `/api/v1/status` lists it. `bin` is another
 * installation's program than the checkout's; `key` is for a cluster that asks for one.
 */
export async function joinRole(
  cluster: Cluster,
  args: readonly string[],
  id: string,
  { bin = droverBin, key }: { readonly bin?: string; readonly key?: string } = {},
): Promise<{ readonly pid: number; readonly exited: Promise<number>; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [bin, ...args, '--data', cluster.dataDir], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: cleanEnvironment(),
  });
  const entry = { child, dataDir: cluster.dataDir };
  running.add(entry);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code) => {
      running.delete(entry);
      resolve(code ?? 128);
    });
  });
  try {
    await waitUntil(`${id} is listed`, async () => {
      const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key };
      const status = (await (await fetch(`${cluster.url}/api/v1/status`, { headers })).json()) as {
        nodes: { id: string; state: string; pid: number }[];
      };
      // An earlier process with that name may still be listed.
      return status.nodes.some((node) => node.id === id && node.state === 'alive' && node.pid === child.pid);
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${id} did not join:\n${stderr}`, { cause: error });
  }
  return { pid: child.pid as number, exited, stop: () => stopChild(child, exited) };
}

/** Ends all processes that a failed scenario left behind; call it after each scenario. */
export async function stopLeftovers(): Promise<void> {
  for (const { child, dataDir } of running) {
    const pids = child.pid === undefined ? [] : [child.pid, ...descendantsOf(child.pid)];
    for (const pid of pids) if (isAlive(pid)) kill(pid);
    if (dataDir !== undefined) removeFolder(dataDir);
  }
  running.clear();
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

async function stopChild(child: ChildProcess, exited: Promise<number>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await exited;
  clearTimeout(timer);
}

/** The environment without variables that would configure Drover from outside the scenario. */
export function cleanEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(environment)) {
    const kept = name === 'DROVER_NATS_SERVER';
    if (!kept && /^(?:DROVER_.*|OLLAMA_(?:HOST|ORIGINS|KEEP_ALIVE)|NATS_URL)$/.test(name))
      delete environment[name];
  }
  return { ...environment, ...extra };
}
