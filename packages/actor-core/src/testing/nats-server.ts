import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../clock/system-clock.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import { findNatsServer } from './find-nats-server.ts';
import { freePort } from './free-port.ts';

/** How a test's nats-server is set up. */
export interface NatsServerOptions {
  /** Text of its configuration file: users and permissions, limits, cluster routes. @default none */
  readonly configuration?: string;
  /** Folder of its data, which `dispose` leaves in place. @default a new folder, which `dispose` deletes */
  readonly folder?: string;
  /** Whether it runs JetStream. @default true */
  readonly jetstream?: boolean;
  /** Longest time until it accepts clients. With much stored data it first reads its files. @default 30_000 */
  readonly startTimeoutMs?: number;
}

const serverOptions = optionNames<NatsServerOptions>({
  configuration: true,
  folder: true,
  jetstream: true,
  startTimeoutMs: true,
});

/** A nats-server of a test's own, on a free port of 127.0.0.1. */
export interface NatsServer {
  /** Folder of its data; JetStream's is `jetstream` in it. */
  readonly data: string;
  /** `host:port` where it listens; the same after a restart. */
  readonly url: string;
  /** Id of the process that the last start made. */
  readonly pid: number;
  /** Version that the binary reports, e.g. `2.15.1`. */
  readonly version: string;
  /** Sends this signal and waits until the process has exited. @default SIGTERM */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Kills it and deletes its data. */
  dispose(): Promise<void>;
}

const defaultStartTimeoutMs = 30_000;
const probeMs = 10;

/**
 * Starts a nats-server and waits until it accepts clients. The binary is the one that `findNatsServer` returns.
 *
 * @throws Error when there is no nats-server on this machine, or it does not accept clients in time
 */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  requireKnownOptions('options', options, serverOptions);
  const binary = findNatsServer();
  const port = await freePort();
  const data = options.folder ?? mkdtempSync(join(tmpdir(), 'drover-nats-'));
  const args = argumentsFor(port, data, options);
  let child: ChildProcess | undefined;
  let pid = 0;
  const server: NatsServer = {
    data,
    url: `127.0.0.1:${port}`,
    get pid() {
      return pid;
    },
    get version() {
      return versionOf(binary);
    },
    async start() {
      child = spawn(binary, args, { stdio: 'ignore' });
      pid = child.pid ?? 0;
      await untilAccepting(child, port, options.startTimeoutMs ?? defaultStartTimeoutMs);
    },
    async stop(signal = 'SIGTERM') {
      const running = child;
      child = undefined;
      if (running !== undefined) await end(running, signal);
    },
    async dispose() {
      await server.stop('SIGKILL');
      if (options.folder === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

function argumentsFor(
  port: number,
  data: string,
  { configuration, jetstream = true }: NatsServerOptions,
): readonly string[] {
  const args = ['-a', '127.0.0.1', '-p', String(port)];
  if (jetstream) args.push('-js', '-sd', data);
  if (configuration !== undefined) {
    const file = join(data, 'nats.conf');
    writeFileSync(file, configuration);
    args.push('-c', file);
  }
  return args;
}

function versionOf(binary: string): string {
  const text = execFileSync(binary, ['--version'], { encoding: 'utf8', timeout: 5_000 });
  return /v?(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? 'unknown';
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasExited(child)) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await exited;
}

/** The exit code of a process that a signal ended is null. */
function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function untilAccepting(child: ChildProcess, port: number, startTimeoutMs: number): Promise<void> {
  const failure = new Promise<never>((_resolve, reject) => child.once('error', reject));
  failure.catch(() => undefined);
  const deadlineMs = systemClock.now() + startTimeoutMs;
  while (!(await Promise.race([acceptsClients(port), failure]))) {
    if (hasExited(child)) throw new Error(`nats-server exited before it listened on port ${port}`);
    if (systemClock.now() > deadlineMs)
      throw new Error(`nats-server did not listen on port ${port} within ${startTimeoutMs} ms`);
    await new Promise<void>((resolve) => systemClock.setTimer(probeMs, resolve));
  }
}

/** A NATS server sends the first bytes of a connection. */
function acceptsClients(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (isAccepted: boolean) => {
      socket.destroy();
      resolve(isAccepted);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('data', () => finish(true)).once('error', () => finish(false));
  });
}
