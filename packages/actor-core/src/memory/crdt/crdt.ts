import type { Stamp } from '../hybrid-clock.ts';
import type { Json } from './json.ts';

/** Where and when an operation happens. */
export interface OperationContext {
  /** Writer that applies the operation: unique to one run of a process, because it numbers its own operations. */
  readonly replica: string;
  readonly stamp: Stamp;
}

/**
 * A conflict-free replicated data type, by state: copies that were changed apart are merged, in any order and as often
 * as one likes, and are equal afterwards. `merge` is commutative, associative and idempotent.
 *
 * States are JSON, so that they can be stored and sent. Source: Shapiro et al., INRIA RR-7506, 2011.
 */
export interface Crdt<State, Operation> {
  readonly kind: string;
  readonly empty: State;
  readonly apply: (state: State, operation: Operation, context: OperationContext) => State;
  readonly merge: (a: State, b: State) => State;
  /** What a reader sees. */
  readonly value: (state: State) => Json;
  /** @throws InvalidArgumentError naming what is wrong with an operation from outside */
  readonly parse: (operation: unknown) => Operation;
}
