import type { ActorContext } from '../actor/actor-context.ts';
import { receive, setup, stopped, unhandled } from '../actor/behaviour.ts';
import type { Behaviour, Next } from '../actor/actor-context.ts';
import type { Signal } from '../actor/signal.ts';
import { type Current, decideTransition, type MachineEvent } from './decide-transition.ts';
import { checkMachine, type MachineDefinition } from './machine-definition.ts';
import type { TransitionAction } from './transition.ts';

/** Message of a timeout that fired. Only this module can create one, so only the machine itself sends it. */
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
 * A behaviour that is a finite-state machine (OTP's `gen_statem`): one handler per state, transitions as data, a
 * timeout for each state, named timeouts that continue across states, a timeout for idle time, and messages postponed
 * until the state has changed. A restart begins at `initial`.
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
