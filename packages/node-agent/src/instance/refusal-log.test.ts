import { defaults } from '@drover/fleet';
import { describe, expect, it } from 'vitest';
import type { JobOutcome } from '../job/job-message.ts';
import { RefusalLog } from './refusal-log.ts';

const served: JobOutcome = {
  how: 'completed',
  upstreamMs: 5,
  lines: 3,
  leftWhileAnswered: false,
  lesson: undefined,
  refusal: undefined,
  detail: '',
  nonsense: false,
  setsKeepAlive: false,
};
const busy: JobOutcome = {
  ...served,
  lines: 1,
  refusal: { subject: 'instance', reason: 'answered 503: busy' },
};
const memory: JobOutcome = {
  ...served,
  lines: 1,
  refusal: { subject: 'model', reason: 'answered 500: memory' },
};
const reset: JobOutcome = {
  ...served,
  how: 'upstream-lost',
  lines: 0,
  detail: 'the connection broke (ECONNRESET)',
};

function setup() {
  const log = new RefusalLog(defaults);
  const note = (outcome: JobOutcome, atMs: number, model = 'm:latest') => log.note(model, outcome, atMs);
  return { log, note };
}

describe('what an instance refuses', () => {
  it('is reported from the third refusal in a row, with its age, and logged once', () => {
    const { log, note } = setup();
    expect([note(busy, 0), note(busy, 10)]).toEqual([undefined, undefined]);
    expect(log.reports(10)).toBeUndefined();
    expect(note(busy, 20)).toEqual({ kind: 'refuses', model: undefined, reason: 'answered 503: busy' });
    expect(note(busy, 30)).toBeUndefined();
    expect(log.reports(1_030)).toEqual([{ reason: 'answered 503: busy', inRow: 4, ageMs: 1_000 }]);
  });

  it('is reported for one model where the error concerns the model', () => {
    const { log, note } = setup();
    for (const atMs of [0, 1, 2]) {
      note(memory, atMs, 'big:latest');
      note(served, atMs);
    }
    expect(log.reports(2)).toEqual([
      { model: 'big:latest', reason: 'answered 500: memory', inRow: 3, ageMs: 0 },
    ]);
  });

  it('counts connections that break before the first byte', () => {
    const { log, note } = setup();
    for (const atMs of [0, 1, 2]) note(reset, atMs);
    expect(log.reports(2)).toMatchObject([{ reason: 'the connection broke (ECONNRESET)' }]);
  });

  it('is not reported after the first later success, and its end is logged after the ejection', () => {
    const { log, note } = setup();
    for (const atMs of [0, 1, 2]) note(busy, atMs);
    expect(note({ ...served, upstreamMs: 999 }, 1_000)).toBeUndefined();
    expect(log.reports(1_000)).toHaveLength(1);
    expect(note(served, 1_000)).toBeUndefined();
    expect(log.reports(1_000)).toBeUndefined();
    note(busy, 1_001);
    expect(log.reports(1_001)).toMatchObject([{ inRow: 1 }]);
    expect(note(served, 6_000)).toMatchObject({ kind: 'serves', model: undefined });
    expect(log.reports(6_000)).toBeUndefined();
  });

  it('is dropped after a while without further requests', () => {
    const { log, note } = setup();
    for (const atMs of [0, 1, 2]) note(busy, atMs);
    expect(log.reports(600_002)).toHaveLength(1);
    expect(log.reports(600_003)).toBeUndefined();
  });

  it('is bounded in the report', () => {
    const { log, note } = setup();
    for (let model = 0; model < 300; model += 1)
      for (const atMs of [0, 1, 2]) note(memory, atMs, `m${model}:latest`);
    expect(log.reports(2)).toHaveLength(16);
  });
});
