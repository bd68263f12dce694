import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { systemClock } from '../clock/system-clock.ts';

/** A real nats-server with JetStream, for tests; its data outlives a restart. */
export interface NatsServer {
  /** Folder of its data; JetStream's is `jetstream` in it. */
  readonly data: string;
  /** `host:port` it listens on; the same after a restart. */
  readonly url: string;
  /** Ends it with this signal and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Stops it and removes its data. */
  dispose(): Promise<void>;
}

const startTimeoutMs = 10_000;

/**
 * Starts one on a free port, with `configuration` (users and their permissions) when given, and with its data in
 * `folder`, which is left as it is, or in one of its own.
 *
 * @throws Error saying how to provide one, when no nats-server is found: a test that needs it never passes without
 */
export async function startNatsServer(configuration?: string, folder?: string): Promise<NatsServer> {
  const binary = findNatsServer();
  const port = await freePort();
  const data = folder ?? mkdtempSync(join(tmpdir(), 'drover-nats-'));
  const extra: string[] = [];
  if (configuration !== undefined) {
    extra.push('-c', join(data, 'nats.conf'));
    writeFileSync(join(data, 'nats.conf'), configuration);
  }
  let child: ChildProcess | undefined;
  const server: NatsServer = {
    data,
    url: `127.0.0.1:${port}`,
    async start() {
      child = spawn(binary, ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', data, ...extra], {
        stdio: 'ignore',
      });
      await untilListening(port);
    },
    async stop(signal = 'SIGTERM') {
      const ending = child;
      child = undefined;
      if (ending === undefined || ending.exitCode !== null) return;
      const gone = new Promise((resolve) => ending.once('exit', resolve));
      ending.kill(signal);
      await gone;
    },
    async dispose() {
      await server.stop('SIGKILL');
      if (folder === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** `DROVER_NATS_SERVER`, else PATH, else what `drover up` has fetched into its cache. */
export function findNatsServer(): string {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'drover');
  const named = process.env['DROVER_NATS_SERVER'];
  const candidates = [
    ...(named === undefined ? [] : [named]),
    ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nats-server')),
    ...binariesUnder(cache, 4),
    ...binariesUnder(join(homedir(), '.cache', 'drover'), 4),
  ];
  const found = candidates.find(isExecutable);
  if (found === undefined) {
    throw new Error(
      'no nats-server found: set DROVER_NATS_SERVER to one, put it on PATH, or let "drover up" fetch it once',
    );
  }
  return found;
}

function binariesUnder(folder: string, depth: number): string[] {
  if (depth === 0) return [];
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return binariesUnder(path, depth - 1);
      return entry.name === 'nats-server' ? [path] : [];
    });
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function untilListening(port: number): Promise<void> {
  const deadline = systemClock.now() + startTimeoutMs;
  while (!(await canConnect(port))) {
    if (systemClock.now() > deadline) throw new Error(`nats-server does not listen on port ${port}`);
    await new Promise<void>((resolve) => systemClock.setTimer(10, resolve));
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
