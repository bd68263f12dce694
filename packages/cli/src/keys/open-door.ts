import { type KeyRecord, keyStateOf } from '@drover/gateway/keys';
import { badConfiguration } from '../errors.ts';
import { isLoopbackAddress } from '../network/open-address.ts';

/** How a gateway can be reached, and who is asked for. */
export interface DoorAddress {
  readonly host: string;
  readonly insecure: boolean;
  /** Issuer of tokens; '' for none. */
  readonly issuer: string;
}

/**
 * Refuses an address that other machines can reach while the cluster has no key and takes no tokens of an issuer;
 * `--insecure` allows it.
 *
 * @throws CommandError `bad-configuration` naming `--host` and what to do
 */
export function requireDoor(
  { host, insecure, issuer }: DoorAddress,
  keys: readonly KeyRecord[],
  nowMs: number,
): void {
  if (isLoopbackAddress(host) || insecure || issuer !== '' || hasActiveKey(keys, nowMs)) return;
  throw badConfiguration(
    '--host',
    `${host} can be reached by other machines, and the cluster has no key: each of them could use the fleet; make a key with "drover key create --role admin", name an issuer of tokens with --oidc-issuer, or add --insecure`,
  );
}

/** Whether gateways ask for keys, and somebody has one that works. */
export function hasActiveKey(keys: readonly KeyRecord[], nowMs: number): boolean {
  return keys.some((record) => keyStateOf(record, nowMs) === 'active');
}
