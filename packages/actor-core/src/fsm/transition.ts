/** Next state of the machine; made by `goTo`, `stay`, `also`, and the constants `postpone`, `stop` and `notHandled`. */
export type Transition<S extends string, D> =
  | {
      readonly type: 'goto';
      readonly state: S;
      readonly data?: D;
      readonly actions?: readonly TransitionAction[];
    }
  | { readonly type: 'stay'; readonly data?: D; readonly actions?: readonly TransitionAction[] }
  | { readonly type: 'postpone' }
  | { readonly type: 'stop' }
  | { readonly type: 'unhandled' };

/** Further action of a transition; made by `startTimeout`, `cancelTimeout`, `eventTimeout`, and `postpone`. */
export type TransitionAction =
  | { readonly type: 'postpone' }
  | { readonly type: 'start-timeout'; readonly name: string; readonly afterMs: number }
  | { readonly type: 'cancel-timeout'; readonly name: string }
  | { readonly type: 'event-timeout'; readonly afterMs: number };

/** Leaves the state and enters `state`, which may be the same one. Without `data` the data stays as it is. */
export function goTo<S extends string, D>(state: S, ...data: [D?]): Transition<S, D> {
  return data.length === 0 ? { type: 'goto', state } : { type: 'goto', state, data: data[0] as D };
}

/** Keeps the state and its timeout. */
export function stay<D>(...data: [D?]): Transition<never, D> {
  return data.length === 0 ? { type: 'stay' } : { type: 'stay', data: data[0] as D };
}

/**
 * A transition with further actions: `also(stay(), startTimeout('retry', 1_000))`. `stop` and `notHandled` take no
 * further actions.
 */
export function also<S extends string, D>(
  transition: Transition<S, D>,
  ...actions: readonly TransitionAction[]
): Transition<S, D> {
  if (transition.type === 'stop' || transition.type === 'unhandled') return transition;
  if (transition.type === 'postpone') return { type: 'stay', actions: [transition, ...actions] };
  return { ...transition, actions: [...(transition.actions ?? []), ...actions] };
}

/**
 * Starts or restarts the timeout of that name. It fires in the state that the machine has by then (`onTimeouts`),
 * unless `cancelTimeout` cancels it; changes of state do not.
 */
export function startTimeout(name: string, afterMs: number): TransitionAction {
  return { type: 'start-timeout', name, afterMs };
}

/** Cancels the timeout of that name, also one that has fired and is not handled yet. Without one, does nothing. */
export function cancelTimeout(name: string): TransitionAction {
  return { type: 'cancel-timeout', name };
}

/** Fires after `afterMs` without any event (`onEventTimeout`): a message, a signal or another timeout cancels it. */
export function eventTimeout(afterMs: number): TransitionAction {
  return { type: 'event-timeout', afterMs };
}

/**
 * Puts the message aside until the state has changed. Postponed messages are then handled before newer ones, in the
 * order of their arrival. Alone, `postpone` keeps the state; together with a `goTo` the message is handled at once in
 * the next state. The limit is that of `ActorContext.stash`.
 */
export const postpone: { readonly type: 'postpone' } = { type: 'postpone' };
/** Ends the machine and its actor. */
export const stop: { readonly type: 'stop' } = { type: 'stop' };
/** This state does not handle the message, which is reported as unhandled. */
export const notHandled: { readonly type: 'unhandled' } = { type: 'unhandled' };
