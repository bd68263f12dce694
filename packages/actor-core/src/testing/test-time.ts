import type { Clock } from '../clock.ts';
import { InvalidArgumentError } from '../errors.ts';
import { ManualClock } from './manual-clock.ts';
import { settle } from './settle.ts';
import type { Simulation } from './simulation.ts';

/**
 * The time that measures the deadlines of a test. An expectation advances a `ManualClock` or a `Simulation` itself, no
 * further than needed; on any other clock it waits.
 */
export type TestTime = Clock | Simulation;

/** How long an expectation may take. Mandatory: no wait is unbounded. */
export interface Within {
  /** Milliseconds of the test's time, 0 or more. 0: the expectation must hold once everything that is ready has run. */
  readonly withinMs: number;
}

/** Registers a listener for changes. Returns the unsubscriber. */
export type OnChange = (listener: () => void) => () => void;

/** Lets time pass until `isMet` returns true, at most `withinMs`. Returns whether it did. */
export async function passUntil(
  time: TestTime,
  withinMs: number,
  isMet: () => boolean,
  onChange: OnChange,
): Promise<boolean> {
  if (!(Number.isFinite(withinMs) && withinMs >= 0))
    throw new InvalidArgumentError('withinMs', 'must be finite and at least 0');
  if (isMet()) return true;
  if (time instanceof ManualClock) return moveClock(time, withinMs, isMet);
  if ('hub' in time) return runSimulation(time, withinMs, isMet);
  return waitOnClock(time, withinMs, isMet, onChange);
}

/** Current instant of the test's time, in clock milliseconds. */
export function nowOf(time: TestTime): number {
  return 'hub' in time ? time.clock.now() : time.now();
}

async function moveClock(clock: ManualClock, withinMs: number, isMet: () => boolean): Promise<boolean> {
  const until = clock.now() + withinMs;
  await settle();
  while (!isMet()) {
    if (!clock.fireNext(until)) break;
    await settle(4);
  }
  if (!isMet()) {
    clock.advance(until - clock.now());
    await settle();
  }
  return isMet();
}

async function runSimulation(
  simulation: Simulation,
  withinMs: number,
  isMet: () => boolean,
): Promise<boolean> {
  const { clock } = simulation;
  const until = clock.now() + withinMs;
  await simulation.run(0);
  while (!isMet()) {
    const next = clock.nextDueMs ?? Number.POSITIVE_INFINITY;
    await simulation.run(Math.min(next, until) - clock.now());
    if (next > until) break;
  }
  return isMet();
}

async function waitOnClock(
  clock: Clock,
  withinMs: number,
  isMet: () => boolean,
  onChange: OnChange,
): Promise<boolean> {
  await settle(1);
  if (isMet()) return true;
  await new Promise<void>((resolve) => {
    const timer = clock.setTimer(withinMs, () => {
      stopListening();
      resolve();
    });
    const stopListening = onChange(() => {
      if (!isMet()) return;
      stopListening();
      timer.cancel();
      resolve();
    });
  });
  return isMet();
}
