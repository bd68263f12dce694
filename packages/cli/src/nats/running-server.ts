import { leastPayloadBytes } from '@drover/fleet';
import { badConfiguration, CommandError, exitCodes } from '../errors.ts';
import { readServerInfo, type ServerInfo } from './server-info.ts';
import { howToGetNats, isSupportedVersion, minimumNatsVersion, parseVersion } from './version.ts';

/** Host and port of a NATS address: `host`, `host:port`, or `nats://user:pass@host:port`. */
export function parseNatsAddress(field: string, text: string): { host: string; port: number } {
  const url = URL.parse(text.includes('://') ? text : `nats://${text}`);
  if (url === null || url.hostname === '') throw badConfiguration(field, `is no NATS address: ${text}`);
  if (!['nats:', 'tls:'].includes(url.protocol)) {
    throw badConfiguration(field, `must be nats:// or tls://, got ${url.protocol}//`);
  }
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? 4222 : Number(url.port) };
}

/**
 * Checks that a running NATS meets the needs of Drover.
 *
 * @param field the flag or variable that named the address
 * @throws CommandError `nats-unreachable`, or `nats-unsupported` with what to do
 */
export async function checkRunningServer(field: string, address: string): Promise<ServerInfo> {
  const { host, port } = parseNatsAddress(field, address);
  let info: ServerInfo;
  try {
    info = await readServerInfo(host, port, 3_000);
  } catch (error) {
    throw new CommandError(
      'nats-unreachable',
      exitCodes.missing,
      `${field} names ${host}:${port}, where no NATS answers: ${error instanceof Error ? error.message : String(error)}`,
      { fix: `start it, or leave ${field} out and Drover runs one`, cause: error },
    );
  }
  const version = parseVersion(info.version);
  if (version === undefined || !isSupportedVersion(version)) {
    throw new CommandError(
      'nats-unsupported',
      exitCodes.missing,
      `the nats-server at ${host}:${port} is version ${info.version}: ${minimumNatsVersion} or newer is needed`,
      { fix: howToGetNats },
    );
  }
  if (!info.jetStream) {
    throw new CommandError(
      'nats-unsupported',
      exitCodes.missing,
      `the nats-server ${version} at ${host}:${port} runs without JetStream`,
      { fix: 'start it with --jetstream and a store folder' },
    );
  }
  requirePayload(`the nats-server ${version} at ${host}:${port}`, info.maxPayloadBytes);
  return info;
}

/** @throws CommandError `nats-unsupported` when the largest message of the server is smaller than Drover needs */
export function requirePayload(server: string, maxPayloadBytes: number): void {
  if (maxPayloadBytes >= leastPayloadBytes) return;
  throw new CommandError(
    'nats-unsupported',
    exitCodes.missing,
    `${server} carries messages of ${maxPayloadBytes} bytes at most (max_payload): ${leastPayloadBytes} are needed`,
    { fix: 'set max_payload: 1MB in its configuration, and in the limits of the account, and restart it' },
  );
}
