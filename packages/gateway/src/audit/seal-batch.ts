import type { AuditSigner } from './audit-key.ts';
import { type AuditEvent, checkpointText, noHash, type Place, writeLine } from './audit-record.ts';

/** The end of a chain. */
export interface ChainEnd {
  /** Number of the last record; -1 for a chain without one. */
  readonly n: number;
  readonly hash: string;
  /** Time of record 0, where it is known. */
  readonly began: string | undefined;
}

/** An event that waits for its place. */
export interface WaitingEvent {
  readonly event: AuditEvent;
  readonly time: string;
}

/** Records with their places, as the payload of one message. */
export interface SealedBatch {
  readonly text: string;
  readonly end: ChainEnd;
  /** Events that the batch holds. */
  readonly count: number;
  /** The line of the checkpoint at its end. */
  readonly checkpoint: string | undefined;
}

/** Before the first record. */
export const emptyChain: ChainEnd = { n: -1, hash: noHash, began: undefined };

/**
 * Gives events their places behind the end of a chain: as many as fit into `maxBytes`, at least one. Pure but for the
 * signature.
 *
 * @param signedAt time of the checkpoint at the end; undefined for none
 */
export function sealBatch(
  chain: string,
  end: ChainEnd,
  waiting: readonly WaitingEvent[],
  limits: { readonly maxBytes: number; readonly maxRecords: number },
  signing: { readonly signer: AuditSigner; readonly signedAt: string | undefined },
): SealedBatch {
  const lines: string[] = [];
  let { n, hash, began } = end;
  let bytes = 0;
  const place = (time: string): Place => ({ chain, n: n + 1, prev: hash, time });
  const add = (written: { readonly line: string; readonly hash: string }): string => {
    lines.push(written.line);
    bytes += written.line.length;
    n++;
    ({ hash } = written);
    return written.line;
  };
  for (const { event, time } of waiting.slice(0, limits.maxRecords)) {
    if (lines.length > 0 && bytes >= limits.maxBytes) break;
    if (n < 0) began = time;
    add(writeLine(place(time), event));
  }
  const count = lines.length;
  const { signer, signedAt } = signing;
  let checkpoint: string | undefined;
  if (signedAt !== undefined) {
    const at = place(signedAt);
    const signature = signer.sign(checkpointText(at, began));
    checkpoint = add(writeLine(at, { kind: 'checkpoint', by: signer.fingerprint, began, signature }));
  }
  return { text: `${lines.join('\n')}\n`, end: { n, hash, began }, count, checkpoint };
}
