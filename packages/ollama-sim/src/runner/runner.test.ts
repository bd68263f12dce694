import { it, expect } from 'vitest';
import { ManualClock } from '../clock.ts';
import { FaultBoard } from '../fault/faults.ts';
import { defineModel } from '../model/model.ts';
import { countingSource } from '../text/counting.ts';
import { fixedSource } from '../text/sequence.ts';
import { content, type TokenSource } from '../text/token.ts';
import type { Job, Outcome } from './job.ts';
import { Runner, RUNNER_CRASHED, RUNNER_GONE } from './runner.ts';
import { runnerOptions } from './runner-options.ts';
import { Vocabulary } from '../text/vocabulary.ts';

function setup(slots = 1) {
  const clock = new ManualClock();
  const faults = new FaultBoard();
  const counters = {
    cancelled: 0,
    tokens: 0,
    cachedPromptTokens: 0,
    promptTokens: 0,
    peakWaiting: 0,
    peakBusy: 0,
  };
  const model = defineModel({ name: 'm' });
  const runner = new Runner(model, runnerOptions({}, model, 4096, null), slots, 0, 0, {
    clock,
    faults,
    vocabulary: new Vocabulary(),
    counters,
    tokensPerSecond: 50,
    prefillTokensPerSecond: 1000,
  });
  const run = (more: Partial<Job> & { reads?: boolean } = {}) => {
    const state = { text: '', atMs: [] as number[], outcome: null as Outcome | null, cut: false, garbled: 0 };
    const handle = runner.run({
      prompt: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      source: countingSource(''),
      maxTokens: 5,
      contextLimit: null,
      stops: [],
      checksRepeats: true,
      stream: true,
      opening: '',
      sink: {
        pieces(pieces) {
          for (const piece of pieces) state.text += piece.text;
          state.atMs.push(clock.nowMs());
          return more.reads !== false;
        },
        end: (outcome) => (state.outcome = outcome),
        garble: () => state.garbled++,
        cut: () => (state.cut = true),
      },
      ...more,
    });
    return { ...handle, state };
  };
  return { clock, faults, runner, run, counters };
}

function prompt(length: number, start = 0): number[] {
  return Array.from({ length }, (_, i) => start + i);
}

it('sends the first token at the end of the prefill and the others on a steady schedule', async () => {
  const { clock, run } = setup();
  const { state } = run();
  await clock.advance(1000);
  expect(state.text).toBe('1 2 3 4 5');
  expect(state.atMs).toEqual([10, 30, 50, 70, 90]);
  expect(state.outcome).toMatchObject({
    kind: 'done',
    reason: 'length',
    measures: { promptTokens: 10, promptMs: 10, evalTokens: 5, evalMs: 80 },
  });
});

it('ends at the same instant whether it streams or not', async () => {
  const { clock, run, runner } = setup();
  run({ stream: false, maxTokens: 200 });
  await clock.advance(10 + 199 * 20 - 1);
  expect(runner.busy).toBe(1);
  await clock.advance(1);
  expect(runner.busy).toBe(0);
});

it('keeps the long-run rate although a timer fires late', async () => {
  const { clock, run } = setup();
  const late = clock.after.bind(clock);
  clock.after = (ms, fn) => late(ms + 7, fn);
  const { state } = run({ maxTokens: 50 });
  await clock.advance(2000);
  expect(state.atMs.at(-1)).toBeLessThanOrEqual(10 + 7 + 49 * 20 + 7);
});

it('serves in order of arrival, one at a time per slot', async () => {
  const { clock, run, runner } = setup();
  const [first, second, third] = [run(), run(), run()];
  await clock.advance(50);
  expect([runner.busy, runner.waiting]).toEqual([1, 2]);
  await clock.advance(1000);
  const starts = [first, second, third].map(({ state }) => state.atMs[0]);
  expect(starts).toEqual(starts.toSorted((a = 0, b = 0) => a - b));
});

it('computes only tokens that are not cached, and counts all', async () => {
  const { clock, run } = setup();
  run({ prompt: prompt(1000), maxTokens: 1 });
  await clock.advance(2000);
  const { state } = run({ prompt: [...prompt(1000), 5001, 5002], maxTokens: 1 });
  await clock.advance(100);
  expect(state.outcome).toMatchObject({ measures: { promptTokens: 1002, promptMs: 2 } });
});

it('frees the slot at once when the client leaves in decode', async () => {
  const { clock, run, runner, counters } = setup();
  const { cancel } = run({ maxTokens: 1000 });
  await clock.advance(100);
  cancel();
  expect([runner.busy, counters.cancelled]).toEqual([0, 1]);
});

it('frees the slot at the end of the running batch when the client leaves in prefill', async () => {
  const { clock, run, runner } = setup();
  const { cancel } = run({ prompt: prompt(2000) });
  await clock.advance(600);
  cancel();
  await clock.advance(400);
  expect(runner.busy).toBe(1);
  await clock.advance(30);
  expect(runner.busy).toBe(0);
});

it('loses the slot after a disconnect while that fault is set', async () => {
  const { clock, run, runner, faults } = setup();
  faults.arm({ kind: 'leak', times: 1 });
  const { cancel } = run({ maxTokens: 1000 });
  await clock.advance(100);
  cancel();
  const { state } = run();
  await clock.advance(60_000);
  expect([runner.leaked, runner.busy, runner.waiting, state.atMs]).toEqual([1, 0, 1, []]);
});

it('breaks off running answers and refuses waiting requests when the process ends', async () => {
  const { clock, run, runner } = setup();
  const [running, waiting] = [run(), run()];
  await clock.advance(40);
  runner.kill();
  expect(running.state.outcome).toEqual({ kind: 'failed', status: 500, message: RUNNER_CRASHED });
  expect(waiting.state.outcome).toEqual({ kind: 'failed', status: 500, message: RUNNER_GONE });
});

it('stops when frozen and continues when thawed', async () => {
  const { clock, run, runner } = setup();
  const { state } = run();
  await clock.advance(40);
  runner.freeze();
  await clock.advance(60_000);
  expect(state.text).toBe('1 2');
  runner.thaw();
  await clock.advance(200);
  expect(state.text).toBe('1 2 3 4 5');
});

it('waits for a slow client and keeps the slot', async () => {
  const { clock, run, runner } = setup();
  const { state, resume } = run({ reads: false });
  await clock.advance(60_000);
  expect([state.text, runner.busy]).toEqual(['1', 1]);
  resume();
  await clock.advance(1);
  expect(state.text).toBe('1 2');
});

it('stops without a proper end after more than 30 equal tokens', async () => {
  const { clock, run } = setup();
  const spaces: TokenSource = { toolCall: null, next: () => content(' ') };
  const { state } = run({ source: spaces, maxTokens: 1000 });
  await clock.advance(2000);
  expect(state.outcome).toEqual({ kind: 'repeating' });
});

it('counts the end token that it does not send', async () => {
  const { clock, run } = setup();
  const { state } = run({ source: fixedSource([content('a'), content('b')]), maxTokens: 100 });
  await clock.advance(1000);
  expect(state.text).toBe('ab');
  expect(state.outcome).toMatchObject({ reason: 'stop', measures: { evalTokens: 3 } });
});

it('applies a fault to a stream after the given number of tokens', async () => {
  const { clock, run, faults } = setup();
  faults.arm({ kind: 'cut', after: 2 });
  faults.arm({ kind: 'badjson', after: 1 });
  const { state } = run();
  await clock.advance(1000);
  expect([state.text, state.cut, state.garbled]).toEqual(['1 2', true, 1]);
});

it('is ten times slower while that fault is set', async () => {
  const { clock, run, faults } = setup();
  faults.arm({ kind: 'slow' });
  const { state } = run();
  await clock.advance(10_000);
  expect(state.atMs).toEqual([10, 210, 410, 610, 810]);
});
