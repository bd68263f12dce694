import { BlockList, isIP } from 'node:net';

/** The machine that the gateway runs on. */
export interface Machine {
  readonly name: string;
  readonly addresses: readonly string[];
}

/**
 * Whether a gateway on a loopback address serves requests with this Host header, as Ollama decides it. A public name in
 * the header means that a web page resolves its own name to this machine (DNS rebinding).
 */
export function isAllowedHost(hostHeader: string, machine: Machine, extra: readonly string[] = []): HostKind {
  const host = hostOf(hostHeader).toLowerCase();
  if (isIP(host) !== 0) {
    return isPrivateAddress(host) || machine.addresses.includes(host) ? 'address' : 'refused';
  }
  if (host === '' || host === 'localhost' || host === machine.name.toLowerCase()) return 'name';
  if (extra.some((name) => name.toLowerCase() === host)) return 'name';
  return ['.localhost', '.local', '.internal'].some((tld) => host.endsWith(tld)) ? 'name' : 'refused';
}

/** `name`: a local name, for which Ollama answers OPTIONS with 204 · `address`: an address, for which it does not. */
export type HostKind = 'name' | 'address' | 'refused';

/** Whether only this machine can reach a server that listens on `address`. */
export function isLoopback(address: string): boolean {
  if (address === 'localhost' || address === '::1') return true;
  // A name such as 127.0.0.1.example.org only looks like one of these addresses.
  return isIP(address) !== 0 && /^(::ffff:)?127\./.test(address);
}

function hostOf(header: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(header);
  if (bracketed) return bracketed[1] ?? '';
  return isIP(header) === 6 ? header : header.replace(/:\d*$/, '');
}

const privateNetworks = new BlockList();
for (const [net, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['0.0.0.0', 32],
] as const) {
  privateNetworks.addSubnet(net, prefix, 'ipv4');
}
privateNetworks.addSubnet('fc00::', 7, 'ipv6');
privateNetworks.addAddress('::1', 'ipv6');
privateNetworks.addAddress('::', 'ipv6');

function isPrivateAddress(address: string): boolean {
  return privateNetworks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
