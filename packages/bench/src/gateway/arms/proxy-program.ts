import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@drover/actor-core/testing';
import { untilReady } from '../../until-ready.ts';
import type { GatewayArm } from '../gateway-arm.ts';

/** A proxy in front of the host that is a program of the operating system. */
export interface ProxyProgram {
  /** Name of the program, and of the arm. */
  readonly name: string;
  readonly path: string;
  readonly versionArguments: readonly string[];
  /** Text of its configuration, for one process with one thread that stays in the foreground. */
  readonly configure: (ports: { readonly listen: number; readonly host: number }, folder: string) => string;
  readonly arguments: (configFile: string, folder: string) => readonly string[];
}

export function proxyArm(program: ProxyProgram): GatewayArm {
  const { name, path } = program;
  return {
    name,
    path,
    version() {
      const found = spawnSync(name, [...program.versionArguments], { encoding: 'utf8' });
      if (found.error !== undefined) throw new Error(`${name} is not on this machine`);
      return /\d+\.\d+\.\d+/.exec(found.stdout + found.stderr)?.[0] ?? 'unknown';
    },
    async start(hostUrl) {
      const folder = mkdtempSync(join(tmpdir(), `drover-${name}-`));
      const listen = await freePort();
      const config = join(folder, 'config');
      writeFileSync(config, program.configure({ listen, host: Number(new URL(hostUrl).port) }, folder));
      const child = spawn(name, [...program.arguments(config, folder)], { stdio: 'ignore' });
      const stop = async (): Promise<void> => {
        await end(child);
        rmSync(folder, { recursive: true, force: true });
      };
      try {
        await untilReady(() => tryConnect(listen));
      } catch (error) {
        await stop();
        throw error;
      }
      return {
        url: `http://127.0.0.1:${listen}`,
        processes: [{ name: 'proxy', pid: child.pid ?? 0 }],
        stop,
      };
    },
  };
}

function tryConnect(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
