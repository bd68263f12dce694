import { StoreUnavailableError } from '@drover/actor-core/durable';
import type { LocalNode } from '@drover/actor-core/cluster';
import { type AuditRetention, type AuditStore, auditStoreOf } from './audit-store.ts';

/** Time between two looks whether the stream is there. */
const lookMs = 5_000;
const retryMs = 500;

/**
 * Creates the stream of the audit records, and creates it again after the store was lost. For hosts. An existing stream
 * gets the retention once, at the start, so that two hosts with different settings do not change it in turns.
 *
 * @returns the function that ends it
 */
export function keepAuditLog(node: LocalNode, retention: AuditRetention): () => void {
  const store = auditStoreOf(node);
  let timer: { cancel(): void } | undefined;
  let isEnsured = false;
  let hasEnded = false;
  const attemptLook = async (): Promise<void> => {
    if (isEnsured && (await isThere(store))) return;
    await store.ensure(retention, node.clock.wallNow());
    isEnsured = true;
  };
  const look = async (): Promise<void> => {
    const delayMs = await attemptLook().then(
      () => lookMs,
      (err: unknown) => {
        node.log.debug({ err }, 'the stream of the audit records cannot be opened');
        return retryMs;
      },
    );
    if (!hasEnded) timer = node.clock.setTimer(delayMs, () => void look());
  };
  void look();
  return () => {
    hasEnded = true;
    timer?.cancel();
  };
}

async function isThere(store: AuditStore): Promise<boolean> {
  try {
    await store.info();
    return true;
  } catch (error) {
    if (error instanceof StoreUnavailableError && error.code === 'store-missing') return false;
    throw error;
  }
}
