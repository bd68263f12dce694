import type { ActorContext } from '../actor/actor-context.ts';
import { type Behaviour, receive, setup, stopped, unhandled } from '../actor/behaviour.ts';
import type { Signal } from '../actor/signal.ts';
import { InvalidArgumentError } from '../errors.ts';
import { decideTransition, type MachineEvent, type Transition } from './decide-transition.ts';

/** What one state does. Its functions may act through the context; where to go next they return as data. */
export interface StateDefinition<S extends string, D, M> {
  /** Handles a message in this state: `stay`, `goTo`, `stop` or `notHandled`. */
  readonly on: (message: M, data: D, context: ActorContext<M>) => Transition<S, D>;
  /** Of actors it watches, and of its own end, after which it goes nowhere. @default a watched end fails the machine */
  readonly onSignal?: (signal: Signal, data: D, context: ActorContext<M>) => Transition<S, D>;
  /** Each time it is entered from another state, or by `goto` itself; also at the start. */
  readonly onEnter?: (data: D, context: ActorContext<M>) => void;
  /** Each time it is left for another state, or by `goTo` itself; with the data that this state had. */
  readonly onExit?: (data: D, context: ActorContext<M>) => void;
  /** How long it may last without being left or entered again. */
  readonly timeoutMs?: number;
  /** Where it goes then. Required with `timeoutMs`. */
  readonly onTimeout?: (data: D, context: ActorContext<M>) => Transition<S, D>;
}

/** States of a machine, and where each life of it begins. */
export interface MachineDefinition<S extends string, D, M> {
  /** Where each life begins. */
  readonly initial: S;
  /** What each life begins with; transitions hand on the next one and never change it. */
  readonly data: D;
  /** What each state does. */
  readonly states: Readonly<Record<S, StateDefinition<S, D, M>>>;
  /** Told of each change of state, with the data it changes to. */
  readonly onTransition?: (from: S, to: S, data: D) => void;
}

/** Told to the actor itself; being this very object, it cannot come from anywhere else. */
const stateTimeout: unknown = Object.freeze({});
const timerKey = '$state-timeout';

/**
 * A behaviour that is a finite-state machine (OTP's `gen_statem`): one handler a state, transitions as data, a timeout
 * for each state. A restart begins again at `initial`.
 *
 * @throws InvalidArgumentError for a state with a timeout and no `onTimeout`, or the reverse
 */
export function stateMachine<S extends string, D, M>(definition: MachineDefinition<S, D, M>): Behaviour<M> {
  for (const [state, { timeoutMs, onTimeout }] of Object.entries<StateDefinition<S, D, M>>(definition.states))
    if ((timeoutMs === undefined) !== (onTimeout === undefined))
      throw new InvalidArgumentError(`states.${state}`, 'needs both of timeoutMs and onTimeout, or neither');
  return setup<M>((context) => {
    let current = { state: definition.initial, data: definition.data };
    const enter = () => {
      const { onEnter, timeoutMs } = definition.states[current.state];
      // A timeout that already waits in the mailbox is void too.
      context.cancelTimer(timerKey);
      if (timeoutMs !== undefined) context.setTimer(timerKey, timeoutMs, stateTimeout as M);
      onEnter?.(current.data, context);
    };
    const handle = (event: MachineEvent<M>) => {
      const before = current;
      const { next, outcome } = decideTransition(definition, current, event, context);
      current = next;
      if (outcome === 'stopped') return stopped;
      if (outcome === 'unhandled') return unhandled;
      if (outcome === 'moved') {
        definition.states[before.state].onExit?.(before.data, context);
        definition.onTransition?.(before.state, next.state, next.data);
        enter();
      }
      return undefined;
    };
    enter();
    return receive<M>(
      (message) => handle(message === stateTimeout ? { type: 'timeout' } : { type: 'message', message }),
      (signal) => {
        if (signal.type === 'terminated') return handle({ type: 'signal', signal });
        definition.states[current.state].onSignal?.(signal, current.data, context);
        return undefined;
      },
    );
  });
}
