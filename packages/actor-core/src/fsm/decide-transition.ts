import type { ActorContext } from '../actor/actor-context.ts';
import type { Signal } from '../actor/signal.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { MachineDefinition, StateDefinition } from './machine-definition.ts';
import { notHandled, stay, type Transition, type TransitionAction } from './transition.ts';

/** What a state machine can react to. */
export type MachineEvent<M> =
  | { readonly type: 'message'; readonly message: M }
  | { readonly type: 'signal'; readonly signal: Signal }
  | { readonly type: 'state-timeout' }
  | { readonly type: 'event-timeout' }
  | { readonly type: 'timeout'; readonly name: string };

/** State and data of a machine at one moment. */
export interface Current<S extends string, D> {
  readonly state: S;
  readonly data: D;
}

/** Result of one event: the next state, the kind of change, and the further actions. */
export interface Decision<S extends string, D> {
  readonly next: Current<S, D>;
  /** `moved`: the state was left, possibly to be entered again. */
  readonly outcome: 'moved' | 'stayed' | 'stopped' | 'unhandled';
  readonly actions: readonly TransitionAction[];
}

/** @throws InvalidArgumentError for an unknown state, and for postponing an event that is not a message */
export function decideTransition<S extends string, D, M>(
  machine: MachineDefinition<S, D, M>,
  current: Current<S, D>,
  event: MachineEvent<M>,
  context: ActorContext<M>,
): Decision<S, D> {
  const transition = transitionFor(machine, current, event, context);
  if (transition.type === 'stop') return { next: current, outcome: 'stopped', actions: [] };
  if (transition.type === 'unhandled') return { next: current, outcome: 'unhandled', actions: [] };
  const actions = transition.type === 'postpone' ? [transition] : (transition.actions ?? []);
  if (event.type !== 'message' && actions.some(({ type }) => type === 'postpone'))
    throw new InvalidArgumentError('postpone', `applies to messages only, not to a ${event.type}`);
  if (transition.type === 'postpone') return { next: current, outcome: 'stayed', actions };
  const data = 'data' in transition ? transition.data : current.data;
  if (transition.type === 'stay') return { next: { state: current.state, data }, outcome: 'stayed', actions };
  if (!Object.hasOwn(machine.states, transition.state))
    throw new InvalidArgumentError('state', `${transition.state} is no state of this machine`);
  return { next: { state: transition.state, data }, outcome: 'moved', actions };
}

function transitionFor<S extends string, D, M>(
  { states, onTimeouts }: MachineDefinition<S, D, M>,
  { state, data }: Current<S, D>,
  event: MachineEvent<M>,
  context: ActorContext<M>,
): Transition<S, D> {
  const definition: StateDefinition<S, D, M> = states[state];
  if (event.type === 'message') return definition.on(event.message, data, context);
  if (event.type === 'signal') return definition.onSignal?.(event.signal, data, context) ?? notHandled;
  if (event.type === 'state-timeout') return definition.onTimeout?.(data, context) ?? stay<D>();
  if (event.type === 'event-timeout') return definition.onEventTimeout?.(data, context) ?? notHandled;
  const handle = own(definition.onTimeouts, event.name) ?? own(onTimeouts, event.name);
  return handle?.(data, context) ?? notHandled;
}

/** Looks at own properties only, so that a name such as `constructor` does not find an inherited one. */
function own<T>(handlers: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return handlers !== undefined && Object.hasOwn(handlers, name) ? handlers[name] : undefined;
}
