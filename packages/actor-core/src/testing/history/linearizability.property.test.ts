import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkLinearizable, type Operation } from './linearizability.ts';
import { lock, register, type RegisterInput, type RegisterOutput } from './models.ts';

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

function read(value: number | undefined, calledMs: number, returnedMs: number): RegisterOperation {
  return { input: { kind: 'read' }, output: { kind: 'value', value }, calledMs, returnedMs };
}

function write(value: number, calledMs: number, returnedMs: number): RegisterOperation {
  const isKnown = returnedMs !== Number.POSITIVE_INFINITY;
  return {
    input: { kind: 'write', value },
    output: isKnown ? { kind: 'written' } : undefined,
    calledMs,
    returnedMs,
  };
}

function swap(
  from: number | undefined,
  to: number,
  isSwapped: boolean,
  calledMs: number,
  returnedMs: number,
): RegisterOperation {
  return { input: { kind: 'swap', from, to }, output: { kind: 'swapped', isSwapped }, calledMs, returnedMs };
}

it.each<[string, readonly RegisterOperation[]]>([
  ['nothing', []],
  ['a read of what was written before', [write(1, 0, 1), read(1, 2, 3)]],
  [
    'a read of either value while a write is under way',
    [write(1, 0, 10), read(undefined, 1, 2), read(1, 3, 4)],
  ],
  [
    'a write of unknown outcome that is seen later',
    [write(1, 0, Infinity), read(undefined, 1, 2), read(1, 50, 51)],
  ],
  ['a write of unknown outcome that is never seen', [write(1, 0, Infinity), read(undefined, 100, 101)]],
  [
    'one of two concurrent swaps',
    [swap(undefined, 1, true, 0, 9), swap(undefined, 2, false, 1, 8), read(1, 10, 11)],
  ],
])('accepts %s', (_, history) => {
  expect(checkLinearizable(register, history)).toEqual({ kind: 'linearizable' });
});

it.each<[string, readonly RegisterOperation[]]>([
  [
    'a read of an old value after a newer one was read',
    [write(1, 0, 10), read(1, 1, 2), read(undefined, 3, 4)],
  ],
  ['a write that is lost', [write(1, 0, 1), read(undefined, 2, 3)]],
  ['a value that nobody wrote', [write(1, 0, 1), read(2, 2, 3)]],
  ['two swaps of one value', [swap(undefined, 1, true, 0, 9), swap(undefined, 2, true, 1, 8)]],
  [
    'a write of unknown outcome that takes effect twice',
    [write(1, 0, Infinity), read(1, 1, 2), write(2, 3, 4), read(1, 5, 6), read(2, 7, 8), read(1, 9, 10)],
  ],
])('rejects %s', (_, history) => {
  expect(checkLinearizable(register, history).kind).toBe('violation');
});

function held(holder: string, calledMs: number): Operation<{ kind: 'acquire'; holder: string }, boolean> {
  return { input: { kind: 'acquire', holder }, output: true, calledMs, returnedMs: calledMs + 1 };
}

it('rejects a lock that two hold, and says what could not follow', () => {
  expect(checkLinearizable(lock, [held('a', 0), held('b', 5)])).toMatchObject({
    kind: 'violation',
    longest: 1,
    stuck: [{ input: { holder: 'b' } }],
  });
});

/** A history of a true register: each operation takes effect at one instant between its call and its return. */
const trueHistory = fc
  .array(
    fc.record({
      kind: fc.constantFrom('read', 'write', 'swap'),
      value: fc.nat({ max: 3 }),
      from: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
      before: fc.nat({ max: 20 }),
      after: fc.nat({ max: 20 }),
      isUnknown: fc.boolean(),
    }),
    { maxLength: 30 },
  )
  .map((steps) => {
    let state: number | undefined;
    return steps.map(({ kind, value, from, before, after, isUnknown }, i): RegisterOperation => {
      // Even instants are effects; calls and returns lie on odd ones around them.
      const [calledMs, returnedMs] = [10 * i - 2 * before - 1, 10 * i + 2 * after + 1];
      if (kind === 'read') return read(state, calledMs, returnedMs);
      if (kind === 'write') {
        state = value;
        return write(value, calledMs, isUnknown ? Number.POSITIVE_INFINITY : returnedMs);
      }
      const isSwapped = state === from;
      if (isSwapped) state = value;
      return swap(from, value, isSwapped, calledMs, returnedMs);
    });
  });

it('accepts every history of a true register', () => {
  fc.assert(
    fc.property(trueHistory, (history) => {
      expect(checkLinearizable(register, history)).toEqual({ kind: 'linearizable' });
    }),
    { numRuns: 500 },
  );
});

it('agrees with trying every order of short histories', () => {
  const any = fc.array(
    fc.record({
      kind: fc.constantFrom('read', 'write', 'swap'),
      value: fc.nat({ max: 2 }),
      from: fc.nat({ max: 2 }),
      isSwapped: fc.boolean(),
      at: fc.nat({ max: 8 }),
      forMs: fc.nat({ max: 6 }),
    }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(any, (steps) => {
      const history = steps.map(({ kind, value, from, isSwapped, at, forMs }) =>
        kind === 'read'
          ? read(value, at, at + forMs)
          : kind === 'write'
            ? write(value, at, at + forMs)
            : swap(from, value, isSwapped, at, at + forMs),
      );
      expect(checkLinearizable(register, history).kind === 'linearizable').toBe(fits(history, undefined));
    }),
    { numRuns: 2_000 },
  );
});

/** Tries every order. */
function fits(left: readonly RegisterOperation[], state: number | undefined): boolean {
  if (left.length === 0) return true;
  const firstReturnMs = Math.min(...left.map(({ returnedMs }) => returnedMs));
  return left.some((operation, i) => {
    if (operation.calledMs > firstReturnMs) return false;
    const rest = left.filter((_, j) => j !== i);
    return register.step(state, operation.input, operation.output).some((next) => fits(rest, next));
  });
}
