import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../config.ts';
import { evidence } from '../testing/evidence.ts';
import type { AttemptFailure } from './attempt-failure.ts';
import { type AttemptDecision, type AttemptFacts, decideAttempt } from './decide-attempt.ts';

function decide(facts: Partial<AttemptFacts>): AttemptDecision {
  const usual: AttemptFacts = {
    nowMs: 100,
    startedAtMs: 100,
    deadlineAtMs: 60_000,
    connected: true,
    busAwaySinceMs: undefined,
    hasReports: true,
    instances: [evidence()],
    model: 'm:latest',
    tried: new Set(),
    failures: [],
  };
  return decideAttempt({ ...usual, ...facts }, ([first]) => first, resolveConfig());
}

function failed(failure: Partial<AttemptFailure>): AttemptFailure {
  return {
    node: 'n',
    instance: 'i',
    simulated: false,
    code: 'host-lost',
    refusal: undefined,
    message: 'gone',
    retryAfterMs: 0,
    ...failure,
  };
}

const tried = new Set(['host-1/ollama-1']);

describe('the next step of a request', () => {
  it('is to open where the model is and nothing was tried', () => {
    expect(decide({})).toMatchObject({ kind: 'open', instance: { node: 'host-1' } });
    expect(
      decide({ tried, failures: [failed({})], instances: [evidence(), evidence({ node: 'b' })] }),
    ).toMatchObject({
      kind: 'open',
      instance: { node: 'b' },
    });
  });

  it('is to open where the copy with the wanted digest is, and nowhere else', () => {
    const instances = [
      evidence({ models: [{ name: 'm:latest', digest: 'aa' }] }),
      evidence({ node: 'b', load: { busy: 2 }, models: [{ name: 'm:latest', digest: 'bb', loaded: false }] }),
    ];
    expect(decide({ instances, digest: 'sha256:bb' })).toMatchObject({
      kind: 'open',
      instance: { node: 'b' },
    });
    expect(decide({ instances, digest: 'aa' })).toMatchObject({ instance: { node: 'host-1' } });
    expect(decide({ instances, digest: 'cc' })).toMatchObject({ kind: 'fail', code: 'model-not-found' });
  });

  it('is to refuse at once if fresh evidence shows that every queue is full, with a retry time', () => {
    const full = { slots: 1, busy: 1, queued: 4, maxQueue: 4 };
    const instances = [
      evidence({ load: { ...full, waitMs: 20_000 } }),
      evidence({ node: 'b', load: { ...full, waitMs: 5_900 } }),
    ];
    expect(decide({ instances })).toMatchObject({ kind: 'fail', code: 'queue-full', retryAfterMs: 2_950 });
    const old = instances.map((one) => ({ ...one, ageMs: 3_001 }));
    expect(decide({ instances: old })).toMatchObject({ kind: 'open' });
    const left = instances.map((one) => ({ ...one, pending: -1 }));
    expect(decide({ instances: left })).toMatchObject({ kind: 'open' });
  });

  it('is to open last where requests are refused, and not at all where another queue is only full', () => {
    const instances = [evidence(), evidence({ node: 'b', load: { busy: 1 } })];
    const avoided = new Set(['host-1/ollama-1']);
    expect(decide({ instances, avoided })).toMatchObject({ kind: 'open', instance: { node: 'b' } });
    expect(decide({ avoided })).toMatchObject({ kind: 'open', instance: { node: 'host-1' } });
    const after = { instances, avoided, tried: new Set(['b/ollama-1']) };
    expect(decide({ ...after, failures: [failed({})] })).toMatchObject({ kind: 'open' });
    const full = failed({ code: 'queue-full', refusal: 'queue-full' });
    expect(decide({ ...after, failures: [full] })).toMatchObject({ kind: 'fail', code: 'queue-full' });
  });

  it('is to open where a host recovers, before one that is ejected, where no other is left', () => {
    const instances = [evidence({ node: 'host-1' }), evidence({ node: 'b' })];
    const avoided = new Set(['host-1/ollama-1', 'b/ollama-1']);
    const ejected = new Set(['host-1/ollama-1']);
    expect(decide({ instances, avoided, ejected })).toMatchObject({ kind: 'open', instance: { node: 'b' } });
    expect(decide({ instances, avoided, ejected: avoided })).toMatchObject({ kind: 'open' });
  });

  it('is not to open elsewhere once the retries are spent', () => {
    const instances = [evidence(), evidence({ node: 'b' })];
    const facts = { instances, tried, failures: [failed({})], mayRetry: false };
    expect(decide(facts)).toMatchObject({ kind: 'fail', code: 'host-lost' });
  });

  it('is to open where the model is listed in another case', () => {
    const other = evidence({ node: 'b', models: [{ name: 'M:Latest' }] });
    expect(decide({ tried, failures: [failed({})], instances: [evidence(), other] })).toMatchObject({
      kind: 'open',
      instance: { node: 'b' },
    });
  });

  it('is to open only at the instance that the request names', () => {
    const only = { node: 'b', instance: 'ollama-1' };
    const instances = [evidence(), evidence({ node: 'b', load: { busy: 2, queued: 4 } })];
    expect(decide({ only, instances })).toMatchObject({ kind: 'open', instance: { node: 'b' } });
    expect(decide({ only })).toMatchObject({ kind: 'fail', code: 'no-host', node: 'b' });
  });

  it('is to wait for the bus and for the first report, for a while', () => {
    expect(decide({ connected: false, busAwaySinceMs: 50 })).toEqual({ kind: 'wait', untilMs: 3_050 });
    expect(decide({ connected: false, busAwaySinceMs: 50, nowMs: 3_050 })).toMatchObject({
      code: 'bus-unavailable',
    });
    expect(decide({ hasReports: false, instances: [] })).toEqual({ kind: 'wait', untilMs: 2_100 });
    expect(decide({ hasReports: false, instances: [], nowMs: 2_100 })).toMatchObject({
      code: 'no-host',
      retryAfterMs: 1_000,
    });
  });

  it('is the deadline before anything else', () => {
    expect(decide({ nowMs: 60_000, connected: false })).toMatchObject({ kind: 'fail', code: 'deadline' });
  });

  it('differs for an unknown model and for a model whose host is away', () => {
    expect(decide({ model: 'x:latest' })).toMatchObject({ code: 'model-not-found', retryAfterMs: 0 });
    const away = evidence({ node: 'b', alive: false, models: [{ name: 'x:latest' }] });
    expect(decide({ model: 'x:latest', instances: [evidence(), away] })).toMatchObject({
      code: 'no-host',
      node: 'b',
    });
    for (const instances of [[], [away], [evidence({ load: { state: 'draining' } })]]) {
      expect(decide({ instances })).toMatchObject({ code: 'no-host' });
    }
  });

  it('is to give up after three attempts or the last instance, with the most informative error', () => {
    const full = failed({ code: 'queue-full', refusal: 'queue-full', retryAfterMs: 4_000 });
    const sooner = { ...full, retryAfterMs: 200 };
    const lost = failed({ code: 'host-lost', node: 'b' });
    const missing = failed({ code: 'model-not-found', refusal: 'model-missing' });
    const three = [full, full, full];
    expect(decide({ failures: three })).toMatchObject({ code: 'queue-full', retryAfterMs: 4_000 });
    expect(decide({ tried, failures: [full, sooner] })).toMatchObject({
      code: 'queue-full',
      retryAfterMs: 1_000,
    });
    expect(decide({ tried, failures: [lost, full] })).toMatchObject({
      code: 'host-lost',
      node: 'b',
      retryAfterMs: 1_000,
    });
    expect(decide({ tried, failures: [missing] })).toMatchObject({ code: 'model-not-found' });
    expect(decide({ tried, failures: [missing, full] })).toMatchObject({ code: 'queue-full' });
    expect(decide({ tried, failures: [full, missing] })).toMatchObject({ code: 'queue-full' });
  });
});
