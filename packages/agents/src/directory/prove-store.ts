import { type ClusterNode, controlStream, type Leadership } from '@drover/actor-core/cluster';
import { FenceRejectedError, readStoreUsage, StoreUnavailableError } from '@drover/actor-core/durable';
import type { StoreProof } from '../agents-client.ts';
import { agentsGroup } from '../protocol/limits.ts';

const usageTimeoutMs = 1_000;

/**
 * Proves that this leader's records are kept: writes one under its fence, reads it back from the stream's leader and
 * compares. The record is the newest of its own subject, so that proofs do not grow the stream.
 */
export async function proveStore(node: ClusterNode, leadership: Leadership): Promise<StoreProof> {
  const { clock, random, store, subjects, nodeId } = node;
  const lead = leadership.current();
  const stream = controlStream(subjects.cell, agentsGroup);
  const subject = subjects.control(agentsGroup, 'proof');
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
      const message = `what was written to ${stream} (${sequence}) is not what is read (${read?.sequence ?? 'nothing'})`;
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
