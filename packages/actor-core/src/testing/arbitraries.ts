/**
 * Arbitraries for property tests of actors: `import … from '@drover/actor-core/testing/arbitraries'`. They need
 * fast-check 4 installed; the rest of the testkit does not.
 *
 * @module arbitraries
 */
import {
  type Arbitrary,
  array,
  constant,
  constantFrom,
  double,
  integer,
  jsonValue,
  nat,
  oneof,
  option,
  record,
  string,
  tuple,
  uint8Array,
} from 'fast-check';
import type { RestartType } from '../actor/supervision-options.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';
import type { SupervisionOptions } from '../actor/supervision-options.ts';
import type { Fault, FaultSchedule } from './fault-schedule.ts';
import type { FaultRates } from './fault-rates.ts';

export { type ActorModel, followsModel } from './actor-model.ts';

/** Payloads that arrive equal at another node: JSON values and byte strings. */
export function payloads(): Arbitrary<unknown> {
  // Written and parsed once, which turns -0 into 0: neither JSON nor MessagePack keeps it.
  const json = jsonValue({ maxDepth: 3, stringUnit: 'grapheme' })
    .filter(isPlain)
    .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  const bytes = uint8Array({ maxLength: 64 });
  return oneof(
    { arbitrary: json, weight: 6 },
    { arbitrary: bytes, weight: 1 },
    { arbitrary: record({ value: json, bytes }), weight: 1 },
  );
}

/** Messages with a `type` out of those named, and a payload. */
export function messages<K extends string>(
  ...types: readonly [K, ...K[]]
): Arbitrary<{ readonly type: K; readonly payload: unknown }> {
  return record({ type: constantFrom(...types), payload: payloads() });
}

/** Restart types of a child, each equally likely. */
export function restartTypes(): Arbitrary<RestartType> {
  return constantFrom('permanent', 'transient', 'temporary');
}

/**
 * Supervision options: all strategies, intensities of 0 to 5 in 1 to 60 s, dynamic or not, all kinds of auto-shutdown;
 * short backoffs and deadlines. Each option may be absent, which means its default.
 */
export function supervisionOptions(): Arbitrary<SupervisionOptions> {
  return record(
    {
      strategy: constantFrom('one-for-one', 'one-for-all', 'rest-for-one'),
      intensity: integer({ min: 0, max: 5 }),
      periodMs: integer({ min: 1_000, max: 60_000 }),
      dynamic: constantFrom(true, false),
      autoShutdown: constantFrom('never', 'any-significant', 'all-significant'),
      backoffMs: integer({ min: 1, max: 200 }),
      backoffMaxMs: integer({ min: 200, max: 2_000 }),
      shutdownMs: integer({ min: 0, max: 1_000 }),
    },
    { requiredKeys: [] },
  ).map(withoutContradiction);
}

/** Mailbox options: capacities of 1 to `maxCapacity`, all overflow policies, without `priorityOf`. @default 8 */
export function mailboxOptions(maxCapacity = 8): Arbitrary<MailboxOptions> {
  return record({
    capacity: integer({ min: 1, max: maxCapacity }),
    overflow: constantFrom('reject', 'drop-newest', 'drop-oldest', 'backpressure'),
  });
}

/** Seeds for a `Simulation`. */
export function seeds(): Arbitrary<number> {
  return integer({ min: 0, max: 0x7fff_ffff });
}

/** Rates at which a bus drops, doubles and delays messages, each at most `max`. @default 0.3 */
export function faultRates(max = 0.3): Arbitrary<FaultRates> {
  const rate = double({ min: 0, max, noNaN: true });
  return record({ drop: rate, duplicate: rate, delay: rate });
}

/**
 * Faults of a simulation with these nodes during `durationMs`, in order of time. At the end all faults are repaired and
 * all crashed nodes are started. `maxFaults` does not count these repairs. @default 10
 */
export function faultSchedules(
  nodes: readonly [string, string, ...string[]],
  durationMs: number,
  maxFaults = 10,
): Arbitrary<FaultSchedule> {
  const node = constantFrom(...nodes);
  const fault: Arbitrary<Fault> = oneof(
    record({ kind: constant('lossy' as const), rates: faultRates() }),
    record({ kind: constant('cut' as const), between: tuple(node, node).filter(([a, b]) => a !== b) }),
    record({ kind: constant('crash' as const), node }),
    record({ kind: constant('start' as const), node }),
    record({ kind: constant('pause' as const), node, forMs: integer({ min: 100, max: 6_000 }) }),
    record({ kind: constant('disconnect' as const), node }),
    record({ kind: constant('heal' as const) }),
  );
  return array(record({ atMs: nat(durationMs), fault }), { maxLength: maxFaults }).map((faults) => [
    ...faults.toSorted((one, other) => one.atMs - other.atMs),
    { atMs: durationMs, fault: { kind: 'heal' as const } },
    ...nodes.map((each) => ({ atMs: durationMs, fault: { kind: 'start' as const, node: each } })),
  ]);
}

/** Valid actor names. */
export function actorNames(): Arbitrary<string> {
  return string({
    unit: constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyz0123456789-_')),
    minLength: 1,
    maxLength: 20,
  });
}

/** Lanes of a message; undefined: the default. */
export function lanes(): Arbitrary<'control' | 'data' | undefined> {
  return option(constantFrom('control', 'data'), { nil: undefined });
}

/** `dynamic` goes with one-for-one only. */
function withoutContradiction(options: SupervisionOptions): SupervisionOptions {
  if (options.dynamic !== true || (options.strategy ?? 'one-for-one') === 'one-for-one') return options;
  return { ...options, dynamic: false };
}

/** A key `__proto__` is no data on any JavaScript wire. */
function isPlain(value: unknown): boolean {
  return !JSON.stringify(value).includes('"__proto__"');
}
