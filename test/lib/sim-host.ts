import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isAlive, kill } from './processes.ts';

const simBin: string = fileURLToPath(new URL('../../packages/ollama-sim/bin/ollama-sim.js', import.meta.url));

/** The fields of `GET /sim/state` that scenarios use. */
export interface SimState {
  readonly busy: number;
  readonly queue: number;
  readonly openConnections: number;
  readonly requestsServed: number;
  readonly loads: number;
  readonly pulledBytes: number;
  readonly layerStarts: number;
}

/** A simulated Ollama host, as a process of its own. */
export interface SimHost {
  readonly url: string;
  readonly pid: number;
  state(): Promise<SimState>;
  fault(fault: Record<string, unknown>): Promise<void>;
  kill(): void;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Starts a simulated host with defaults for tests and the given flags of `ollama-sim`. */
export async function startSimHost(flags: Readonly<Record<string, string | number>> = {}): Promise<SimHost> {
  const merged: Record<string, string | number> = {
    port: 0,
    tps: 50,
    'prefill-tps': 20_000,
    slots: 1,
    'load-ms': 250,
    ...flags,
  };
  const args = Object.entries(merged).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [simBin, '--json', '--exit-with-stdin', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(child);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running.delete(child);
      resolve();
    });
  });
  const { promise, resolve, reject } = Promise.withResolvers<{ url: string }>();
  child.once('exit', (code) =>
    reject(new Error(`the simulated host ended with ${code} before it was ready`)),
  );
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as { event: string; url: string };
    if (event.event === 'ready') resolve(event);
  });
  const { url } = await promise;
  const pid = child.pid as number;
  return {
    url,
    pid,
    state: async () => (await (await fetch(`${url}/sim/state`)).json()) as SimState,
    fault: async (fault) => {
      const response = await fetch(`${url}/sim/fault`, { method: 'POST', body: JSON.stringify(fault) });
      if (!response.ok) throw new Error(`fault refused: ${await response.text()}`);
    },
    kill: () => kill(pid),
    stop: async () => {
      if (isAlive(pid)) child.kill('SIGTERM');
      await exited;
    },
  };
}

export async function startSimHosts(
  count: number,
  flags: Readonly<Record<string, string | number>> = {},
): Promise<SimHost[]> {
  return Promise.all(Array.from({ length: count }, () => startSimHost(flags)));
}

/** Ends all processes that a failed scenario left behind; call it after each scenario. */
export async function stopSimHosts(): Promise<void> {
  await Promise.all(
    [...running].map(
      (child) =>
        new Promise<void>((resolve) => {
          child.once('exit', () => resolve());
          child.kill('SIGKILL');
        }),
    ),
  );
}
