import { badConfiguration } from '../errors.ts';

/** Whether only this machine can connect to a server that listens on this address. */
export function isLoopbackAddress(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^(::ffff:)?127\./.test(host);
}

/**
 * Refuses an address that other machines can reach, because the gateway asks for no key; `--insecure` allows it.
 *
 * @throws CommandError `bad-configuration` naming `--host` and what to do
 */
export function requireClosedAddress(host: string, isInsecure: boolean): void {
  if (isLoopbackAddress(host) || isInsecure) return;
  throw badConfiguration(
    '--host',
    `${host} can be reached by other machines, and the gateway asks for no key: each of them could use the fleet; leave it at 127.0.0.1 behind a proxy that asks for a password, or add --insecure`,
  );
}
