import { X509Certificate } from 'node:crypto';
import { createTestAuthority } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import type { KeyView } from '../../gateway-client/key-api.ts';
import { judgeAuditLog } from './check-audit-log.ts';
import { judgeBrowsers } from './check-browsers.ts';
import { judgeBus } from './check-bus.ts';
import { judgeContents } from './check-contents.ts';
import { judgeDoor } from './check-door.ts';
import { judgeMonitoring } from './check-monitoring.ts';
import { certificateFacts, judgeTls } from './check-tls.ts';
import { judgeKeys } from './judge-keys.ts';

const nowMs = Date.parse('2026-12-01T00:00:00Z');
const daysAgo = (days: number): string => new Date(nowMs - days * 24 * 3_600_000).toISOString();

function key(id: string, fields: Partial<KeyView> = {}): KeyView {
  const about = { name: '', state: 'active', roles: ['user'], tenant: 'default', models: [], routes: [] };
  return { id, ...about, createdAt: daysAgo(1), ...fields };
}

function faultsOf(keys: readonly KeyView[], used: Readonly<Record<string, number>> = {}, isOpen = false) {
  const use = { requests: new Map(Object.entries(used)), days: 90 };
  return judgeKeys({ keys, use, isOpen, nowMs }).filter(({ ok }) => !ok);
}

it('finds an expired, an old and an unused key, each with what to do', () => {
  const keys = [
    key('a1', { state: 'expired' }),
    key('a2', { createdAt: daysAgo(400) }),
    key('a3', { name: 'ci', createdAt: daysAgo(91) }),
  ];
  expect(faultsOf(keys, { a2: 1 })).toMatchObject([
    { detail: expect.stringMatching(/^a1: expired/) as string },
    { detail: expect.stringMatching(/^a2: older than 365 days/) as string },
    { detail: expect.stringMatching(/^a3 \(ci\): not used/) as string },
  ]);
  for (const { fix } of faultsOf(keys)) expect(fix).toContain('drover key');
});

it('finds a key of an administrator that asks models, and one that never ends', () => {
  const admin = { roles: ['admin'] };
  expect(faultsOf([key('local', { ...admin, name: 'local' })])).toEqual([]);
  expect(faultsOf([key('b1', { ...admin, name: 'local' })], { b1: 3 })).toMatchObject([
    { detail: expect.stringContaining('used for requests to models') as string },
  ]);
  expect(faultsOf([key('b2', admin)])).toMatchObject([
    { detail: expect.stringContaining('never expires') as string },
  ]);
});

it('is content with new, rotated and revoked keys, and calls no key unused whose use it cannot know', () => {
  const keys = [
    key('c1', { createdAt: daysAgo(400), rotatedAt: daysAgo(10) }),
    key('c2', { createdAt: daysAgo(400), state: 'revoked' }),
    key('c3', { createdAt: daysAgo(200), roles: ['operator'] }),
  ];
  expect(faultsOf(keys, { c1: 1 })).toEqual([]);
  const unknown = judgeKeys({
    keys: [key('c4', { createdAt: daysAgo(200) })],
    use: undefined,
    isOpen: false,
    nowMs,
  });
  expect(unknown).toMatchObject([
    { ok: true, detail: expect.stringContaining('use is not known') as string },
  ]);
});

it('lets a cluster go without keys on loopback alone', () => {
  expect(judgeKeys({ keys: [], use: undefined, isOpen: false, nowMs })).toMatchObject([{ ok: true }]);
  expect(judgeKeys({ keys: [], use: undefined, isOpen: true, nowMs })).toMatchObject([{ ok: false }]);
});

it.each([
  [{ isOpen: false, keys: 0, withoutKey: 200, withMadeUpKey: 200 }, true],
  [{ isOpen: true, keys: 0, withoutKey: 200, withMadeUpKey: 200 }, false],
  [{ isOpen: false, keys: 2, withoutKey: 401, withMadeUpKey: 401 }, true],
  [{ isOpen: false, keys: 2, withoutKey: 200, withMadeUpKey: 401 }, false],
  [{ isOpen: true, keys: 2, withoutKey: 401, withMadeUpKey: 200 }, false],
])('judges the door by what was served: %o', (facts, ok) => {
  expect(judgeDoor(facts)).toMatchObject({ check: 'door', ok });
});

const closed = { preflight: 403, change: 403, hidden: 403, rebound: 403 };

it.each([
  [closed, false, 0],
  [{ ...closed, rebound: 200 }, true, 0],
  [{ ...closed, rebound: 200 }, false, 1],
  [{ ...closed, preflight: 204 }, false, 1],
  [{ ...closed, change: 401, hidden: 401 }, true, 2],
])('judges pages of other sites by what was let through: %o, open %s', (answers, isOpen, faults) => {
  expect(judgeBrowsers(answers, isOpen).filter(({ ok }) => !ok)).toHaveLength(faults);
});

it('finds plain HTTP on an open address, and weak, expiring and old TLS', () => {
  const certificate = { subject: 'CN=fleet', expiresAtMs: nowMs + 90 * 24 * 3_600_000, weak: [] };
  const tls = (fields: object) =>
    judgeTls({ isOpen: true, isHttps: true, certificate, ...fields }, nowMs).filter(({ ok }) => !ok);
  expect(tls({})).toEqual([]);
  expect(tls({ isHttps: false })).toHaveLength(1);
  expect(tls({ isHttps: false, isOpen: false })).toEqual([]);
  expect(tls({ certificate: { ...certificate, weak: ['a key of only 1024 bits'] } })).toHaveLength(1);
  expect(tls({ certificate: { ...certificate, expiresAtMs: nowMs }, speaksOld: true })).toHaveLength(2);
});

/** RSA with 1024 bits, signed with SHA-1. */
const weakPem = `-----BEGIN CERTIFICATE-----
MIIB6TCCAVKgAwIBAgIBATANBgkqhkiG9w0BAQUFADAPMQ0wCwYDVQQDDAR3ZWFr
MCAXDTI2MTIwMTE2MjE1OFoYDzIxMjYxMTA3MTYyMTU4WjAPMQ0wCwYDVQQDDAR3
ZWFrMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDC2NHR/u013mvnic+g++tG
pvGJxTD2GF5YgCOOXlbjEmdZ5OYkeuaQqebzp6kKHQK9Xz5hVmN86EcFvBzJnQSe
Q6efkoeWrycNb+xW7zVg2vW0v9FEIC4DhXq11LqIi+78s0WV7d+E3FQjyA+qnkzf
Ec4HEgvLG474ePFBpRwTZQIDAQABo1MwUTAdBgNVHQ4EFgQUUQtZ5UUdqx0AC6EQ
ikQ3S90WQcgwHwYDVR0jBBgwFoAUUQtZ5UUdqx0AC6EQikQ3S90WQcgwDwYDVR0T
AQH/BAUwAwEB/zANBgkqhkiG9w0BAQUFAAOBgQC1cnoiMTrroUMcwAJsM0/6Phtd
8L0OR5OMPF73hA0ZT95gopMNQC3Ou1g61tOONtB/p6iU+sZ7bJ83F3g8Jx9KhrDk
TeTYMvf4H1dBaAZYhI1WLUQ/gj5ibNmfNvnK6AL0KUk69UJL1kHT6At1pMZDsmdV
1oWbF8BGQT7d9NWP1g==
-----END CERTIFICATE-----`;

it('tells weak certificates by their key and their signature', () => {
  const { weak } = certificateFacts(new X509Certificate(weakPem));
  expect(weak).toEqual(['a key of only 1024 bits', 'a signature with SHA-1']);
  const { cert } = createTestAuthority().issue({ commonName: 'fleet' });
  expect(certificateFacts(new X509Certificate(cert)).weak).toEqual([]);
});

const refusing = { isAdmitted: false, taken: [] };
const open = { isAdmitted: true, taken: [{ verb: 'SUB', subject: '>' }] } as const;
const bus = { address: '127.0.0.1:4222', isOpen: false, isSecure: false, hasKeys: true, stranger: refusing };

it.each([
  [{ ...bus, nodeAgent: { isAdmitted: true, taken: [] } }, 0],
  [{ ...bus, nodeAgent: open }, 1],
  [{ ...bus, nodeAgent: refusing }, 1],
  [{ ...bus, stranger: open }, 1],
  [{ ...bus, stranger: open, hasKeys: false }, 0],
  [{ ...bus, stranger: open, hasKeys: false, isOpen: true }, 2],
])('judges NATS by what it took: %o', (facts, faults) => {
  expect(judgeBus(facts).filter(({ ok }) => !ok)).toHaveLength(faults);
});

it('finds monitoring pages, an open store, and an audit log that is off, unreadable or damaged', () => {
  expect(judgeMonitoring([]).ok).toBe(true);
  expect(judgeMonitoring(['192.0.2.1']).detail).toContain('192.0.2.1');
  expect(judgeContents({ store: '/srv/jetstream', isOpen: false }).ok).toBe(true);
  expect(judgeContents({ store: '/srv/jetstream', isOpen: true }).fix).toContain('/srv/jetstream');
  const report = { ok: true, records: 5, faults: [], faultCount: 0 };
  expect(judgeAuditLog({ isOn: true, isOpen: true, report }).ok).toBe(true);
  expect(judgeAuditLog({ isOn: false, isOpen: true }).ok).toBe(false);
  expect(judgeAuditLog({ isOn: false, isOpen: false }).ok).toBe(true);
  expect(judgeAuditLog({ isOn: true, isOpen: false, problem: 'no answer' }).detail).toContain('no answer');
  const fault = { kind: 'changed', line: 3, detail: 'the hash does not fit' } as const;
  const damaged = { ok: false, records: 5, faults: [fault], faultCount: 1 };
  expect(judgeAuditLog({ isOn: true, isOpen: false, report: damaged }).detail).toContain('does not fit');
});
