import { expect, it } from 'vitest';
import { silentLogger } from '../logger.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { settle } from '../testing/settle.ts';
import { type CoordinatedShutdown, createCoordinatedShutdown } from './coordinated-shutdown.ts';
import { planShutdown, type ShutdownPhase } from './shutdown-plan.ts';

interface Setup {
  readonly clock: ManualClock;
  readonly shutdown: CoordinatedShutdown;
  readonly ran: string[];
  readonly note: (name: string) => () => void;
}

function setup(phases?: readonly ShutdownPhase[]): Setup {
  const clock = new ManualClock();
  const ran: string[] = [];
  const shutdown = createCoordinatedShutdown({ clock, log: silentLogger, ...(phases && { phases }) });
  return { clock, shutdown, ran, note: (name) => () => void ran.push(name) };
}

it('runs the phases in order and the tasks of a phase together, once', async () => {
  const { shutdown, ran, note, clock } = setup();
  const gate = Promise.withResolvers<void>();
  shutdown.add('close', 'bus', note('bus'));
  shutdown.add('drain', 'slow', () => gate.promise);
  shutdown.add('drain', 'quick', note('quick'));
  shutdown.add('stop-intake', 'door', note('door'));
  shutdown.add('leave', 'not wanted', note('not wanted'))();
  const ended = shutdown.run('test');
  await settle();
  expect([shutdown.current, ran]).toEqual(['drain', ['door', 'quick']]);
  expect(shutdown.run('again')).toBe(ended);
  gate.resolve();
  expect((await ended).map(({ task, outcome }) => `${task} ${outcome}`)).toEqual([
    'door done',
    'slow done',
    'quick done',
    'bus done',
  ]);
  expect([shutdown.current, clock.pending]).toEqual(['stopped', 0]);
});

it('abandons a task that takes too long or fails, and continues', async () => {
  const { shutdown, clock, note, ran } = setup();
  let aborted = false;
  shutdown.add('drain', 'hangs', (signal) => {
    signal.addEventListener('abort', () => {
      aborted = true;
    });
    return new Promise(() => undefined);
  });
  shutdown.add('drain', 'throws', () => {
    throw new Error('no');
  });
  shutdown.add('close', 'bus', note('bus'));
  const ended = shutdown.run('test');
  await settle();
  clock.advance(4_999);
  await settle();
  expect(ran).toEqual([]);
  clock.advance(1);
  expect((await ended).map(({ task, outcome, tookMs }) => [task, outcome, tookMs])).toEqual([
    ['hangs', 'timed-out', 5_000],
    ['throws', 'failed', 0],
    ['bus', 'done', 0],
  ]);
  expect(aborted).toBe(true);
});

it('ends with an error at a failed phase that must succeed', async () => {
  const { shutdown, note, ran } = setup([{ name: 'hand-over', onFailure: 'abort' }, { name: 'close' }]);
  shutdown.add('hand-over', 'shards', () => Promise.reject(new Error('no other node takes them')));
  shutdown.add('close', 'bus', note('bus'));
  await expect(shutdown.run('test')).rejects.toMatchObject({ code: 'shutdown-aborted', phase: 'hand-over' });
  expect(ran).toEqual([]);
});

it('refuses a task for a phase that has begun or is unknown', async () => {
  const { shutdown, note } = setup();
  expect(() => shutdown.add('lunch', 'x', note('x'))).toThrow('lunch');
  await shutdown.run('test');
  expect(() => shutdown.add('close', 'x', note('x'))).toThrow('begun');
});

it('orders phases by their dependencies, and otherwise as listed', () => {
  const phases = [
    { name: 'a' },
    { name: 'b', after: ['d'] },
    { name: 'c', after: ['a'] },
    { name: 'd', after: [] },
  ];
  expect(planShutdown(phases).map(({ name }) => name)).toEqual(['a', 'c', 'd', 'b']);
});

it.each([
  ['two entries', [{ name: 'a' }, { name: 'a' }]],
  ['names an unknown phase', [{ name: 'a', after: ['x'] }]],
  ['cycle', [{ name: 'a', after: ['b'] }, { name: 'b' }]],
  ['timeoutMs', [{ name: 'a', timeoutMs: 0 }]],
])('refuses phases that cannot be ordered or run: %s', (text, phases) => {
  expect(() => planShutdown(phases)).toThrow(text);
});
