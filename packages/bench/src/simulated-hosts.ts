import { fileURLToPath } from 'node:url';
import type { HostUnderTest } from './arm.ts';
import { type ReadyProcess, startReady } from './child-process.ts';

const simBin: string = fileURLToPath(new URL('../../ollama-sim/bin/ollama-sim.js', import.meta.url));

export interface SimulatedHosts {
  readonly hosts: readonly HostUnderTest[];
  stop(): Promise<void>;
}

/** Starts `count` simulated Ollama hosts, each in its own process. Each stream gets `tokensPerSecond`. */
export async function startSimulatedHosts(
  count: number,
  options: { slots: number; tokensPerSecond: number },
): Promise<SimulatedHosts> {
  const args = [
    '--port',
    '0',
    '--json',
    '--exit-with-stdin',
    '--tps',
    String(options.tokensPerSecond),
    '--prefill-tps',
    '100000',
  ];
  args.push('--load-ms', '250', '--slots', String(options.slots));
  const started: ReadyProcess<{ event: string; url: string; pid: number }>[] = [];
  for (let index = 0; index < count; index += 1)
    started.push(await startReady(simBin, args, { timeoutMs: 20_000 }));
  return {
    hosts: started.map(({ ready }) => ({ url: ready.url, pid: ready.pid, slots: options.slots })),
    stop: async () => {
      await Promise.all(started.map((process) => process.stop(2_000)));
    },
  };
}
