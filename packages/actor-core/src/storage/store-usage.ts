import type { Transport } from '../transport/transport.ts';

/** What JetStream holds for this account, bytes. */
export interface StoreUsage {
  readonly usedBytes: number;
  /** What the account may hold; undefined where no limit is set. */
  readonly limitBytes: number | undefined;
}

/**
 * Asks JetStream how much of its file storage the account uses; only nodes of the role `host` may. Undefined where it
 * does not answer in time.
 */
export async function readStoreUsage(
  transport: Transport,
  timeoutMs: number,
): Promise<StoreUsage | undefined> {
  try {
    const reply = await transport.request('$JS.API.INFO', new Uint8Array(0), { timeoutMs });
    const info = JSON.parse(new TextDecoder().decode(reply)) as {
      storage?: unknown;
      limits?: { max_storage?: unknown };
    };
    if (typeof info.storage !== 'number') return undefined;
    const limit = info.limits?.max_storage;
    return {
      usedBytes: info.storage,
      limitBytes: typeof limit === 'number' && limit > 0 ? limit : undefined,
    };
  } catch {
    return undefined;
  }
}
