import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HybridClock } from '../hybrid-clock.ts';
import { appendLog } from './append-log.ts';
import type { Crdt } from './crdt.ts';
import type { Json } from './json.ts';
import { lwwRegister } from './lww-register.ts';
import { orSet } from './or-set.ts';
import { pnCounter } from './pn-counter.ts';

const element = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.constantFrom('a', 'b'),
  fc.constant({ y: 1, x: [2] }),
);

/** What happens to three replicas: an operation at one of them, or one of them takes in another one's state. */
function history<Operation>(
  operation: fc.Arbitrary<Operation>,
): fc.Arbitrary<readonly ({ at: number; operation: Operation } | { at: number; from: number })[]> {
  const at = fc.nat({ max: 2 });
  return fc.array(fc.oneof(fc.record({ at, operation }), fc.record({ at, from: fc.nat({ max: 2 }) })), {
    maxLength: 30,
  });
}

/** The states of three replicas after that history. */
function replay<State, Operation>(
  crdt: Crdt<State, Operation>,
  events: readonly ({ at: number; operation: Operation } | { at: number; from: number })[],
): State[] {
  const states = [crdt.empty, crdt.empty, crdt.empty];
  // Three wall clocks that disagree and step.
  const clocks = states.map((_, i) => new HybridClock(`r${i}`, () => 1_000 + ((i * 7) % 5)));
  for (const event of events) {
    const { at } = event;
    const own = states[at] as State;
    if ('from' in event) states[at] = crdt.merge(own, states[event.from] as State);
    else {
      const stamp = (clocks[at] as HybridClock).next();
      states[at] = crdt.apply(own, event.operation, { replica: `r${at}`, stamp });
    }
  }
  return states;
}

function laws<State, Operation>(
  name: string,
  crdt: Crdt<State, Operation>,
  operation: fc.Arbitrary<Operation>,
): void {
  describe(name, () => {
    it('merges in any order and as often as one likes to the same state', () => {
      fc.assert(
        fc.property(history(operation), (events) => {
          const [a, b, c] = replay(crdt, events) as [State, State, State];
          const { merge } = crdt;
          expect(merge(a, b)).toEqual(merge(b, a));
          expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)));
          expect(merge(a, a)).toEqual(a);
          expect(merge(merge(a, b), b)).toEqual(merge(a, b));
        }),
        { numRuns: 300 },
      );
    });

    it('is JSON', () => {
      fc.assert(
        fc.property(history(operation), (events) => {
          for (const state of replay(crdt, events)) expect(JSON.parse(JSON.stringify(state))).toEqual(state);
        }),
        { numRuns: 50 },
      );
    });

    it('changes nothing that it was given', () => {
      fc.assert(
        fc.property(history(operation), operation, (events, next) => {
          const [a, b] = replay(crdt, events) as [State, State];
          const before = JSON.stringify([a, b]);
          crdt.merge(a, b);
          crdt.apply(a, next, { replica: 'r0', stamp: { wallMs: 9_999, counter: 0, node: 'r0' } });
          expect(JSON.stringify([a, b])).toBe(before);
        }),
        { numRuns: 100 },
      );
    });
  });
}

const add = fc.record({ add: fc.integer({ min: -9, max: 9 }) });
const change = fc.oneof(fc.record({ add: element }), fc.record({ remove: element }));

laws('a register', lwwRegister, fc.record({ set: element }));
laws('a counter', pnCounter, add);
laws('a set', orSet, change);
laws('a log', appendLog, fc.record({ append: element }));

it('a counter is the sum of all that was added, once everything is merged', () => {
  fc.assert(
    fc.property(history(add), (events) => {
      const expected = events.reduce(
        (sum, event) => sum + ('operation' in event ? event.operation.add : 0),
        0,
      );
      expect(pnCounter.value(replay(pnCounter, events).reduce(pnCounter.merge)) as number).toBe(expected);
    }),
  );
});

it('a set of one replica is what a plain set is', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (operations) => {
      const plain = new Map<string, Json>();
      for (const operation of operations) {
        if ('add' in operation) plain.set(JSON.stringify(operation.add), operation.add);
        else plain.delete(JSON.stringify(operation.remove));
      }
      const [state] = replay(
        orSet,
        operations.map((operation) => ({ at: 0, operation })),
      );
      expect(
        new Set((orSet.value(state as typeof orSet.empty) as Json[]).map((one) => JSON.stringify(one))),
      ).toEqual(
        new Set(
          [...plain.values()].map((one) =>
            JSON.stringify(one, one !== null && typeof one === 'object' ? ['x', 'y'] : undefined),
          ),
        ),
      );
    }),
  );
});

it('an element that is added on one side and removed on the other stays', () => {
  const stamp = { wallMs: 1, counter: 0, node: 'a' };
  const both = orSet.apply(orSet.empty, { add: 'x' }, { replica: 'a', stamp });
  const removed = orSet.apply(both, { remove: 'x' }, { replica: 'a', stamp });
  const again = orSet.apply(both, { add: 'x' }, { replica: 'b', stamp });
  expect(orSet.value(orSet.merge(removed, again))).toEqual(['x']);
  expect(orSet.value(orSet.merge(removed, both))).toEqual([]);
});

it('a log is in the order of its stamps and keeps the newest thousand', () => {
  const clock = new HybridClock('a', () => 5);
  let state = appendLog.empty;
  for (let i = 0; i < 1_005; i++)
    state = appendLog.apply(state, { append: i }, { replica: 'a', stamp: clock.next() });
  const values = appendLog.value(state) as number[];
  expect(values).toHaveLength(1_000);
  expect([values[0], values.at(-1)]).toEqual([5, 1_004]);
});

it.each([
  [lwwRegister, { put: 1 }],
  [pnCounter, { add: 1.5 }],
  [pnCounter, { add: '1' }],
  [orSet, { add: 1, remove: 2 }],
  [appendLog, 'text'],
] as const)('$kind refuses an operation that is none of its own', (crdt, operation) => {
  expect(() => crdt.parse(operation)).toThrow(/operation/);
});
