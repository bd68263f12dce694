import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startCluster, stopLeftovers } from '../lib/cluster.ts';
import { waitUntil } from '../lib/wait-until.ts';

const ends: (() => void)[] = [];
afterEach(async () => {
  await stopLeftovers();
  for (const end of ends.splice(0).toReversed()) end();
});

const valueBytes = 16_384;

/** A file system of 64 MiB; undefined if this user may not mount one. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'drover-small-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'drover-test', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  ends.push(() => execFileSync('umount', ['-l', folder]));
  return folder;
}

function fill(folder: string): void {
  for (const bytes of [1_048_576, 4_096])
    for (let index = 0; ; index++) {
      try {
        writeFileSync(join(folder, `fill-${bytes}-${index}`), Buffer.alloc(bytes));
      } catch {
        break;
      }
    }
}

function makeRoom(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith('fill-')) rmSync(join(folder, name));
}

async function call(url: string, init: RequestInit = {}): Promise<{ status: number; headers: Headers }> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) });
  await response.arrayBuffer();
  return response;
}

it('keeps what memory and queues acknowledged while the disk is full, after there is room, and after a kill of NATS', async (context) => {
  const folder = smallDisk();
  if (folder === undefined) {
    context.skip('mounting a small file system needs root');
    return;
  }
  const { url, events } = await startCluster(['--sim', '1', '--data', join(folder, 'data')]);
  const keys: string[] = [];
  let messages = 0;
  let next = 0;
  const put = async (): Promise<{ status: number; headers: Headers }> => {
    const key = `k${next++}`;
    const body = key.padEnd(valueBytes, '.');
    const answer = await call(`${url}/api/v1/memory/global/${key}`, { method: 'PUT', body });
    if (answer.status === 201) keys.push(key);
    return answer;
  };
  const enqueue = async (): Promise<{ status: number; headers: Headers }> => {
    const answer = await call(`${url}/api/v1/queues/q`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ body: 'm'.repeat(valueBytes) }),
    });
    if (answer.status === 201) messages++;
    return answer;
  };
  const requireKept = async (): Promise<void> => {
    for (const key of keys) {
      const response = await fetch(`${url}/api/v1/memory/global/${key}`);
      expect([key, response.status, (await response.text()).startsWith(`${key}.`)]).toEqual([key, 200, true]);
    }
    const counts = (await (await fetch(`${url}/api/v1/queues/q`)).json()) as { depth: number };
    expect(counts.depth).toBeGreaterThanOrEqual(messages);
  };
  const works = async (): Promise<boolean> =>
    (await put()).status === 201 && (await enqueue()).status === 201;
  for (let index = 0; index < 5; index++)
    expect([(await put()).status, (await enqueue()).status]).toEqual([201, 201]);
  fill(folder);
  for (const write of [put, enqueue]) {
    await waitUntil(
      'a write is refused, with the time to come again',
      async () => {
        const { status, headers } = await write();
        return status === 503 && headers.get('retry-after') !== null;
      },
      { timeoutMs: 60_000 },
    );
  }
  makeRoom(folder);
  await waitUntil('writes are accepted again', works, { timeoutMs: 30_000 });
  await requireKept();
  const restarted = events.findLast(({ event }) => event === 'nats-restarted');
  process.kill(Number(restarted?.['pid']), 'SIGKILL');
  await waitUntil('writes are accepted after a kill', works, { timeoutMs: 30_000 });
  await requireKept();
}, 240_000);
