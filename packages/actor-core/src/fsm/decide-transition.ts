import type { ActorContext } from '../actor/actor-context.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { Signal } from '../actor/signal.ts';
import type { MachineDefinition, StateDefinition } from './state-machine.ts';

/** Where a state goes; made by `goTo`, `stay`, and the constants `stop` and `notHandled`. */
export type Transition<S extends string, D> =
  | { readonly type: 'goto'; readonly state: S; readonly data?: D }
  | { readonly type: 'stay'; readonly data?: D }
  | { readonly type: 'stop' }
  | { readonly type: 'unhandled' };

/** Leaves the state, also when it names the same one: then it is entered again. Without data they stay as they are. */
export function goTo<S extends string, D>(state: S, ...data: [D?]): Transition<S, D> {
  return data.length === 0 ? { type: 'goto', state } : { type: 'goto', state, data: data[0] as D };
}

/** Keeps the state and its timeout. */
export function stay<D>(...data: [D?]): Transition<never, D> {
  return data.length === 0 ? { type: 'stay' } : { type: 'stay', data: data[0] as D };
}

/** The machine, and its actor, end. */
export const stop: { readonly type: 'stop' } = { type: 'stop' };
/** This state has no use for the message: it is reported. */
export const notHandled: { readonly type: 'unhandled' } = { type: 'unhandled' };

export type MachineEvent<M> =
  | { readonly type: 'message'; readonly message: M }
  | { readonly type: 'signal'; readonly signal: Signal }
  | { readonly type: 'timeout' };

export interface Current<S extends string, D> {
  readonly state: S;
  readonly data: D;
}

/** Where the machine is after the event, and how it came there. */
export function decideTransition<S extends string, D, M>(
  { states }: MachineDefinition<S, D, M>,
  current: Current<S, D>,
  event: MachineEvent<M>,
  context: ActorContext<M>,
): { readonly next: Current<S, D>; readonly outcome: 'moved' | 'stayed' | 'stopped' | 'unhandled' } {
  const definition = states[current.state];
  const transition = transitionFor(definition, current.data, event, context);
  if (transition.type === 'stop') return { next: current, outcome: 'stopped' };
  if (transition.type === 'unhandled') return { next: current, outcome: 'unhandled' };
  const data = 'data' in transition ? transition.data : current.data;
  if (transition.type === 'stay') return { next: { state: current.state, data }, outcome: 'stayed' };
  if (!Object.hasOwn(states, transition.state))
    throw new InvalidArgumentError('state', `${transition.state} is no state of this machine`);
  return { next: { state: transition.state, data }, outcome: 'moved' };
}

function transitionFor<S extends string, D, M>(
  { on, onSignal, onTimeout }: StateDefinition<S, D, M>,
  data: D,
  event: MachineEvent<M>,
  context: ActorContext<M>,
): Transition<S, D> {
  if (event.type === 'message') return on(event.message, data, context);
  if (event.type === 'signal')
    return onSignal === undefined ? notHandled : onSignal(event.signal, data, context);
  return onTimeout === undefined ? stay<D>() : onTimeout(data, context);
}
