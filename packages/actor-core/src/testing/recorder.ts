import type { ActorSystem } from '../actor/actor-system.ts';
import type { DeadLetterReason, RuntimeEvent } from '../actor/runtime-event.ts';
import type { Logger } from '../logger.ts';
import { describe, ExpectationFailedError, listSeen, type Match, matches, show } from './expectation.ts';
import { nowOf, passUntil, type TestTime, type Within } from './test-time.ts';

/** How often something must happen, and within which time. */
export interface Times extends Within {
  /** Exact number of times. 0: not once during the whole of `withinMs`. @default 1 */
  readonly times?: number;
}

/** Records runtime events or log lines for a test. Made by `recordEvents` and `recordLog`. */
export interface Recorder<T> {
  /** Everything since the start, oldest first. */
  readonly seen: readonly T[];
  /**
   * Runs `block`, and lets time pass until `times` matching entries were recorded since the call. Then everything that
   * is ready runs once more, and a further matching entry is a failure too. Without `block`, entries since the start of
   * the recorder count. Returns the matching entries.
   *
   * @throws ExpectationFailedError listing all recorded entries
   */
  expect(match: Match<T>, times: Times, block?: () => unknown): Promise<T[]>;
  /** Stops recording. */
  stop(): void;
}

/** One log line. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /** The fields of the line. */
  readonly fields: object;
}

/** Records the runtime events of a system from now on: restarts, dead letters, terminations, escalations. */
export function recordEvents(system: ActorSystem, time: TestTime): Recorder<RuntimeEvent> {
  const recording = new Recording<RuntimeEvent>('runtime events', time);
  recording.onStop = system.onEvent((event) => recording.add(event));
  return recording;
}

/** A logger for a system under test, and a recorder of its lines. */
export function recordLog(time: TestTime): { readonly logger: Logger; readonly lines: Recorder<LogLine> } {
  const recording = new Recording<LogLine>('log lines', time);
  const at = (level: LogLine['level']) => (fields: object, message: string) =>
    recording.add({ level, message, fields });
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { logger, lines: recording };
}

/**
 * Expects a runtime event of a system exactly `times` times from now on, while `block` runs and after it.
 *
 * @throws ExpectationFailedError listing all recorded events
 */
export async function expectEvent(
  system: ActorSystem,
  time: TestTime,
  match: Match<RuntimeEvent>,
  times: Times,
  block?: () => unknown,
): Promise<RuntimeEvent[]> {
  const recorder = recordEvents(system, time);
  try {
    return await recorder.expect(match, times, block);
  } finally {
    recorder.stop();
  }
}

/**
 * Expects dead letters, of one reason or of any, exactly `times` times, while `block` runs and after it.
 *
 * @throws ExpectationFailedError listing all recorded events
 */
export async function expectDeadLetters(
  system: ActorSystem,
  time: TestTime,
  times: Times & { readonly reason?: DeadLetterReason },
  block: () => unknown,
): Promise<RuntimeEvent[]> {
  const { reason } = times;
  return expectEvent(
    system,
    time,
    reason === undefined ? { type: 'dead-letter' } : { type: 'dead-letter', reason },
    times,
    block,
  );
}

class Recording<T> implements Recorder<T> {
  onStop: (() => void) | undefined = undefined;
  readonly #what: string;
  readonly #time: TestTime;
  readonly #entries: { readonly atMs: number; readonly value: T }[] = [];
  readonly #listeners = new Set<() => void>();
  #isStopped = false;

  constructor(what: string, time: TestTime) {
    this.#what = what;
    this.#time = time;
  }

  get seen(): readonly T[] {
    return this.#entries.map(({ value }) => value);
  }

  add(value: T): void {
    if (this.#isStopped) return;
    this.#entries.push({ atMs: nowOf(this.#time), value });
    for (const listener of this.#listeners) listener();
  }

  async expect(match: Match<T>, { times = 1, withinMs }: Times, block?: () => unknown): Promise<T[]> {
    const since = block === undefined ? 0 : this.#entries.length;
    await block?.();
    const found = () =>
      this.#entries
        .slice(since)
        .map(({ value }) => value)
        .filter((value) => matches(match, value));
    const onChange = (listener: () => void) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    };
    const wanted = times === 0 ? 1 : times;
    await passUntil(this.#time, withinMs, () => found().length >= wanted, onChange);
    if (times > 0) await passUntil(this.#time, 0, () => false, onChange);
    const actual = found();
    if (actual.length === times) return actual;
    const seen = this.#entries.slice(since).map(({ atMs, value }) => ({ atMs, text: show(value) }));
    throw new ExpectationFailedError(
      `expected ${describe(match)} ${often(times)} within ${withinMs} ms, saw it ${often(actual.length)}\n` +
        listSeen(this.#what, seen),
      times,
      actual.length,
    );
  }

  stop(): void {
    this.#isStopped = true;
    this.onStop?.();
  }
}

function often(times: number): string {
  return times === 1 ? 'once' : `${times} times`;
}
