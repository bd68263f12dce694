import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ownGroup } from '../platform/process-signals.ts';
import { exitOf, followLines, type ReadyReport, type RunningChild } from '../process/running-child.ts';

const binPath: string = fileURLToPath(new URL('../../bin/drover.js', import.meta.url));

/**
 * V8's own flags by role. A gateway makes short-lived objects for every token. Under 1,000 streams its collections
 * paused it for 9 to 14 % of the time with a young generation of 4 MB, and for 3 to 6 % with 16 MB. After a minute of
 * that load the process had the same size with both (321 and 322 MB).
 */
const nodeFlags: Readonly<Record<string, readonly string[]>> = { gateway: ['--max-semi-space-size=16'] };

export interface RoleProcessOptions {
  /** `gateway`, `node-agent` or `host`, and its flags. */
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly onLog: (line: string) => void;
}

/** Starts `drover ROLE …`. The role is ready when its process reports this over the IPC channel. */
export function launchRole(options: RoleProcessOptions): RunningChild {
  const flags = nodeFlags[options.args[0] ?? ''] ?? [];
  const child = spawn(process.execPath, [...flags, binPath, ...options.args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    ...ownGroup,
    env: options.environment,
  });
  const lines = followLines(child.stderr as Readable, options.onLog);
  const { promise: ready, resolve } = Promise.withResolvers<ReadyReport>();
  let hasLeft = false;
  child.on('message', (message: { type?: string }) => {
    if (message.type === 'ready') resolve(message);
    if (message.type === 'left') hasLeft = true;
  });
  return {
    pid: child.pid ?? 0,
    ready,
    exited: exitOf(child, lines),
    hasLeft: () => hasLeft,
    requestStop: () => child.kill('SIGTERM'),
    kill: () => child.kill('SIGKILL'),
  };
}
