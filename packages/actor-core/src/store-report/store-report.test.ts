import { expect, it } from 'vitest';
import { createFence } from '../fence/fence.ts';
import { FencedWriter } from '../fence/fenced-writer.ts';
import { quarantineRecord } from '../journal/quarantine.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { advance } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import { controlStream, entityLog } from '../transport/subjects.ts';
import { followStoreReports } from './follow-store-reports.ts';
import { publishStoreReports } from './publish-store-reports.ts';

function setup(options: { readonly replicas?: number } = {}) {
  const clock = new ManualClock();
  const hub = createTestHub({ clock });
  const host = createTestNode(hub, { nodeId: 'host-1' });
  const gateway = createTestNode(hub, { nodeId: 'gateway-1', roles: ['gateway'] });
  const reports = followStoreReports(gateway);
  const stats = { moved: 4, reclaimedBlobs: 2 };
  const stop = publishStoreReports(host, { memory: { stats }, ...options });
  const pass = (ms: number) => advance(clock, ms, 500);
  const { storage, subjects } = host;
  return { host, reports, stop, pass, storage, subjects };
}

it('tells every node what a host has done and refused', async () => {
  const { host, reports, pass, storage, subjects } = setup();
  const log = controlStream(subjects.cell, 'control');
  await storage.log.ensure({ name: log, subjects: [subjects.control('control', '>')] });
  const lead = subjects.control('control', 'lead');
  const payload = new Uint8Array(1);
  const first = await storage.log.append(log, { subject: lead, payload });
  const old = createFence(log, lead, first.kind === 'appended' ? first.sequence : 0);
  await storage.log.append(log, { subject: lead, payload });
  const writer = new FencedWriter(storage);
  const refused = await writer.write(old, { subject: subjects.control('control', 'x'), payload });
  expect(refused.kind).toBe('deposed');
  await pass(12_000);
  expect(reports.all()).toMatchObject([
    { node: host.nodeId, refusedWrites: 1, movedValues: 4, reclaimedBlobs: 2, thinLogs: [], quarantined: [] },
  ]);
});

it('names logs that have fewer copies than wanted', async () => {
  const { reports, pass, storage, subjects } = setup({ replicas: 3 });
  const name = controlStream(subjects.cell, 'control');
  await storage.log.ensure({ name, subjects: [subjects.control('control', '>')] });
  await pass(12_000);
  expect(reports.all()).toMatchObject([{ wantedReplicas: 3, thinLogs: [{ name, replicas: 1, copies: 1 }] }]);
});

it('names quarantined journals until they are accepted', async () => {
  const { reports, pass, storage, subjects } = setup();
  const name = entityLog(subjects.cell, 2);
  await storage.log.ensure({ name, subjects: [subjects.entitiesOf(2)] });
  const subject = subjects.entity(2, 'cart', 'c1', 'quarantine');
  const cause = { reason: 'gap', detail: 'entry 3 follows entry 1', sequence: 3, excerpt: '' } as const;
  await storage.log.append(name, quarantineRecord(subject, cause));
  await pass(12_000);
  expect(reports.all()).toMatchObject([
    { quarantinedCount: 1, quarantined: [{ subject, reason: 'gap', detail: cause.detail }] },
  ]);
  await storage.log.append(name, { subject, payload: new Uint8Array(0) });
  await pass(60_000);
  expect(reports.all()).toMatchObject([{ quarantinedCount: 0, quarantined: [] }]);
});

it('forgets a host that has left', async () => {
  const { host, reports, pass, stop } = setup();
  await pass(6_000);
  expect(reports.all()).toHaveLength(1);
  stop();
  await host.leave();
  await pass(1_000);
  expect(reports.all()).toEqual([]);
});
