import type { ActorContext } from '../actor/actor-context.ts';
import { receive, setup, stopped, unhandled } from '../actor/behaviour.ts';
import type { Behaviour, Next } from '../actor/actor-context.ts';
import type { Signal } from '../actor/signal.ts';
import { InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import { type Current, decideTransition, type MachineEvent } from './decide-transition.ts';
import type { Transition, TransitionAction } from './transition.ts';

/** Decides what happens when a timeout fires. */
export type TimeoutHandler<S extends string, D, M> = (data: D, context: ActorContext<M>) => Transition<S, D>;

/** What one state does. Its functions may act through the context; where to go next they return as data. */
export interface StateDefinition<S extends string, D, M> {
  /** Handles a message in this state: `stay`, `goTo`, `also`, `postpone`, `stop` or `notHandled`. */
  readonly on: (message: M, data: D, context: ActorContext<M>) => Transition<S, D>;
  /** Of actors it watches, and of its own end, after which it goes nowhere. @default a watched end fails the machine */
  readonly onSignal?: (signal: Signal, data: D, context: ActorContext<M>) => Transition<S, D>;
  /** Each time it is entered from another state, or by `goto` itself; also at the start. */
  readonly onEnter?: (data: D, context: ActorContext<M>) => void;
  /** Runs each time the state is left, also by a `goTo` to itself; gets the data of this state. */
  readonly onExit?: (data: D, context: ActorContext<M>) => void;
  /** How long it may last without being left or entered again. */
  readonly timeoutMs?: number;
  /** Where it goes then. Required with `timeoutMs`. */
  readonly onTimeout?: TimeoutHandler<S, D, M>;
  /** By name: what a timeout of `startTimeout` does in this state. @default what `MachineDefinition.onTimeouts` says */
  readonly onTimeouts?: Readonly<Record<string, TimeoutHandler<S, D, M>>>;
  /** What a timeout of `eventTimeout` does in this state. @default it is reported as unhandled */
  readonly onEventTimeout?: TimeoutHandler<S, D, M>;
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
  /** By name: what a timeout of `startTimeout` does in states that do not say. @default it is reported as unhandled */
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

/** A timeout that fired. The machine sends it to its own actor; the class is private to this module, so no other sender exists. */
class Fired {
  readonly event: MachineEvent<never>;

  constructor(event: MachineEvent<never>) {
    this.event = event;
  }
}

const stateTimeout = new Fired({ type: 'state-timeout' });
const noEvent = new Fired({ type: 'event-timeout' });
const stateTimerKey = '$state-timeout';
const eventTimerKey = '$event-timeout';
const timerKeyOf = (name: string): string => `$timeout-${name}`;

/**
 * A behaviour that is a finite-state machine (OTP's `gen_statem`): one handler a state, transitions as data, a timeout
 * for each state, named timeouts that continue across states, a timeout for idle time, and messages postponed until the
 * state has changed. A restart begins again at `initial`.
 *
 * @throws InvalidArgumentError for a state with a timeout and no `onTimeout` or the reverse, an `initial` that is no
 * state, and an unknown field
 */
export function stateMachine<S extends string, D, M>(definition: MachineDefinition<S, D, M>): Behaviour<M> {
  checkMachine(definition);
  return setup<M>((context) => {
    const machine = new Machine(definition, context);
    machine.enter();
    return receive<M>(
      (message) => machine.handle(message instanceof Fired ? message.event : { type: 'message', message }),
      (signal) => machine.signal(signal),
    );
  });
}

function checkMachine<S extends string, D, M>(definition: MachineDefinition<S, D, M>): void {
  requireKnownOptions('machine', definition, machineNames);
  for (const [state, one] of Object.entries<StateDefinition<S, D, M>>(definition.states)) {
    requireKnownOptions(`states.${state}`, one, stateNames);
    if ((one.timeoutMs === undefined) !== (one.onTimeout === undefined))
      throw new InvalidArgumentError(`states.${state}`, 'needs both of timeoutMs and onTimeout, or neither');
  }
  if (!Object.hasOwn(definition.states, definition.initial))
    throw new InvalidArgumentError('initial', `${definition.initial} is no state of this machine`);
}

/** One incarnation of a machine: the shell around `decideTransition`. */
class Machine<S extends string, D, M> {
  readonly #definition: MachineDefinition<S, D, M>;
  readonly #context: ActorContext<M>;
  #current: Current<S, D>;

  constructor(definition: MachineDefinition<S, D, M>, context: ActorContext<M>) {
    this.#definition = definition;
    this.#context = context;
    this.#current = { state: definition.initial, data: definition.data };
  }

  enter(): void {
    const { onEnter, timeoutMs } = this.#definition.states[this.#current.state];
    // Also invalidates a timeout message that is already in the mailbox.
    this.#context.cancelTimer(stateTimerKey);
    if (timeoutMs !== undefined) this.#context.setTimer(stateTimerKey, timeoutMs, stateTimeout as M);
    onEnter?.(this.#current.data, this.#context);
  }

  handle(event: MachineEvent<M>): Next<M> {
    this.#context.cancelTimer(eventTimerKey);
    const before = this.#current;
    const { next, outcome, actions } = decideTransition(this.#definition, before, event, this.#context);
    this.#current = next;
    if (outcome === 'stopped') return stopped;
    if (outcome === 'unhandled') return unhandled;
    for (const action of actions)
      if (action.type === 'postpone' && event.type === 'message') this.#context.stash(event.message);
    if (outcome === 'moved') this.#move(before);
    for (const action of actions) this.#perform(action);
    return undefined;
  }

  signal(signal: Signal): Next<M> {
    if (signal.type === 'terminated') return this.handle({ type: 'signal', signal });
    const { state, data } = this.#current;
    this.#definition.states[state].onSignal?.(signal, data, this.#context);
    return undefined;
  }

  #move(before: Current<S, D>): void {
    const { state, data } = this.#current;
    this.#definition.states[before.state].onExit?.(before.data, this.#context);
    this.#definition.onTransition?.(before.state, state, data);
    // Entering the same state again does not release postponed messages: it would postpone them again.
    if (state !== before.state) this.#context.unstashAll();
    this.enter();
  }

  #perform(action: TransitionAction): void {
    switch (action.type) {
      case 'start-timeout': {
        const { name, afterMs } = action;
        return this.#context.setTimer(timerKeyOf(name), afterMs, new Fired({ type: 'timeout', name }) as M);
      }
      case 'cancel-timeout':
        return this.#context.cancelTimer(timerKeyOf(action.name));
      case 'event-timeout':
        return this.#context.setTimer(eventTimerKey, action.afterMs, noEvent as M);
      case 'postpone':
    }
  }
}
