import { createActorSystem, props } from '@drover/actor-core';
import {
  also,
  goTo,
  notHandled,
  postpone,
  startTimeout,
  stateMachine,
  stay,
  stop,
} from '@drover/actor-core/patterns';

type Word = 'connected' | 'lost' | 'close' | { readonly send: string };
type State = 'connecting' | 'connected' | 'waiting';

const firstAttempt = Promise.withResolvers<void>();
const sent = Promise.withResolvers<void>();
const closed = Promise.withResolvers<void>();
const connection = props<Word>(() =>
  stateMachine<State, number, Word>({
    initial: 'connecting',
    data: 1,
    onTransition: (from, to, attempt) => {
      console.log(`${from} -> ${to}, attempt ${attempt}`);
      if (from === 'connecting') firstAttempt.resolve();
    },
    // A named timeout continues across states, so it fires in whatever state the machine is by then.
    onTimeouts: {
      'give-up': () => {
        console.log('gave up');
        closed.resolve();
        return stop;
      },
    },
    states: {
      connecting: {
        // The timeout of the state, counted from the moment it was entered.
        timeoutMs: 20,
        onTimeout: (attempt) => goTo('waiting', attempt),
        on: (message) => {
          if (message === 'connected') return goTo('connected');
          // Messages wait until there is a connection.
          return typeof message === 'object' ? postpone : notHandled;
        },
      },
      waiting: {
        timeoutMs: 200,
        onTimeout: (attempt) => goTo('connecting', attempt + 1),
        on: () => postpone,
      },
      connected: {
        on: (message) => {
          if (typeof message === 'object') {
            console.log(`sent ${message.send}`);
            if (message.send === 'three') sent.resolve();
            return stay();
          }
          return message === 'lost' ? also(goTo('waiting', 1), startTimeout('give-up', 20)) : notHandled;
        },
      },
    },
  }),
);

const system = createActorSystem();
const ref = system.spawn(connection, 'connection');
ref.tell({ send: 'one' });
ref.tell({ send: 'two' });
// The first attempt is too slow. Messages that arrive while the machine waits are postponed as well.
await firstAttempt.promise;
ref.tell('connected');
ref.tell({ send: 'three' });
await sent.promise;
ref.tell('lost');
await closed.promise;
await system.shutdown();

/* prints
connecting -> waiting, attempt 1
waiting -> connecting, attempt 2
connecting -> connected, attempt 2
sent one
sent two
sent three
connected -> waiting, attempt 1
gave up
*/
