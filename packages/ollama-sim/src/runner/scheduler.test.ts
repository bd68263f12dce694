import { it, expect } from 'vitest';
import { ManualClock } from '../clock.ts';
import { type OllamaSimOptions, resolveConfig } from '../config.ts';
import { FaultBoard } from '../fault/faults.ts';
import { defineModel, type SimModel } from '../model/model.ts';
import { runnerOptions } from './runner-options.ts';
import type { Lease } from './loaded-runners.ts';
import { OUT_OF_MEMORY, SERVER_BUSY, Scheduler } from './scheduler.ts';
import { Vocabulary } from '../text/vocabulary.ts';

const SMALL = { parameterCount: 1e6, contextLength: 8192 };

function setup(options: OllamaSimOptions = {}) {
  const clock = new ManualClock();
  const config = resolveConfig({ loadMs: 1000, contextLength: 4096, vramGib: 0, ...options, clock });
  const faults = new FaultBoard();
  const scheduler = new Scheduler(config, faults, new Vocabulary());
  const models = Object.fromEntries(
    ['a', 'b', 'c', 'd'].map((name) => [name, defineModel({ name, ...SMALL })]),
  );
  const ask = (
    model: string | SimModel,
    more: { numCtx?: number; keepAliveMs?: number; signal?: AbortSignal } = {},
  ) => {
    const wanted =
      typeof model === 'string' ? (models[model] ?? defineModel({ name: model, ...SMALL })) : model;
    const asked = more.numCtx === undefined ? {} : { num_ctx: more.numCtx };
    const state: { lease: Lease | null; error: string | null } = { lease: null, error: null };
    void scheduler
      .acquire({
        model: wanted,
        options: runnerOptions(asked, wanted, 4096, null),
        keepAliveMs: more.keepAliveMs ?? null,
        signal: more.signal ?? new AbortController().signal,
      })
      .then(
        (lease) => (state.lease = lease),
        (error: unknown) => (state.error = (error as Error).message),
      );
    return state;
  };
  const names = () => scheduler.runners().map((runner) => runner.model.name.replace(':latest', ''));
  return { clock, scheduler, faults, ask, names, models };
}

it('answers loads in steps of 250 ms', async () => {
  const { clock, ask } = setup({ loadMs: 600 });
  const asked = ask('a');
  await clock.advance(750);
  expect(asked.lease).toBeNull();
  await clock.advance(5);
  expect(asked.lease?.loadMs).toBeCloseTo(751.2);
});

it('loads one model at a time, in order of arrival, and lists none that is still loading', async () => {
  const { clock, ask, names } = setup();
  const [a, b] = [ask('a'), ask('b')];
  await clock.advance(1100);
  expect([a.lease !== null, b.lease]).toEqual([true, null]);
  expect(names()).toEqual(['a']);
  await clock.advance(1100);
  expect(b.lease?.loadMs).toBeCloseTo(2002.4);
});

it('loads once for all requests during a load, and serves requests for loaded models without the queue', async () => {
  const { clock, ask, scheduler } = setup();
  const all = Array.from({ length: 6 }, () => ask('a'));
  await clock.advance(1010);
  expect(all.every((asked) => asked.lease !== null)).toBe(true);
  expect(scheduler.counters.loads).toBe(1);
  ask('b');
  const hot = ask('a');
  await clock.advance(1);
  expect(hot.lease?.loadMs).toBeLessThan(5);
});

it('refuses a load when the queue is full, but no request for a loaded model', async () => {
  const { clock, ask, scheduler } = setup({ maxQueue: 2 });
  const cold = ['a', 'b', 'c', 'd', 'e'].map((name) => ask(name));
  await clock.advance(1);
  expect(cold.map((asked) => asked.error)).toEqual([null, null, null, SERVER_BUSY, SERVER_BUSY]);
  expect(scheduler.queued).toBe(2);
  await clock.advance(1100);
  const hot = Array.from({ length: 10 }, () => ask('a'));
  await clock.advance(1);
  expect(hot.every((asked) => asked.lease !== null)).toBe(true);
});

it('reloads for another num_ctx, but not for an explicit default', async () => {
  const { clock, ask, scheduler } = setup();
  for (const [numCtx, reloads] of [
    [undefined, 0],
    [4096, 0],
    [8192, 1],
    [100_000, 1],
    [undefined, 2],
  ] as const) {
    const asked = ask('a', numCtx === undefined ? {} : { numCtx });
    await clock.advance(1100);
    asked.lease?.release();
    expect(scheduler.counters.reloads).toBe(reloads);
  }
});

it('shares one runner between names of one blob', async () => {
  const { clock, ask, names, models } = setup();
  ask('a');
  await clock.advance(1100);
  const alias = ask({ ...(models['a'] as SimModel), name: 'alias:latest' });
  await clock.advance(1);
  expect(alias.lease).not.toBeNull();
  expect(names()).toEqual(['a']);
});

it('unloads an idle model after its keep_alive, but not one kept for ever', async () => {
  const { clock, ask, names } = setup();
  const [a, b] = [ask('a', { keepAliveMs: 2000 }), ask('b', { keepAliveMs: Number.POSITIVE_INFINITY })];
  await clock.advance(2100);
  a.lease?.release();
  b.lease?.release();
  await clock.advance(1999);
  expect(names()).toEqual(['a', 'b']);
  await clock.advance(1e9);
  expect(names()).toEqual(['b']);
});

it('evicts an idle model at once, even one kept for ever', async () => {
  const { clock, ask, names } = setup({ maxLoadedModels: 1 });
  const a = ask('a', { keepAliveMs: Number.POSITIVE_INFINITY });
  await clock.advance(1100);
  a.lease?.release();
  const b = ask('b');
  await clock.advance(1100);
  expect(b.lease?.loadMs).toBeCloseTo(1001.2);
  expect(names()).toEqual(['b']);
});

it('starves a new model when the requests of the busy victim carry a keep_alive', async () => {
  const { clock, ask, names, scheduler, models } = setup({ maxLoadedModels: 1 });
  const first = ask('a');
  await clock.advance(1100);
  const newcomer = ask('b');
  const second = ask('a', { keepAliveMs: Number.POSITIVE_INFINITY });
  await clock.advance(1);
  first.lease?.release();
  second.lease?.release();
  await clock.advance(1e7);
  expect([newcomer.lease, names()]).toEqual([null, ['a']]);
  scheduler.unload(models['a'] as SimModel);
  await clock.advance(1100);
  expect(names()).toEqual(['b']);
});

it('makes room in memory by size', async () => {
  const big = { parameterCount: 8e9, contextLength: 4096, blockCount: 2, embeddingLength: 64 };
  const { clock, ask, names } = setup({ vramGib: 10 });
  for (const name of ['x', 'y']) {
    const asked = ask(defineModel({ name, ...big }));
    await clock.advance(1100);
    asked.lease?.release();
  }
  // 4.6 GB of 10 GiB are in use; the second model needs less than 80 % of the rest.
  expect(names()).toEqual(['x', 'y']);
  ask(defineModel({ name: 'z', ...big }));
  await clock.advance(1100);
  expect(names()).toHaveLength(2);
});

it('cancels a load whose client leaves; the next waiting request starts it again', async () => {
  const { clock, ask, scheduler } = setup();
  const leaving = new AbortController();
  const [gone, next] = [ask('a', { signal: leaving.signal }), ask('a')];
  await clock.advance(500);
  leaving.abort();
  await clock.advance(900);
  expect([gone.error, next.lease]).toEqual(['request canceled', null]);
  await clock.advance(200);
  expect(next.lease).not.toBeNull();
  expect(scheduler.counters.loads).toBe(1);
});

it('answers a load with the out-of-memory text while that fault is set', async () => {
  const { clock, ask, faults } = setup();
  faults.arm({ kind: 'oom', times: 1 });
  const asked = ask('a');
  await clock.advance(300);
  expect(asked.error).toBe(OUT_OF_MEMORY);
  const again = ask('a');
  await clock.advance(1100);
  expect(again.lease).not.toBeNull();
});

it('restarts a runner that was frozen while idle after two pings, for which ps waits', async () => {
  const { clock, ask, scheduler } = setup();
  const first = ask('a');
  await clock.advance(1100);
  first.lease?.release();
  scheduler.runners()[0]?.freeze();
  const next = ask('a');
  await clock.advance(1);
  let unlocked = false;
  void scheduler.unlocked().then(() => (unlocked = true));
  await clock.advance(9000);
  expect(unlocked).toBe(false);
  await clock.advance(12_100);
  expect([unlocked, next.lease !== null]).toEqual([true, true]);
});

it('blocks every load behind a runner frozen in a stream, until the client of the stream leaves', async () => {
  const { clock, ask, scheduler } = setup();
  const streaming = ask('a');
  await clock.advance(1100);
  scheduler.runners()[0]?.freeze();
  const same = ask('a');
  // After its first ping it waits in the queue as a reload.
  await clock.advance(10_100);
  const cold = ask('b');
  await clock.advance(3_600_000);
  expect([same.lease, cold.lease]).toEqual([null, null]);
  streaming.lease?.release();
  await clock.advance(2100);
  expect([same.lease, cold.lease]).not.toContain(null);
});

it('loads nothing for a client that leaves the queue', async () => {
  const { clock, ask, scheduler } = setup();
  const leaving = new AbortController();
  ask('a');
  const gone = ask('b', { signal: leaving.signal });
  await clock.advance(100);
  leaving.abort();
  await clock.advance(1);
  expect(gone.error).toBe('request canceled');
  await clock.advance(5000);
  expect(scheduler.counters.loads).toBe(1);
});
