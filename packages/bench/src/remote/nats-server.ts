import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const program = 'nats-server';
const startTimeoutMs = 10_000;

export interface NatsServer {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
  stop(): Promise<void>;
}

/**
 * Starts a nats-server of its own on a free port: no JetStream, no credentials.
 *
 * @throws Error naming what to do when there is none, or it does not start
 */
export async function startNatsServer(): Promise<NatsServer> {
  const file = findNatsServer();
  const version = /v?(\d+\.\d+\.\d+)/.exec(
    execFileSync(file, ['--version'], { encoding: 'utf8', timeout: 5_000 }),
  )?.[1];
  const port = await freePort();
  const child = spawn(file, ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await exited;
    clearTimeout(kill);
  };
  const deadline = performance.now() + startTimeoutMs;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`${file} did not answer on port ${port} within ${startTimeoutMs} ms`);
    }
    await sleep(20);
  }
  return {
    url: `nats://127.0.0.1:${port}`,
    pid: child.pid as number,
    version: version ?? 'unknown',
    stop,
  };
}

/** `DROVER_NATS_SERVER`, then PATH, then what an earlier `drover up` left in its cache, the newest first. */
function findNatsServer(): string {
  const configured = process.env['DROVER_NATS_SERVER'];
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'drover', 'nats-server');
  const cached = existsSync(cache)
    ? readdirSync(cache).toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    : [];
  const candidates = [
    ...(configured ? [configured] : []),
    ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program)),
    ...cached.map((folder) => join(cache, folder, program)),
  ];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined)
    throw new Error(
      'no nats-server found: put it on PATH, name it in DROVER_NATS_SERVER, or run npm start once, which fetches one',
    );
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return (address as { port: number }).port;
}

/** A NATS server speaks first. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (heard: boolean): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('data', () => end(true)).once('error', () => end(false));
  });
}
