import { ManualClock, seededRandom } from '@drover/actor-core/testing';
import { describe, expect, it } from 'vitest';
import { defaults } from '../config.ts';
import { evidence, instanceLoad } from '../testing/evidence.ts';
import { type Ejection, HealthTable } from './health-table.ts';

const instances = [evidence({ node: 'a' }), evidence({ node: 'b' })];
const busy = { subject: 'instance', reason: 'answered 503: busy', retryAfterMs: 0 } as const;
const memory = { subject: 'model', reason: 'answered 500: memory', retryAfterMs: 0 } as const;

function setup() {
  const clock = new ManualClock();
  const ejected: Ejection[] = [];
  const table = new HealthTable(defaults, clock, seededRandom(1), (ejection) => void ejected.push(ejection));
  const avoided = (model: string): string[] => [...table.avoidedFor(model, instances).avoided];
  const fail = (instance: string, model: string, failure: typeof busy | typeof memory): void => {
    for (let time = 0; time < 3; time += 1) table.failed(instance, model, failure);
  };
  return { clock, table, avoided, fail, ejected };
}

describe('a health table', () => {
  it('avoids a busy instance for every model, and one short of memory for that model only', () => {
    const { table, avoided, fail } = setup();
    fail('a/ollama-1', 'm:latest', busy);
    fail('b/ollama-1', 'big:latest', memory);
    expect(avoided('m:latest')).toEqual(['a/ollama-1']);
    expect(avoided('big:latest')).toEqual(['a/ollama-1', 'b/ollama-1']);
    expect(table.illness('b/ollama-1', 'big:latest')).toBe('answered 500: memory');
    expect(table.illness('b/ollama-1', 'm:latest')).toBeUndefined();
  });

  it('tells each ejection once, with its reason and the grounds', () => {
    const { clock, table, fail, ejected } = setup();
    fail('a/ollama-1', 'm:latest', busy);
    table.failed('a/ollama-1', 'm:latest', busy);
    expect(ejected).toMatchObject([
      { subject: 'a/ollama-1', reason: 'answered 503: busy', failuresInRow: 3, ejections: 1 },
    ]);
    clock.advance(7_000);
    table.opened('a/ollama-1', 'm:latest');
    table.failed('a/ollama-1', 'm:latest', busy);
    expect(ejected).toMatchObject([{ ejections: 1 }, { ejections: 2 }]);
  });

  it('gives a recovering instance its growing share by chance', () => {
    const { clock, table, fail } = setup();
    fail('a/ollama-1', 'm:latest', busy);
    clock.advance(7_000);
    table.opened('a/ollama-1', 'm:latest');
    table.succeeded('a/ollama-1', 'm:latest', clock.now());
    const drawn = (): number => {
      let chosen = 0;
      for (let draw = 0; draw < 1_000; draw += 1)
        if (!table.avoidedFor('m:latest', instances).avoided.has('a/ollama-1')) chosen += 1;
      return chosen / 1_000;
    };
    expect(drawn()).toBeCloseTo(0.1, 1);
    clock.advance(5_000);
    expect(drawn()).toBeCloseTo(0.5, 1);
    clock.advance(5_000);
    expect(drawn()).toBe(1);
  });

  it('uses the refusals that a node-agent reports before it has asked the instances', () => {
    const { table, avoided } = setup();
    const refusals = [
      { reason: 'answered 503: busy', inRow: 4, ageMs: 10 },
      { model: 'Big', reason: 'answered 500: memory', inRow: 3, ageMs: 10 },
    ];
    const report = (node: string, refusal: (typeof refusals)[number] | undefined) => ({
      v: 1 as const,
      node,
      incarnation: 1,
      seq: 1,
      instances: [instanceLoad({ refusals: refusal === undefined ? undefined : [refusal] })],
    });
    table.reported(report('a', refusals[0]));
    table.reported(report('b', refusals[1]));
    expect(avoided('m:latest')).toEqual(['a/ollama-1']);
    expect(avoided('big:latest')).toEqual(['a/ollama-1', 'b/ollama-1']);
  });

  it('returns the time until the first of several instances gets a trial', () => {
    const { clock, table, fail } = setup();
    fail('a/ollama-1', 'm:latest', busy);
    clock.advance(2_000);
    fail('b/ollama-1', 'm:latest', memory);
    const ms = table.nextTrialMs(['a/ollama-1', 'b/ollama-1'], 'm:latest');
    expect(ms).toBeGreaterThanOrEqual(3_000);
    expect(ms).toBeLessThanOrEqual(4_000);
    expect(table.nextTrialMs(['a/ollama-1', 'c/ollama-1'], 'm:latest')).toBe(0);
  });

  it('keeps nothing of hosts that are well, and is bounded for those that are not', () => {
    const { clock, table } = setup();
    for (let one = 0; one < 100; one += 1) table.succeeded(`${one}/o`, 'm:latest', clock.now());
    expect(table.size).toBe(0);
    table.failed('a/o', 'm:latest', busy);
    for (let one = 0; one < 60; one += 1) table.succeeded('a/o', 'm:latest', clock.now());
    clock.advance(61_000);
    table.succeeded('a/o', 'm:latest', clock.now());
    expect(table.size).toBe(0);
    for (let one = 0; one < 10_000; one += 1) table.failed(`${one}/o`, 'm:latest', busy);
    expect(table.size).toBe(4_096);
  });
});
