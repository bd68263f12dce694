import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@drover/actor-core/testing';
import type { Durability } from '../../src/durability.ts';

/** Debian's package. */
const program = 'redis-server';

/** Version of the Redis server on this machine. @throws Error where there is none */
export function redisVersion(): string {
  const found = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (found.error !== undefined) throw new Error(`${program} is not on this machine`);
  return /v=(\S+)/.exec(found.stdout)?.[1] ?? 'unknown';
}

/**
 * Starts a Redis server with its append-only file, which is synced every second, or before each answer where the
 * durability says so.
 */
export async function startRedis({ isSynced }: Durability): Promise<{ port: number; close(): void }> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'drover-redis-'));
  const options = ['--port', String(port), '--save', '', '--appendonly', 'yes'];
  const sync = ['--appendfsync', isSynced ? 'always' : 'everysec'];
  const server = spawn(program, [...options, ...sync], { stdio: 'ignore', cwd: folder });
  return {
    port,
    close: () => {
      server.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
