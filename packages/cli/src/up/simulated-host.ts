import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ownGroup } from '../platform/process-signals.ts';
import { exitOf, followLines, type ReadyReport, type RunningChild } from '../process/running-child.ts';

export interface SimulatedHostOptions {
  readonly slots: number;
  /** 0 takes any free port. A restarted host gets the port of its first run, so that the fleet finds it again. */
  readonly port: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly onLog: (line: string) => void;
}

/** All names begin with `sim-`, so that no answer is mistaken for that of a real model. */
export const simulatedModels: readonly string[] = ['sim-chat', 'sim-count', 'sim-embed'];

/** Time to load a model: noticeable, but short. */
const loadMs = 500;

/** Starts a simulated Ollama, which is ready when it has printed its ready line. It ends when this process ends. */
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
    ...ownGroup,
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
  // The main file of the package is dist/index.js; its programs are in bin/, beside dist.
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
