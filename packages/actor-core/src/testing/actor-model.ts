import { isDeepStrictEqual } from 'node:util';
import { type Arbitrary, array, asyncProperty, type IAsyncPropertyWithHooks } from 'fast-check';
import type { ActorSystem } from '../actor/actor-system.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import { ExpectationFailedError, listSeen, show } from './expectation.ts';
import { ManualClock } from './manual-clock.ts';
import { passUntil } from './test-time.ts';

/** An actor, and the plain function that computes its expected answers. */
export interface ActorModel<Operation, State, Answer, Actor> {
  /** Operations that the property performs on the actor. */
  readonly operations: Arbitrary<Operation>;
  /** Limit of operations in one run. @default 50 */
  readonly maxOperations?: number;
  /** State of the model at the start. */
  readonly initial: State;
  /** Next state and expected answer of an operation. Pure: it does not change the given state. */
  readonly step: (state: State, operation: Operation) => readonly [next: State, answer: Answer];
  /** Starts the actor in a fresh system on a manual clock. */
  readonly start: (system: ActorSystem, clock: ManualClock) => Actor;
  /** Performs an operation on the actor. The clock advances while a returned promise is pending. */
  readonly perform: (
    actor: Actor,
    operation: Operation,
    system: ActorSystem,
    clock: ManualClock,
  ) => Answer | Promise<Answer>;
  /** Limit for one operation, milliseconds of the manual clock. @default 60_000 */
  readonly operationTimeoutMs?: number;
}

const defaultOperationTimeoutMs = 60_000;

/**
 * The property that an actor answers as its model does, for any sequence of operations. fast-check's `assert` checks
 * it, and shortens a sequence that breaks it.
 */
export function followsModel<Operation, State, Answer, Actor>(
  model: ActorModel<Operation, State, Answer, Actor>,
): IAsyncPropertyWithHooks<[Operation[]]> {
  return asyncProperty(
    array(model.operations, { maxLength: model.maxOperations ?? 50 }),
    async (operations) => {
      const clock = new ManualClock();
      const system = createActorSystem({ clock });
      const actor = model.start(system, clock);
      const done: { readonly atMs: number; readonly text: string }[] = [];
      let state = model.initial;
      for (const operation of operations) {
        const [next, expected] = model.step(state, operation);
        const actual = await inTime(clock, model.operationTimeoutMs ?? defaultOperationTimeoutMs, () =>
          model.perform(actor, operation, system, clock),
        );
        done.push({ atMs: clock.now(), text: `${show(operation)} -> ${show(actual)}` });
        if (!isDeepStrictEqual(actual, expected))
          throw new ExpectationFailedError(
            `the model answers ${show(expected)}, the actor ${show(actual)}\n${listSeen('operations', done)}`,
            expected,
            actual,
          );
        state = next;
      }
      await inTime(clock, defaultOperationTimeoutMs, () => system.shutdown());
    },
  );
}

/** Performs the operation and advances the clock until the operation has ended. */
async function inTime<T>(clock: ManualClock, withinMs: number, perform: () => T | Promise<T>): Promise<T> {
  let hasEnded = false;
  const result = (async () => perform())().finally(() => {
    hasEnded = true;
  });
  // The `return` below reports a failure of `result`; this only keeps it from counting as unhandled meanwhile.
  result.catch(() => undefined);
  const isMet = await passUntil(
    clock,
    withinMs,
    () => hasEnded,
    () => () => undefined,
  );
  if (!isMet) throw new ExpectationFailedError(`an operation did not end within ${withinMs} ms`, true, false);
  return result;
}
