import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UpConfig } from '../config.ts';
import { badConfiguration } from '../errors.ts';
import type { Authority } from '../nats/credentials.ts';
import { forgetServer, waitForLeftover } from '../nats/leftover-server.ts';
import { serverConfigText } from '../nats/server-config.ts';
import { freePort } from '../network/port.ts';

/** One nats-server that `drover up` runs. */
export interface OwnServer {
  readonly id: string;
  readonly port: number;
  readonly url: string;
  /** Folder in which JetStream makes its folder `jetstream`. */
  readonly storeDir: string;
  readonly configPath: string;
}

const loopback = '127.0.0.1';
const leftoverPatienceMs = 3_000;
const secretBytes = 24;

/**
 * Refuses a data folder that was written by another number of servers. A server that joins a cluster removes the
 * streams that it had alone.
 *
 * @throws CommandError `bad-configuration`
 */
export function requireSameServers(dataDir: string, count: number): void {
  const isOfOne = existsSync(join(dataDir, 'jetstream'));
  const isOfThree = existsSync(storeDirOf(dataDir, 0, 3));
  if (count === 1 ? !isOfThree : !isOfOne) return;
  const [was, flag] =
    count === 1 ? ['three servers', '--nats-servers 3'] : ['one server', 'no --nats-servers'];
  throw badConfiguration(
    '--nats-servers',
    `does not fit the data folder ${dataDir}, which ${was} wrote: start with ${flag}, or with another --data`,
  );
}

/** Writes the configuration of each server, and waits until no server of an earlier start uses its folder. */
export async function prepareServers(
  { config, dataDir }: { readonly config: UpConfig; readonly dataDir: string },
  authority: Authority,
): Promise<readonly OwnServer[]> {
  const count = config.natsServers;
  const ports = await freePorts(2 * count);
  const routePorts = ports.slice(count);
  const secret = randomBytes(secretBytes).toString('hex');
  const servers: OwnServer[] = [];
  for (const [index, port] of ports.slice(0, count).entries()) {
    const storeDir = storeDirOf(dataDir, index, count);
    mkdirSync(storeDir, { recursive: true, mode: 0o700 });
    await waitForLeftover(storeDir, leftoverPatienceMs);
    const id = count === 1 ? 'nats' : `nats-${index + 1}`;
    const configPath = join(storeDir, 'nats.conf');
    const routePort = routePorts[index] as number;
    const text = serverConfigText({
      host: loopback,
      port,
      storeDir,
      syncsAlways: config.durability !== 'process',
      authority,
      ...(count === 1 ? {} : { cluster: { serverName: id, routePort, routePorts, secret } }),
    });
    writeFileSync(configPath, text, { mode: 0o600 });
    // writeFileSync sets the mode only for a new file.
    chmodSync(configPath, 0o600);
    servers.push({ id, port, url: `nats://${loopback}:${port}`, storeDir, configPath });
  }
  return servers;
}

/** The servers of this data folder have ended. */
export function forgetServers(dataDir: string): void {
  forgetServer(dataDir);
  for (let index = 0; index < 3; index++) forgetServer(storeDirOf(dataDir, index, 3));
}

function storeDirOf(dataDir: string, index: number, count: number): string {
  return count === 1 ? dataDir : join(dataDir, `nats-${index + 1}`);
}

async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort(loopback));
  return [...ports];
}
