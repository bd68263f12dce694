import { badConfiguration } from '../errors.ts';

/** Whether only this machine reaches what listens there. */
export function isLoopbackAddress(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^(::ffff:)?127\./.test(host);
}

/**
 * Refuses to serve without a key where other machines reach the gateway, unless that was asked for.
 *
 * @throws CommandError `bad-configuration` naming `--host` and what to do
 */
export function requireLock(host: string, isInsecure: boolean): void {
  if (isLoopbackAddress(host) || isInsecure) return;
  throw badConfiguration(
    '--host',
    `${host} is reached by other machines, and no key is asked for: every machine that reaches it could use the fleet; leave it at 127.0.0.1 behind a proxy that asks for a password, or say --insecure`,
  );
}
