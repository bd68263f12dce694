import { type ClusterNode, controlStream, type Leadership } from '@drover/actor-core/cluster';
import { FenceRejectedError, readStoreUsage, StoreUnavailableError } from '@drover/actor-core/durable';

const usageTimeoutMs = 1_000;

/** Result of a fenced write and a read of it by the leader of a group. */
export interface StoreProof {
  readonly ok: boolean;
  /** Absent if `ok`. */
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
}

/**
 * Proves that this leader's records are kept: writes a record under the leader's fence, reads it back from the
 * stream's leader and compares both. Proofs share one subject, so that they do not grow the stream.
 */
export async function proveStore(
  node: ClusterNode,
  leadership: Leadership,
  group: string,
): Promise<StoreProof> {
  const { clock, random, store, subjects, nodeId } = node;
  const lead = leadership.current();
  const stream = controlStream(subjects.cell, group);
  const subject = subjects.control(group, 'proof');
  const payload = new TextEncoder().encode(JSON.stringify({ v: 1, by: nodeId, nonce: random.id() }));
  const common = { node: nodeId, term: lead?.term ?? 0, fence: lead?.fence ?? 0, stream };
  const startedAtMs = clock.now();
  try {
    const { sequence } = await leadership.append(subject, payload);
    const writtenAtMs = clock.now();
    const read = await store.readLast(stream, subject);
    const isSame = read?.sequence === sequence && Buffer.from(read.payload).equals(Buffer.from(payload));
    const writeMs = Math.round(writtenAtMs - startedAtMs);
    const readMs = Math.round(clock.now() - writtenAtMs);
    if (!isSame) {
      const message = `${stream}: sequence ${sequence} was written, but sequence ${read?.sequence ?? 'none'} was read back`;
      return { ...common, ok: false, code: 'store-unavailable', message, writeMs, readMs };
    }
    const usage = await readStoreUsage(node.transport, usageTimeoutMs);
    return { ...common, ok: true, writeMs, readMs, ...usage };
  } catch (error) {
    const writeMs = Math.round(clock.now() - startedAtMs);
    const code = error instanceof StoreUnavailableError ? error.code : 'no-leader';
    if (!(error instanceof StoreUnavailableError) && !(error instanceof FenceRejectedError)) throw error;
    return { ...common, ok: false, code, message: error.message, writeMs, readMs: 0 };
  }
}
