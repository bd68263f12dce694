import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'nats';
import { waitUntil } from './wait-until.ts';

/** A nats-server of the scenario's own, open to everyone, with JetStream. */
export interface OpenNatsServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts one, with `configuration` when given, from the binary that `npm test` found (`DROVER_NATS_SERVER`).
 *
 * @throws Error when the variable is not set: this scenario cannot be skipped silently
 */
export async function startOpenNatsServer(configuration = ''): Promise<OpenNatsServer> {
  const binary = process.env['DROVER_NATS_SERVER'];
  if (binary === undefined)
    throw new Error('DROVER_NATS_SERVER must name a nats-server binary (npm test sets it)');
  const port = await freePort();
  const store = mkdtempSync(join(tmpdir(), 'drover-nats-'));
  const file = join(store, 'nats.conf');
  writeFileSync(file, configuration);
  const child = spawn(binary, ['-c', file, '-a', '127.0.0.1', '-p', String(port), '-js', '-sd', store], {
    stdio: 'ignore',
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const url = `nats://127.0.0.1:${port}`;
  await waitUntil(
    'nats-server answers',
    async () => {
      const connection = await connect({ servers: url, reconnect: false, timeout: 500 });
      await connection.close();
      return true;
    },
    { timeoutMs: 10_000 },
  );
  return {
    url,
    pid: child.pid as number,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(store, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  return port;
}
