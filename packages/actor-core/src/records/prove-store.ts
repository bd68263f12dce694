import type { Tenure } from '../leadership/leadership.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { controlStream } from '../transport/subjects.ts';
import { FenceRejectedError, StoreUnavailableError } from '../errors.ts';
import { readStoreUsage } from '../storage/store-usage.ts';
import { writeUnder } from './leader-tenure.ts';

const usageTimeoutMs = 1_000;
/** Longest proof. On a full disk the write waits behind others that are repeated for seconds. */
const proofLimitMs = 6_000;

/** Result of the proof: the leader of a group makes a fenced write and reads it back. */
export interface StoreProof {
  readonly ok: boolean;
  /** Error code; absent if `ok`. */
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  /** The leader. */
  readonly node: string;
  readonly term: number;
  readonly fence: number;
  readonly stream: string;
  readonly writeMs: number;
  readonly readMs: number;
  /** Bytes that the JetStream account uses, and its limit; absent if JetStream did not answer. */
  readonly usedBytes?: number | undefined;
  readonly limitBytes?: number | undefined;
  /** When the leader last found that records were lost with the log, by its wall clock (ISO 8601). */
  readonly lostAt?: string | undefined;
}

/**
 * Proves that this leader's records are kept: writes a record under the leader's fence, reads it back from the
 * stream's leader and compares both. Proofs share one subject, so that they do not grow the stream. A proof that takes
 * too long reports `trouble`, the one that is known of the log.
 */
export async function proveStore(
  node: LocalNode,
  tenure: Tenure,
  group: string,
  trouble: () => StoreUnavailableError | undefined,
): Promise<StoreProof> {
  const { clock, nodeId } = node;
  const stream = controlStream(node.subjects.cell, group);
  const common = { node: nodeId, term: tenure.term, fence: tenure.fence.sequence, stream };
  const startedAtMs = clock.now();
  try {
    const result = await withinLimit(node, stream, writeAndRead(node, tenure, group, stream), trouble);
    if (!result.ok) return { ...common, ...result };
    return { ...common, ...result, ...(await readStoreUsage(node.transport, usageTimeoutMs)) };
  } catch (error) {
    const writeMs = Math.round(clock.now() - startedAtMs);
    const code = error instanceof StoreUnavailableError ? error.code : 'no-leader';
    if (!(error instanceof StoreUnavailableError) && !(error instanceof FenceRejectedError)) throw error;
    return { ...common, ok: false, code, message: error.message, writeMs, readMs: 0 };
  }
}

type WriteAndRead = Pick<StoreProof, 'ok' | 'code' | 'message' | 'writeMs' | 'readMs'>;

/** @throws StoreUnavailableError with the known trouble when the limit is over */
async function withinLimit<T>(
  { clock }: LocalNode,
  stream: string,
  work: Promise<T>,
  trouble: () => StoreUnavailableError | undefined,
): Promise<T> {
  const overdue = Promise.withResolvers<never>();
  const timer = clock.setTimer(proofLimitMs, () =>
    overdue.reject(trouble() ?? new StoreUnavailableError(stream)),
  );
  try {
    return await Promise.race([work, overdue.promise]);
  } finally {
    timer.cancel();
  }
}

async function writeAndRead(
  { clock, random, storage, subjects, nodeId }: LocalNode,
  tenure: Tenure,
  group: string,
  stream: string,
): Promise<WriteAndRead> {
  const subject = subjects.control(group, 'proof');
  const payload = new TextEncoder().encode(JSON.stringify({ v: 1, by: nodeId, nonce: random.id() }));
  const startedAtMs = clock.now();
  const { sequence } = await writeUnder(tenure, subject, payload);
  const writtenAtMs = clock.now();
  const read = await storage.log.readLast(stream, subject);
  const writeMs = Math.round(writtenAtMs - startedAtMs);
  const readMs = Math.round(clock.now() - writtenAtMs);
  const isSame = read?.sequence === sequence && Buffer.from(read.payload).equals(Buffer.from(payload));
  if (isSame) return { ok: true, writeMs, readMs };
  const found = read?.sequence ?? 'none';
  const message = `${stream}: sequence ${sequence} was written, but sequence ${found} was read back`;
  return { ok: false, code: 'store-unavailable', message, writeMs, readMs };
}
