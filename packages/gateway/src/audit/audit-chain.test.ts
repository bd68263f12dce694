import { silentLogger } from '@drover/actor-core';
import { StoreUnavailableError } from '@drover/actor-core/durable';
import { createTestHub, createTestNode, ManualClock } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { AuditChain } from './audit-chain.ts';
import { auditSigner, auditVerifyingKey, newAuditKey } from './audit-key.ts';
import { AuditPager } from './audit-pager.ts';
import { auditStoreOf, defaultRetention } from './audit-store.ts';
import { keepAuditLog } from './keep-audit-log.ts';
import { AuditVerifier } from './verify-audit.ts';

const pem = newAuditKey();

function setup({ hasHost = true } = {}) {
  const clock = new ManualClock();
  const hub = createTestHub({ clock });
  const host = createTestNode(hub, { nodeId: 'host', roles: ['host'] });
  if (hasHost) keepAuditLog(host, defaultRetention);
  const files = new Map<string, string>();
  let gateways = 0;
  const open = (chain: string) => {
    const node = createTestNode(hub, { nodeId: `${chain}-${++gateways}`, roles: ['gateway'] });
    const store = auditStoreOf(node);
    const head = {
      read: () => files.get(chain),
      write: (line: string) => void files.set(chain, line),
    };
    return {
      store,
      audit: new AuditChain({ store, chain, signer: auditSigner(pem), head, clock, log: silentLogger }),
    };
  };
  /** Lets what is ready happen, and time pass. */
  const pass = async (ms: number) => {
    for (let left = ms; left >= 0; left -= 50) {
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(Math.min(50, left));
    }
  };
  const settled = async <T>(work: Promise<T>): Promise<T> => {
    const progress = { isDone: false };
    const observed = work.finally(() => {
      progress.isDone = true;
    });
    for (let rounds = 0; !progress.isDone && rounds < 200; rounds++) await pass(50);
    return observed;
  };
  const read = async (): Promise<string[]> => {
    const pager = new AuditPager(auditStoreOf(host), undefined, { sequence: 0, line: 0 });
    const lines: string[] = [];
    for (let line = await pager.next(); line !== undefined; line = await pager.next()) lines.push(line);
    return lines;
  };
  const verify = async () => {
    const verifier = new AuditVerifier({
      keys: [auditVerifyingKey(pem)],
      heads: [...files.values()],
    });
    for (const line of await settled(read())) verifier.add(line);
    return verifier.end({ isWhole: true });
  };
  const messages = async () => (await settled(auditStoreOf(host).info())).records;
  return { clock, hub, host, open, pass, settled, read, verify, messages };
}

it('writes an urgent event before it resolves, and many others together within a second', async () => {
  const { open, pass, settled, verify, messages } = setup();
  const { audit } = open('g1');
  expect(await settled(audit.write({ kind: 'act', request: 'a' }))).toBe(true);
  const before = await messages();
  for (let index = 0; index < 300; index++) audit.append({ kind: 'request', request: `r${index}` });
  await pass(2_100);
  expect((await messages()) - before).toBeLessThanOrEqual(2);
  expect(audit.status).toMatchObject({ waiting: 0, lossWindowMs: 0, stored: 301 });
  expect(audit.status.batches).toBeLessThanOrEqual(4);
  expect(audit.status.storedAgoMs).toBeLessThan(2_000);
  expect(await verify()).toMatchObject({ ok: true, chains: [{ chain: 'g1', first: 0, unsigned: 0 }] });
  expect((await verify()).records).toBeGreaterThan(301);
});

it('keeps a chain of its own for each gateway, and goes on with it after a crash', async () => {
  const { open, pass, settled, verify } = setup();
  const [one, two] = [open('g1').audit, open('g2').audit];
  await settled(Promise.all([one, two].map((audit) => audit.write({ kind: 'act' }))));
  one.append({ kind: 'request', request: 'not written when it crashes' });
  const again = open('g1').audit;
  expect(await settled(again.write({ kind: 'start' }))).toBe(true);
  await settled(again.close(2_000));
  await pass(2_000);
  const report = await verify();
  expect(report).toMatchObject({ ok: true });
  expect(report.chains.map(({ chain }) => chain).toSorted()).toEqual(['g1', 'g2']);
});

it('lets two processes with one id write one chain without a fork', async () => {
  const { open, settled, verify } = setup();
  const [one, two] = [open('g1').audit, open('g1').audit];
  for (let round = 0; round < 5; round++)
    expect(await settled(Promise.all([one.write({ kind: 'act' }), two.write({ kind: 'act' })]))).toEqual([
      true,
      true,
    ]);
  expect(await verify()).toMatchObject({ ok: true, chains: [{ chain: 'g1' }] });
});

it('refuses an act while the store takes nothing, says so, and writes what waited when it does', async () => {
  const { open, pass, settled, verify, host } = setup({ hasHost: false });
  const { audit } = open('g1');
  expect(await settled(audit.write({ kind: 'act', request: 'too early' }))).toBe(false);
  expect(audit.status).toMatchObject({ isOpen: false, waiting: 1, failing: { reason: expect.any(String) } });
  expect(audit.status.lossWindowMs).toBeGreaterThanOrEqual(3_000);
  const startedMs = performance.now();
  expect(await settled(audit.write({ kind: 'act' }))).toBe(false);
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  keepAuditLog(host, defaultRetention);
  await pass(3_000);
  expect(audit.status).toMatchObject({ isOpen: true, waiting: 0, lost: 0 });
  expect(audit.status.failing).toBeUndefined();
  expect(await verify()).toMatchObject({ ok: true });
});

it('finds out whether an attempt without an answer was accepted, and writes no record twice', async () => {
  const { open, settled, verify, read, store } = withBrokenStore();
  const { audit } = open('g1');
  expect(await settled(audit.write({ kind: 'act', request: 'a' }))).toBe(true);
  for (const fault of ['accepted', 'lost', 'accepted'] as const) {
    store.fault = fault;
    expect(await settled(audit.write({ kind: 'act', request: `after ${fault}` }))).toBe(true);
  }
  const requests = (await settled(read())).filter((line) => line.includes('"request":"after'));
  expect(requests).toHaveLength(3);
  expect(await verify()).toMatchObject({ ok: true });
});

it('counts what it drops while too many events wait, and records the count', async () => {
  const { open, pass, read, settled, verify, host } = setup({ hasHost: false });
  const { audit } = open('g1');
  for (let index = 0; index < 10_050; index++) audit.append({ kind: 'request' });
  expect(audit.status).toMatchObject({ waiting: 10_000, lost: 50 });
  expect(await audit.write({ kind: 'act' })).toBe(false);
  keepAuditLog(host, defaultRetention);
  await pass(6_000);
  const lines = await settled(read());
  expect(lines.find((line) => line.includes('"kind":"lost"'))).toContain('"count":51');
  expect(await verify()).toMatchObject({ ok: true });
});

it('goes on behind what it has signed when the store has lost the end, and tells of the gap', async () => {
  const { open, settled, verify, hub, pass } = setup();
  const first = open('g1').audit;
  for (let index = 0; index < 3; index++) {
    await settled(first.write({ kind: 'act' }));
    await pass(1_100);
  }
  await settled(first.close(2_000));
  hub.logs.rollBack('AUDIT_test', 2);
  const again = open('g1').audit;
  await settled(again.write({ kind: 'start' }));
  await pass(1_100);
  expect(again.status.damage).toContain('the store lacks records');
  expect((await verify()).faults.map(({ kind }) => kind)).toContain('missing');
});

it('reads pages that begin where the page before ended', async () => {
  const { open, pass, settled, read, host } = setup();
  const { audit } = open('g1');
  await settled(audit.write({ kind: 'act' }));
  for (let index = 0; index < 700; index++) audit.append({ kind: 'request', request: `r${index}` });
  await pass(3_000);
  const all = await settled(read());
  const found: string[] = [];
  let cursor = { sequence: 0, line: 0 };
  for (;;) {
    const pager = new AuditPager(auditStoreOf(host), 'g1', cursor);
    const page: string[] = [];
    while (page.length < 37) {
      const line = await settled(pager.next());
      if (line === undefined) break;
      page.push(line);
    }
    found.push(...page);
    if (page.length < 37) break;
    const [sequence = 0, line = 0] = pager.cursor.split('-').map(Number);
    cursor = { sequence, line };
  }
  expect(found).toEqual(all);
  expect(all.length).toBeGreaterThan(700);
});

/** A store whose next append is accepted without an answer, or gets lost. */
function withBrokenStore() {
  const store: { fault: 'accepted' | 'lost' | undefined } = { fault: undefined };
  const base = setup();
  return {
    ...base,
    store,
    open: (chain: string) => {
      const opened = base.open(chain);
      const append = opened.store.append.bind(opened.store);
      opened.store.append = async (...parameters) => {
        const { fault } = store;
        store.fault = undefined;
        const result = fault === 'lost' ? undefined : await append(...parameters);
        if (fault !== undefined || result === undefined) throw new StoreUnavailableError('AUDIT_test');
        return result;
      };
      return opened;
    },
  };
}
