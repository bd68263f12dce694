import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { identityOf } from '../process/process-identity.ts';
import { signalProcess } from '../platform/process-signals.ts';

const guardianPath = fileURLToPath(new URL('./guardian.ts', import.meta.url));
const started: { guardian: ChildProcess; pid: number }[] = [];

afterEach(() => {
  for (const { guardian, pid } of started.splice(0)) {
    guardian.kill('SIGKILL');
    signalProcess(pid, 'SIGKILL');
  }
});

/** A guardian of one program, and the program's pid. */
async function guard(program: string, ...args: string[]): Promise<{ guardian: ChildProcess; pid: number }> {
  const guardian = spawn(process.execPath, [guardianPath, program, ...args], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const [message] = (await once(guardian, 'message')) as [{ type: string; pid: number }];
  const entry = { guardian, pid: message.pid };
  started.push(entry);
  return entry;
}

const isGone = (pid: number): Promise<void> =>
  vi.waitFor(
    () => {
      expect(identityOf(pid)).toBeUndefined();
    },
    { timeout: 30_000, interval: 10 },
  );

it('ends its program when the parent ends', async () => {
  const { guardian, pid } = await guard('sleep', '60');
  guardian.disconnect();
  await isGone(pid);
});

it('kills a program that ignores SIGTERM', async () => {
  const { guardian, pid } = await guard('sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done');
  guardian.disconnect();
  await isGone(pid);
});

it('ends with its program and passes its exit code on', async () => {
  const { guardian } = await guard('sh', '-c', 'sleep 0.1; exit 7');
  expect(await once(guardian, 'exit')).toEqual([7, null]);
});
