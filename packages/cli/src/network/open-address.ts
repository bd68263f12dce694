import { isIP } from 'node:net';

/** Whether only this machine can connect to a server that listens on this address. */
export function isLoopbackAddress(host: string): boolean {
  if (host === 'localhost' || host === '::1' || host === '[::1]') return true;
  // A name such as 127.0.0.1.example.org only looks like one of these addresses.
  return isIP(host) !== 0 && /^(::ffff:)?127\./.test(host);
}

/** The host part of the URL that clients call: loopback for an address that means every interface. */
export function callableHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
