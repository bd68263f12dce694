import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { exitOf, followLines, type ReadyReport, type RunningChild } from '../process/running-child.ts';

export interface SimulatedHostOptions {
  readonly slots: number;
  /** 0 takes any free one; a later life takes the first life's, so that the fleet finds it again. */
  readonly port: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly onLog: (line: string) => void;
}

/** Names all start with `sim-`, so that nobody takes an answer for a real model's. */
export const simulatedModels: readonly string[] = ['sim-chat', 'sim-count', 'sim-embed'];

/** A load that a person notices and does not wait for. */
const loadMs = 500;

/** Starts a simulated Ollama; ready when it printed its ready line. It ends by itself when this process does. */
export function launchSimulatedHost(options: SimulatedHostOptions): RunningChild {
  const flags = {
    port: String(options.port),
    models: simulatedModels.join(','),
    slots: String(options.slots),
    'load-ms': String(loadMs),
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(process.execPath, [simulatorPath(), '--json', '--exit-with-stdin', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: options.environment,
  });
  const lines = followLines(child.stderr, options.onLog);
  child.stdin.on('error', () => {});
  const { promise: ready, resolve } = Promise.withResolvers<ReadyReport>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = parse(line);
    if (event?.['event'] === 'ready' && typeof event['url'] === 'string') resolve({ url: event['url'] });
  });
  return {
    pid: child.pid ?? 0,
    ready,
    exited: exitOf(child, lines),
    requestStop: () => child.kill('SIGTERM'),
    kill: () => child.kill('SIGKILL'),
  };
}

function simulatorPath(): string {
  // The package's main file is dist/index.js; its programs lie beside dist.
  const main = createRequire(import.meta.url).resolve('@drover/ollama-sim');
  return join(dirname(main), '..', 'bin', 'ollama-sim.js');
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
