import { expect, it } from 'vitest';
import type { StoreReportStatus } from '../gateway-client/status-report.ts';
import { judgeQueues } from './check-queues.ts';
import { judgeStorage } from './judge-storage.ts';

function report(change: Partial<StoreReportStatus> = {}): StoreReportStatus {
  const nothing = { thinLogs: [], quarantined: [], quarantinedCount: 0 };
  return { node: 'host-1', wantedReplicas: 1, ...nothing, evidenceAgeMs: 900, ...change };
}

function judged(name: string, ...args: Parameters<typeof judgeStorage>) {
  return judgeStorage(...args).find(({ check }) => check === name);
}

it('finds nothing where all copies, journals and the memory are as they should be', () => {
  const checks = judgeStorage({ nodes: [], stores: [report()], durability: 'power', memoryLagMs: 3 });
  expect(checks.map(({ check, ok, detail }) => [check, ok, detail])).toEqual([
    ['replicas', true, 'each log has its one copy'],
    ['quarantine', true, 'all stored state was accepted'],
    ['memory', true, 'the gateway is 3 ms behind'],
  ]);
});

it('has no such checks for a gateway of 0.3.0', () => {
  expect(judgeStorage({ nodes: [] })).toEqual([]);
});

it('names logs with fewer copies than wanted, once for all hosts', () => {
  const thinLogs = [{ name: 'CTL_local_control', replicas: 3, copies: 2 }];
  const stores = [
    report({ wantedReplicas: 3, thinLogs }),
    report({ node: 'host-2', wantedReplicas: 3, thinLogs }),
  ];
  expect(judged('replicas', { nodes: [], stores, durability: 'any-one' })).toMatchObject({
    ok: false,
    detail: 'CTL_local_control has 2 of 3 copies',
    fix: expect.stringContaining('nats-server') as string,
  });
});

it('finds hosts that do not create the copies that the durability profile promises', () => {
  const stores = [report({ wantedReplicas: 3 }), report({ node: 'host-2' })];
  for (const durability of ['any-one', 'unknown'])
    expect(judged('replicas', { nodes: [], stores, durability })).toMatchObject({
      ok: false,
      detail: 'host-2 creates logs with 1',
    });
});

it('leaves out the report of a host that is silent', () => {
  const thinLogs = [{ name: 'L', replicas: 1, copies: 0 }];
  const stores = [report({ thinLogs, evidenceAgeMs: 60_000 })];
  expect(judged('replicas', { nodes: [], stores })).toMatchObject({
    ok: true,
    detail: 'not checked: no host has reported yet',
  });
});

it('names quarantined journals, and how many there are', () => {
  const quarantined = [
    { subject: 'd1.local.ent.0.cart.7.quarantine', reason: 'gap', detail: 'entry 3 follows entry 1' },
  ];
  const stores = [report({ quarantined, quarantinedCount: 40 })];
  expect(judged('quarantine', { nodes: [], stores })).toMatchObject({
    ok: false,
    detail: '40 quarantined: d1.local.ent.0.cart.7.quarantine (gap: entry 3 follows entry 1)',
  });
});

it.each([
  [null, 'has not opened it'],
  [12_340, 'the gateway is 12.3 s behind'],
])('finds a memory whose lag is %s', (memoryLagMs, text) => {
  expect(judged('memory', { nodes: [], memoryLagMs })).toMatchObject({
    ok: false,
    detail: expect.stringContaining(text) as string,
  });
});

it('finds dead messages in queues', () => {
  expect(judgeQueues([{ name: 'mail', depth: 3, dead: 2 }, { name: 'other' }])).toMatchObject({
    ok: false,
    detail: 'dead: 2 in mail',
    fix: expect.stringContaining('drover queue dead') as string,
  });
  expect(judgeQueues([{ name: 'mail', depth: 3, dead: 0 }])).toMatchObject({
    ok: true,
    detail: '1 in use, 3 messages wait, none is dead',
  });
});
