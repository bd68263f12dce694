import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ownGroup, signalProcess } from '../platform/process-signals.ts';
import { exitOf, followLines, type ReadyReport, type RunningChild } from '../process/running-child.ts';
import { readServerInfo } from './server-info.ts';

const guardianPath: string = fileURLToPath(new URL('./guardian.js', import.meta.url));

export interface ServerProcessOptions {
  readonly binary: string;
  readonly configPath: string;
  readonly host: string;
  readonly port: number;
  readonly onLog: (line: string) => void;
  /** Called with the pid as soon as the server runs, before it is ready. */
  readonly onStarted: (pid: number) => void;
}

/** Starts nats-server under its guardian process. The server is ready when its `INFO` line names JetStream. */
export function launchServer(options: ServerProcessOptions): RunningChild {
  const guardian = spawn(process.execPath, [guardianPath, options.binary, '-c', options.configPath], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    ...ownGroup,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });
  const lines = followLines(guardian.stderr as Readable, options.onLog);
  let serverPid = 0;
  let ended = false;
  const { promise: started, resolve: onStarted } = Promise.withResolvers<void>();
  guardian.on('message', (message: { type: string; pid: number }) => {
    if (message.type !== 'started') return;
    serverPid = message.pid;
    options.onStarted(serverPid);
    onStarted();
  });
  const exited = exitOf(guardian, lines).then((exit) => {
    ended = true;
    // If only the guardian was killed, no other process would end the server.
    signalProcess(serverPid, 'SIGKILL');
    return exit;
  });
  const becomeReady = async (): Promise<ReadyReport> => {
    await started;
    for (;;) {
      const info = await readServerInfo(options.host, options.port, 1_000).catch(() => undefined);
      if (info?.jetStream === true) return { version: info.version };
      if (ended) return new Promise<never>(() => {});
      await delay(10);
    }
  };
  return {
    get pid() {
      return serverPid;
    },
    ready: becomeReady(),
    exited,
    requestStop: () => (serverPid === 0 ? guardian.kill('SIGTERM') : signalProcess(serverPid, 'SIGTERM')),
    kill: () => (serverPid === 0 ? guardian.kill('SIGKILL') : signalProcess(serverPid, 'SIGKILL')),
  };
}
