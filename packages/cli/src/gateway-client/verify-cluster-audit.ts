import {
  type AuditReport,
  AuditVerifier,
  type AuditVerifyingKey,
  auditVerifyingKey,
} from '@drover/gateway/audit';
import { readHeads, readPublicKeys } from '../audit/audit-files.ts';
import { exportAudit, readAuditChain } from './audit-api.ts';
import type { GatewayAddress } from './gateway-address.ts';

/** Longest line that is read as a record. */
const maxLineLength = 1_000_000;

/**
 * Reads all audit records of the cluster and verifies them with the keys and the newest checkpoints of a folder, and
 * with those of the gateway that answers.
 *
 * @param dir folder of the audit keys in the data folder
 * @param named further keys that may have signed
 * @throws CommandError as `getJson`
 */
export async function verifyClusterAudit(
  gateway: GatewayAddress,
  dir: string,
  named: readonly AuditVerifyingKey[] = [],
): Promise<AuditReport> {
  // Before the records: all of them up to these must be there.
  const local = readHeads(dir);
  const { publicKey, head, kept } = await readAuditChain(gateway);
  const { bytes, maxAgeMs, maxBytes } = kept;
  // A stream that is nearly full may have removed records before their time.
  const isByAge = maxBytes === 0 || bytes < 0.8 * maxBytes;
  const verifier = new AuditVerifier({
    keys: [auditVerifyingKey(publicKey), ...auditKeysIn(dir), ...named],
    heads: head === undefined ? local : [...local, head],
    keptSinceMs: isByAge ? (maxAgeMs === 0 ? 0 : Date.now() - maxAgeMs) : undefined,
  });
  for await (const line of linesOf(exportAudit(gateway))) verifier.add(line);
  return verifier.end({ isWhole: true });
}

/** The public keys in a folder. */
export function auditKeysIn(dir: string): readonly AuditVerifyingKey[] {
  return readPublicKeys(dir).map((pem) => auditVerifyingKey(pem));
}

/** The lines of a text that comes in pieces. Empty ones are left out. */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineLength) {
      lines.push(rest);
      rest = '';
    }
    for (const line of lines) if (line !== '') yield line;
  }
  if (rest !== '') yield rest;
}
