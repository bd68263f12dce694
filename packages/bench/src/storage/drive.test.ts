import { describe, expect, it } from 'vitest';
import { drive } from './drive.ts';
import type { StorageClient } from './storage-arm.ts';
import type { StorageWorkloadName } from './workloads.ts';

const ignore = (): void => {};

/** A client that keeps everything in memory, except for the functions that a test replaces. */
function memoryClient(replaced: Partial<StorageClient> = {}): StorageClient {
  const values = new Map<string, { value: Uint8Array; revision: number }>();
  let revisions = 0;
  const set = (key: string, value: Uint8Array): number => {
    revisions += 1;
    values.set(key, { value, revision: revisions });
    return revisions;
  };
  let onTask: (id: string, body: Uint8Array) => void = ignore;
  return {
    put: async (key, value) => set(key, value),
    get: async (key) => values.get(key)?.value,
    update: async (key, value, revision) =>
      values.get(key)?.revision === revision ? set(key, value) : undefined,
    putTask: async (id, body) => onTask(id, body),
    takeTasks: (onDone) => {
      onTask = onDone;
      return new Promise(() => {});
    },
    close: async () => {},
    ...replaced,
  };
}

const run = (client: StorageClient, name: StorageWorkloadName, inFlight = 64) =>
  drive(client, { name, inFlight }, 300);

describe('drive', () => {
  it.each(['put-64', 'get-64', 'update-64', 'queue-64'] as const)(
    'measures %s with a client that keeps what it is given',
    async (name) => {
      const outcome = await run(memoryClient(), name);
      expect(outcome?.operations).toBe(300);
      expect(outcome?.p95Micros).toBeGreaterThanOrEqual(outcome?.p50Micros ?? Number.NaN);
    },
  );

  it('has no outcome for fenced writes when the arm has no fences', async () => {
    expect(await run(memoryClient(), 'fenced-64')).toBeUndefined();
  });

  it('fails when a confirmed write was lost', async () => {
    let revision = 0;
    const client = memoryClient({ put: async () => (revision += 1) });
    await expect(run(client, 'put-1', 1)).rejects.toThrow('has no value');
  });

  it('fails when a read is stale', async () => {
    const client = memoryClient();
    const first = new Map<string, Uint8Array>();
    const put = (key: string, value: Uint8Array): Promise<number> => {
      if (!first.has(key)) first.set(key, value);
      return client.put(key, value);
    };
    const stale: StorageClient = { ...client, put, get: async (key) => first.get(key) };
    await expect(drive(stale, { name: 'put-64', inFlight: 64 }, 3_000)).rejects.toThrow(
      'has the value of write',
    );
  });

  it('fails when a revision does not grow', async () => {
    const client = memoryClient({ put: async () => 1 });
    await expect(drive(client, { name: 'put-64', inFlight: 64 }, 3_000)).rejects.toThrow('has revision 1');
  });

  it('fails when an update at an old revision is accepted', async () => {
    const client = memoryClient();
    const update = (key: string, value: Uint8Array): Promise<number> => client.put(key, value);
    await expect(run({ ...client, update }, 'update-64')).rejects.toThrow('an old revision was accepted');
  });

  it('fails when a task is delivered twice', async () => {
    const twice = Promise.withResolvers<void>();
    const client = memoryClient({
      takeTasks: async (onDone) => {
        deliver = onDone;
        await twice.promise;
      },
      putTask: async (id, body) => {
        deliver(id, body);
        try {
          deliver(id, body);
        } catch (error) {
          twice.reject(error);
        }
      },
    });
    let deliver: (id: string, body: Uint8Array) => void = ignore;
    await expect(run(client, 'queue-64')).rejects.toThrow('was delivered twice');
  });
});
