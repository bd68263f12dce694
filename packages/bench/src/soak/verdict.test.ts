import { createActorSystem } from '@drover/actor-core';
import { it, expect } from 'vitest';
import type { SoakOutcome } from './soak-protocol.ts';
import { leftInTables, unaccounted, unhandled } from './verdict.ts';

const noLetters = createActorSystem().counters().deadLetters;

function outcome(changed: Partial<SoakOutcome> = {}): SoakOutcome {
  return {
    operations: { ask: { started: 5, right: 5, wrong: 0 } },
    checks: [{ name: 'tells', sent: 7, delivered: 7 }],
    expectedLetters: {},
    counters: {
      before: { events: {}, deadLetters: noLetters },
      after: { events: {}, deadLetters: noLetters },
    },
    unhandledRejections: 0,
    uncaughtExceptions: 0,
    processWarnings: 0,
    logged: { 'actor restarted': 3 },
    texts: [],
    loop: { p50Ms: 0, p99Ms: 0, maxMs: 0 },
    cpuPercent: 0,
    latencies: {},
    heapBytes: { before: 0, after: 0 },
    resources: { before: {}, after: {} },
    tables: { before: { timers: 2 }, after: { timers: 2 } },
    settledMs: 0,
    ...changed,
  };
}

const letters = (dropped: number): SoakOutcome['counters'] => ({
  before: { events: {}, deadLetters: noLetters },
  after: { events: {}, deadLetters: { ...noLetters, dropped } },
});

it('finds nothing when everything is accounted for', () => {
  const both = new Map([
    ['left', outcome()],
    ['right', outcome()],
  ]);
  expect([unaccounted(both), leftInTables(both), unhandled(both)]).toEqual([[], [], 0]);
});

it('finds an operation without an outcome, a lost message and an unknown warning', () => {
  const both = new Map([
    ['left', outcome({ operations: { ask: { started: 5, right: 3, wrong: 1 } } })],
    ['right', outcome({ checks: [{ name: 'tells', sent: 7, delivered: 6 }], logged: { 'out of ideas': 1 } })],
  ]);
  expect(unaccounted(both)).toEqual([
    'left, ask: 5 started, 3 right, 1 wrong',
    'right, tells: 7 sent, 6 delivered',
    'right logged 1 times: out of ideas',
  ]);
});

it('finds surplus and missing dead letters, whichever node counted them', () => {
  const left = outcome({ expectedLetters: { dropped: 4 } });
  const pair = (counted: number) =>
    new Map([
      ['left', left],
      ['right', outcome({ counters: letters(counted) })],
    ]);
  expect(unaccounted(pair(4))).toEqual([]);
  expect(unaccounted(pair(3))).toEqual(['dead letters, dropped: 4 expected, 3 counted']);
});

it('finds a table that holds more than before, and counts an unhandled rejection', () => {
  const one = new Map([
    ['left', outcome({ tables: { before: { timers: 2 }, after: { timers: 3 } }, unhandledRejections: 1 })],
  ]);
  expect(leftInTables(one)).toEqual(['left, timers: 3, before the load 2']);
  expect(unhandled(one)).toBe(1);
});
