import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { signalProcess } from '../platform/process-signals.ts';
import { identityOf, isRunning, type ProcessIdentity } from '../process/process-identity.ts';

/**
 * Records the running nats-server in the data folder. Two servers on one JetStream folder would destroy its files, so a
 * start waits until the server of a `drover up` that was killed has ended.
 */
export function recordServer(dataDir: string, pid: number): void {
  const identity = identityOf(pid);
  if (identity !== undefined) writeFileSync(pathIn(dataDir), JSON.stringify(identity), { mode: 0o600 });
}

export function forgetServer(dataDir: string): void {
  rmSync(pathIn(dataDir), { force: true });
}

/** Resolves when no recorded server runs. A server that does not end by itself within `patienceMs` is killed. */
export async function waitForLeftover(dataDir: string, patienceMs: number): Promise<void> {
  const leftover = readRecord(dataDir);
  if (leftover === undefined) return;
  const deadlineMs = performance.now() + patienceMs;
  while (isRunning(leftover)) {
    if (performance.now() > deadlineMs) signalProcess(leftover.pid, 'SIGKILL');
    await delay(25);
  }
  forgetServer(dataDir);
}

function readRecord(dataDir: string): ProcessIdentity | undefined {
  try {
    const value = JSON.parse(readFileSync(pathIn(dataDir), 'utf8')) as ProcessIdentity;
    return typeof value.pid === 'number' && typeof value.startTime === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function pathIn(dataDir: string): string {
  return join(dataDir, 'nats.pid');
}
