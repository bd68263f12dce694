import { describe, expect, it } from 'vitest';
import type { ActorRef } from '../actor/actor-ref.ts';
import { props } from '../cell/create-props.ts';
import { tableSizes } from '../system/local-system.ts';
import { type LocalSystem, localSystem } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import { stateMachine } from './state-machine.ts';
import {
  also,
  cancelTimeout,
  eventTimeout,
  goTo,
  notHandled,
  postpone,
  startTimeout,
  stay,
  stop,
} from './transition.ts';

type Word =
  | 'connect'
  | 'connected'
  | 'lose'
  | 'retry-later'
  | 'give-up'
  | 'doze'
  | 'again'
  | 'twice'
  | { readonly send: string };
type State = 'away' | 'connecting' | 'connected';

interface Setup extends LocalSystem {
  readonly seen: string[];
  readonly machine: ActorRef<Word>;
  readonly say: (...words: Word[]) => Promise<void>;
}

/** A connection that keeps messages until it is connected, and reconnects by a named timeout. */
function start(): Setup {
  const local = localSystem();
  const seen: string[] = [];
  const create = () =>
    stateMachine<State, number, Word>({
      initial: 'away',
      data: 0,
      onTransition: (from, to, attempts) => seen.push(`${from}>${to} ${attempts}`),
      onTimeouts: { retry: (attempts) => goTo('connecting', attempts + 1) },
      states: {
        away: {
          on: (message) => {
            if (typeof message === 'object') return postpone;
            if (message === 'retry-later') return also(stay(), startTimeout('retry', 100));
            if (message === 'give-up') return also(stay(), cancelTimeout('retry'));
            if (message === 'again') return goTo('away');
            if (message === 'doze') return also(stay(), eventTimeout(50));
            return message === 'connect' ? goTo('connecting') : notHandled;
          },
          onEventTimeout: () => {
            seen.push('silence');
            return stay();
          },
        },
        connecting: {
          on: (message) => {
            if (message === 'connected') return goTo('connected');
            return message === 'twice' ? also(goTo('connected'), postpone) : postpone;
          },
        },
        connected: {
          on: (message) => {
            if (message === 'lose') return goTo('away');
            if (message === 'doze') return also(stay(), eventTimeout(50));
            seen.push(typeof message === 'object' ? `sent ${message.send}` : message);
            return message === 'give-up' ? stop : stay();
          },
          onTimeouts: {
            retry: () => {
              seen.push('retry is not needed');
              return stay();
            },
          },
        },
      },
    });
  const machine = local.system.spawn(props<Word>(create), 'machine');
  const say = async (...words: Word[]) => {
    for (const message of words) machine.tell(message);
    await settle();
  };
  return { ...local, seen, machine, say };
}

describe('a postponed message', () => {
  it('is handled when the state has changed, before newer messages and in order of arrival', async () => {
    const { say, seen } = start();
    await say({ send: 'a' }, { send: 'b' }, 'connect', { send: 'c' }, 'connected', { send: 'd' });
    expect(seen).toEqual([
      'away>connecting 0',
      'connecting>connected 0',
      'sent a',
      'sent b',
      'sent c',
      'sent d',
    ]);
  });

  it('keeps waiting when the same state is entered again', async () => {
    const { system, say, seen } = start();
    await say({ send: 'a' }, 'again', 'again');
    expect(seen).toEqual(['away>away 0', 'away>away 0']);
    expect(tableSizes(system).stashed).toBe(1);
    expect(system.inspect()[0]?.processed).toBe(3);
  });

  it('is handled at once in the next state when it is postponed with a change of state', async () => {
    const { say, seen } = start();
    await say('connect', 'twice');
    expect(seen).toEqual(['away>connecting 0', 'connecting>connected 0', 'twice']);
  });

  it('fails at once as a question when its machine ends', async () => {
    const { system, machine } = start();
    const asked = system.ask<Word, never>(machine, () => ({ send: 'x' }), { timeoutMs: 60_000 });
    await settle();
    void system.stop(machine);
    await expect(asked).rejects.toMatchObject({ code: 'actor-not-found' });
  });
});

describe('a named timeout', () => {
  it('continues across states, and runs the handler of the current state or else of the machine', async () => {
    const { clock, say, seen } = start();
    await say('retry-later');
    await advance(clock, 100);
    expect(seen.splice(0)).toEqual(['away>connecting 1']);
    await say('connected', 'lose', 'retry-later', 'connect', 'connected');
    await advance(clock, 100);
    expect(seen.splice(0).at(-1)).toBe('retry is not needed');
  });

  it('can be restarted and cancelled, also when it waits in the mailbox', async () => {
    const { system, clock, say, seen } = start();
    await say('retry-later');
    await advance(clock, 60);
    await say('retry-later');
    await advance(clock, 60);
    expect(seen).toEqual([]);
    await say('give-up');
    await advance(clock, 200);
    await say('retry-later');
    // The timeout fires while the messages before it still wait.
    const given = say('give-up');
    clock.advance(100);
    await given;
    expect(seen).toEqual([]);
    expect(tableSizes(system).timers).toBe(0);
  });
});

describe('an event timeout', () => {
  it('fires after a time without events, and any event cancels it', async () => {
    const { clock, say, seen } = start();
    await say('doze');
    await advance(clock, 40, 10);
    await say('retry-later');
    await advance(clock, 40, 10);
    expect(seen).toEqual([]);
    await say('doze');
    await advance(clock, 50, 10);
    expect(seen).toEqual(['silence']);
  });

  it('is cancelled by another timeout, and reported in a state without a handler', async () => {
    const { system, clock, say, seen } = start();
    await say('retry-later');
    await advance(clock, 80, 10);
    await say('doze');
    await advance(clock, 100, 10);
    expect(seen).toEqual(['away>connecting 1']);
    await say('connected', 'doze');
    await advance(clock, 50, 10);
    expect(system.counters().events.unhandled).toBe(1);
  });
});

it.each([
  [
    'an unknown field',
    { initial: 'a', data: 0, states: { a: { on: () => stay(), onTimout: 1 } } },
    'onTimout',
  ],
  [
    'an initial state that does not exist',
    { initial: 'b', data: 0, states: { a: { on: () => stay() } } },
    'initial',
  ],
])('refuses %s', (_title, definition, text) => {
  expect(() => stateMachine(definition as never)).toThrow(text);
});

it('fails a machine that postpones an event other than a message', async () => {
  const { system, clock, events } = localSystem();
  system.spawn(
    props<never>(
      () =>
        stateMachine<'a', number, never>({
          initial: 'a',
          data: 0,
          states: { a: { on: () => stay(), timeoutMs: 10, onTimeout: () => postpone } },
        }),
      { restart: 'temporary' },
    ),
    'it',
  );
  await advance(clock, 20);
  expect(events).toMatchObject([
    { type: 'stopped', cause: { code: 'invalid-argument', argument: 'postpone' } },
  ]);
});
