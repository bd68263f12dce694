import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Arm } from './arm.ts';
import { startReady } from './child-process.ts';

interface DroverReady {
  readonly event: string;
  readonly url: string;
  readonly pid: number;
  readonly nats: { readonly pid?: number };
  readonly processes: readonly { readonly id: string; readonly role: string; readonly pid: number }[];
}

const droverBin: string = fileURLToPath(new URL('../../cli/bin/drover.js', import.meta.url));

/** `drover up` in front of the hosts with its default settings. */
export const droverArm: Arm = {
  name: 'drover',
  start: async (hosts) => {
    const data = mkdtempSync(join(tmpdir(), 'drover-bench-'));
    const args = ['up', '--json', '--port', '0', '--data', data, '--slots', String(hosts[0]?.slots ?? 1)];
    for (const host of hosts) args.push('--ollama', host.url);
    const running = await startReady<DroverReady>(droverBin, args, { timeoutMs: 90_000 });
    const processes = running.ready.processes
      .filter((process) => process.role !== 'ollama-sim')
      .map((process) => ({ name: process.id, pid: process.pid }));
    const natsPid = running.ready.nats.pid;
    return {
      urlFor: () => running.ready.url,
      processes: natsPid === undefined ? processes : [...processes, { name: 'nats-server', pid: natsPid }],
      stop: async () => {
        await running.stop();
        rmSync(data, { recursive: true, force: true });
      },
    };
  },
};
