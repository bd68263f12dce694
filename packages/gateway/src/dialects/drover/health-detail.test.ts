import { expect, it } from 'vitest';
import { decideHealth, type HealthFacts } from './health-detail.ts';

const well: HealthFacts = {
  isConnected: true,
  heardMs: [400, 120],
  control: { state: 'led', leader: 'host-1', evidenceAgeMs: 90 },
  instances: [{ isUsable: true, ageMs: 70 }],
  memoryLagMs: 0,
  store: undefined,
  audit: { storedAgoMs: 800 },
};

const of = (facts: Partial<HealthFacts>, name: string) =>
  decideHealth({ ...well, ...facts }).find((one) => one.name === name);

it('is well while everything answers, with the age of the last proof of each', () => {
  expect(decideHealth(well).map(({ name, ok, provedAgoMs }) => [name, ok, provedAgoMs])).toEqual([
    ['nats', true, 120],
    ['control leader', true, 90],
    ['hosts', true, 70],
    ['memory', true, 0],
    ['store', true, 800],
  ]);
});

it('tells how old the last proof of NATS is while it is away, and nothing before the first', () => {
  expect(of({ isConnected: false, heardMs: [9_000] }, 'nats')).toMatchObject({
    ok: false,
    provedAgoMs: 9_000,
  });
  expect(of({ isConnected: false, heardMs: [] }, 'nats')).toMatchObject({ ok: false, provedAgoMs: null });
});

it('finds a store that takes no record, by the word of the leader or by the own audit', () => {
  const trouble = { code: 'store-full', message: 'no write is confirmed', evidenceAgeMs: 10 };
  expect(of({ store: trouble }, 'store')).toMatchObject({ ok: false, provedAgoMs: 800 });
  const failing = { forMs: 9_000, reason: 'no answer' };
  expect(of({ audit: { storedAgoMs: 9_500, failing } }, 'store')).toMatchObject({
    ok: false,
    detail: 'it has taken no audit record for 9 s: no answer',
    provedAgoMs: 9_500,
  });
  const moment = { forMs: 300, reason: 'no answer' };
  expect(of({ audit: { failing: moment } }, 'store')).toMatchObject({ ok: true, provedAgoMs: null });
  expect(of({ audit: undefined }, 'store')).toMatchObject({ ok: true, provedAgoMs: null });
});

it('finds a silent leader, no usable host, and a memory that lags or is not open', () => {
  expect(
    of({ control: { state: 'silent', leader: 'host-1', evidenceAgeMs: 18_000 } }, 'control leader'),
  ).toMatchObject({
    ok: false,
    provedAgoMs: 18_000,
  });
  expect(of({ instances: [{ isUsable: false, ageMs: 8_000 }] }, 'hosts')).toMatchObject({
    ok: false,
    provedAgoMs: 8_000,
  });
  expect(of({ memoryLagMs: 31_000 }, 'memory')).toMatchObject({ ok: false });
  expect(of({ memoryLagMs: Number.POSITIVE_INFINITY }, 'memory')).toMatchObject({
    ok: false,
    provedAgoMs: null,
  });
});
