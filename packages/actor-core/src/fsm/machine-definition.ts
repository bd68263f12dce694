import type { ActorContext } from '../actor/actor-context.ts';
import type { Signal } from '../actor/signal.ts';
import { InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { Transition } from './transition.ts';

/** Decides what happens when a timeout fires. */
export type TimeoutHandler<S extends string, D, M> = (data: D, context: ActorContext<M>) => Transition<S, D>;

/** What one state does. Its functions may act through the context, and return the transition as data. */
export interface StateDefinition<S extends string, D, M> {
  /** Handles a message in this state: `stay`, `goTo`, `also`, `postpone`, `stop` or `notHandled`. */
  readonly on: (message: M, data: D, context: ActorContext<M>) => Transition<S, D>;
  /**
   * Handles the end of a watched actor, and the signals of the machine's own end, whose transition is ignored.
   * @default the end of a watched actor fails the machine
   */
  readonly onSignal?: (signal: Signal, data: D, context: ActorContext<M>) => Transition<S, D>;
  /** Runs each time the state is entered: at the start, from another state, and by a `goTo` to itself. */
  readonly onEnter?: (data: D, context: ActorContext<M>) => void;
  /** Runs each time the state is left, also by a `goTo` to itself; gets the data of this state. */
  readonly onExit?: (data: D, context: ActorContext<M>) => void;
  /** Time in this state, without leaving or entering it again, after which `onTimeout` runs. */
  readonly timeoutMs?: number;
  /** Decides the transition after `timeoutMs`. Required with `timeoutMs`. */
  readonly onTimeout?: TimeoutHandler<S, D, M>;
  /** Handlers for the timeouts of `startTimeout`, by name. @default those of `MachineDefinition.onTimeouts` */
  readonly onTimeouts?: Readonly<Record<string, TimeoutHandler<S, D, M>>>;
  /** Handles the timeout of `eventTimeout` in this state. @default the timeout is reported as unhandled */
  readonly onEventTimeout?: TimeoutHandler<S, D, M>;
}

/** The states of a machine, and the state and data with which each incarnation begins. */
export interface MachineDefinition<S extends string, D, M> {
  /** First state of each incarnation. */
  readonly initial: S;
  /** First data of each incarnation. A transition replaces the data and never changes it in place. */
  readonly data: D;
  /** What each state does. */
  readonly states: Readonly<Record<S, StateDefinition<S, D, M>>>;
  /** Called at each transition to a state, with the new data. */
  readonly onTransition?: (from: S, to: S, data: D) => void;
  /** Handlers by name for states without a handler of their own. @default the timeout is reported as unhandled */
  readonly onTimeouts?: Readonly<Record<string, TimeoutHandler<S, D, M>>>;
}

const stateNames = optionNames<StateDefinition<never, never, never>>({
  on: true,
  onSignal: true,
  onEnter: true,
  onExit: true,
  timeoutMs: true,
  onTimeout: true,
  onTimeouts: true,
  onEventTimeout: true,
});
const machineNames = optionNames<MachineDefinition<never, never, never>>({
  initial: true,
  data: true,
  states: true,
  onTransition: true,
  onTimeouts: true,
});

/**
 * @throws InvalidArgumentError for a state with a timeout and no `onTimeout` or the reverse, an `initial` that is no
 * state, and an unknown field
 */
export function checkMachine<S extends string, D, M>(definition: MachineDefinition<S, D, M>): void {
  requireKnownOptions('machine', definition, machineNames);
  for (const [state, one] of Object.entries<StateDefinition<S, D, M>>(definition.states)) {
    requireKnownOptions(`states.${state}`, one, stateNames);
    if ((one.timeoutMs === undefined) !== (one.onTimeout === undefined))
      throw new InvalidArgumentError(`states.${state}`, 'needs both of timeoutMs and onTimeout, or neither');
  }
  if (!Object.hasOwn(definition.states, definition.initial))
    throw new InvalidArgumentError('initial', `${definition.initial} is no state of this machine`);
}
