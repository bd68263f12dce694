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

/** Leaves the state, also for the same state, which is then entered again. Without `data` the data is kept. */
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
 * Starts the timeout of that name, or starts it again: it fires in whatever state the machine is by then (`onTimeouts`),
 * unless it is cancelled first. State changes do not touch it.
 */
export function startTimeout(name: string, afterMs: number): TransitionAction {
  return { type: 'start-timeout', name, afterMs };
}

/** Cancels the timeout of that name, also one that has fired and was not handled yet. Nothing happens where there is none. */
export function cancelTimeout(name: string): TransitionAction {
  return { type: 'cancel-timeout', name };
}

/** Fires when nothing at all comes for so long (`onEventTimeout`): any message, signal or other timeout cancels it. */
export function eventTimeout(afterMs: number): TransitionAction {
  return { type: 'event-timeout', afterMs };
}

/**
 * Puts the message aside until the state has changed; then it is handled before newer ones, in the order it came. Alone
 * it keeps the state; beside a `goTo` it is handled again at once, in the next state. Bounded as `ActorContext.stash`.
 */
export const postpone: { readonly type: 'postpone' } = { type: 'postpone' };
/** The machine, and its actor, end. */
export const stop: { readonly type: 'stop' } = { type: 'stop' };
/** This state does not handle the message, which is reported as unhandled. */
export const notHandled: { readonly type: 'unhandled' } = { type: 'unhandled' };
