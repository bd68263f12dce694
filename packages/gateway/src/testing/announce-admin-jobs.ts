import { adminJobsBucket } from '@drover/actor-core/cluster';
import type { TestHub, TestNode } from '@drover/actor-core/testing';
import { until } from './until.ts';

/** Announces each record of the admin jobs on the bus, as NATS does: the logs in memory do not use the bus. */
export async function announceAdminJobs(hub: TestHub, { storage, subjects }: TestNode): Promise<() => void> {
  const name = adminJobsBucket(subjects.cell);
  const nats = hub.bus.connect('nats');
  await until(
    async () => (await storage.keyValue.open(name).catch(() => undefined)) !== undefined,
    'the bucket',
  );
  const watch = await (await storage.keyValue.open(name)).watch({
    onChange: ({ key }) =>
      void nats.publish(`${subjects.feed('admin-jobs')}.$KV.${name}.${key}`, new Uint8Array(0)),
  });
  return () => watch.close();
}
