import type { KeyedValues, StorageClient } from './storage-arm.ts';
import { requireValue, valueOf } from './value.ts';
import type { StorageWorkloadName } from './workloads.ts';

/** A key with its last confirmed write. One worker at a time uses it, so the write that must be read is known. */
export interface Slot {
  readonly key: string;
  lastWrite: number;
  revision: number;
}

/** One kind of operation, with what it needs before and what must hold after. */
export interface Operation {
  prepare(slots: readonly Slot[]): Promise<void>;
  /** `write` is unique in the process. @throws Error for a wrong answer */
  run(slot: Slot, write: number): Promise<void>;
  /** @throws Error unless every slot has its last confirmed write */
  verify(slots: readonly Slot[]): Promise<void>;
}

/** The operation of a workload; undefined for one that the arm does not support. */
export function operationOf(client: StorageClient, workload: StorageWorkloadName): Operation | undefined {
  return operations[workload](client);
}

const operations: Readonly<Record<StorageWorkloadName, (client: StorageClient) => Operation | undefined>> = {
  'put-1': puts,
  'put-64': puts,
  'get-64': gets,
  'update-64': updates,
  'fenced-64': ({ fenced }) => fenced && puts(fenced.pipeline),
  'fenced-batch-64': ({ fenced }) => fenced && puts(fenced.batch),
  'queue-64': tasks,
};

function puts(keys: KeyedValues): Operation {
  return {
    prepare: async () => {},
    run: (slot, write) => put(keys, slot, write),
    verify: (slots) => verifyAll(keys, slots),
  };
}

function gets(client: StorageClient): Operation {
  return {
    prepare: (slots) => putAll(client, slots),
    run: (slot) => verifySlot(client, slot),
    verify: (slots) => verifyAll(client, slots),
  };
}

function updates(client: StorageClient): Operation {
  return {
    prepare: (slots) => putAll(client, slots),
    run: async (slot, write) => {
      const revision = await client.update(slot.key, valueOf(write), slot.revision);
      if (revision === undefined) throw new Error(`${slot.key} does not have the revision of its last write`);
      confirm(slot, write, revision);
    },
    verify: async (slots) => {
      const [slot] = slots;
      if (slot !== undefined && (await client.update(slot.key, valueOf(0), slot.revision - 1)) !== undefined)
        throw new Error('an update at an old revision was accepted');
      await verifyAll(client, slots);
    },
  };
}

function tasks(client: StorageClient): Operation {
  const waiting = new Map<string, { readonly write: number; readonly resolve: () => void }>();
  const failure = Promise.withResolvers<never>();
  return {
    prepare: async () => {
      client
        .takeTasks((id, body) => {
          const task = waiting.get(id);
          if (task === undefined) throw new Error(`the task ${id} was delivered twice, or never put`);
          requireValue(`the task ${id}`, body, task.write);
          waiting.delete(id);
          task.resolve();
        })
        .catch(failure.reject);
      // A failure is reported by the operations that wait, or at the end.
      failure.promise.catch(() => {});
    },
    run: async (_slot, write) => {
      const done = Promise.withResolvers<void>();
      const id = `t${write}`;
      waiting.set(id, { write, resolve: done.resolve });
      await client.putTask(id, valueOf(write));
      await Promise.race([done.promise, failure.promise]);
    },
    verify: async () => {
      await Promise.race([failure.promise, Promise.resolve()]);
      if (waiting.size > 0) throw new Error(`${waiting.size} tasks were not delivered`);
    },
  };
}

async function put(keys: KeyedValues, slot: Slot, write: number): Promise<void> {
  confirm(slot, write, await keys.put(slot.key, valueOf(write)));
}

function confirm(slot: Slot, write: number, revision: number): void {
  if (!(revision > slot.revision))
    throw new Error(`${slot.key} has revision ${revision} after ${slot.revision}`);
  slot.revision = revision;
  slot.lastWrite = write;
}

async function putAll(keys: KeyedValues, slots: readonly Slot[]): Promise<void> {
  // Distinct from the writes of the run, which count from 0.
  await Promise.all(slots.map((slot, index) => put(keys, slot, -1 - index)));
}

async function verifySlot(keys: KeyedValues, { key, lastWrite }: Slot): Promise<void> {
  requireValue(key, await keys.get(key), lastWrite);
}

async function verifyAll(keys: KeyedValues, slots: readonly Slot[]): Promise<void> {
  await Promise.all(slots.filter(({ revision }) => revision > 0).map((slot) => verifySlot(keys, slot)));
}
