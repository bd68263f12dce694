import { expect, it } from 'vitest';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, stopped as actorStopped } from '../actor/behaviour.ts';
import type { ActorSystem } from '../actor/actor-system.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import { props } from '../cell/create-props.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { settle } from '../testing/settle.ts';
import type { RuntimeEvent } from '../actor/runtime-event.ts';
import { goTo, notHandled, stay, stop } from './transition.ts';
import { stateMachine } from './state-machine.ts';

type Door = 'closed' | 'open' | 'locked';
type Message = 'open' | 'close' | 'lock' | 'knock' | 'burn' | 'jam';

interface Setup {
  readonly clock: ManualClock;
  readonly system: ActorSystem;
  readonly door: ActorRef<Message>;
  readonly seen: string[];
  readonly say: (...messages: Message[]) => Promise<void>;
}

/** A door that closes by itself after a second, counts how often it was opened, and is locked for good. */
function setup(): Setup {
  const clock = new ManualClock();
  const system = createActorSystem({ clock });
  const seen: string[] = [];
  const create = () =>
    stateMachine<Door, number, Message>({
      initial: 'closed',
      data: 0,
      onTransition: (from, to, data) => seen.push(`${from}>${to} ${data}`),
      states: {
        closed: {
          on(message, opened) {
            if (message === 'open') return goTo('open', opened + 1);
            if (message === 'lock') return goTo('locked');
            if (message === 'jam') throw new Error('jammed');
            return message === 'burn' ? stop : notHandled;
          },
        },
        open: {
          timeoutMs: 1_000,
          onEnter: () => seen.push('enter'),
          onExit: (opened) => seen.push(`exit ${opened}`),
          onTimeout: () => goTo('closed'),
          on(message, opened) {
            if (message === 'knock') return stay(opened + 100);
            return message === 'open' ? goTo('open') : goTo('closed', 0);
          },
        },
        locked: { on: () => stay() },
      },
    });
  const door = system.spawn(props<Message>(create), 'door');
  const say = async (...messages: Message[]) => {
    for (const message of messages) door.tell(message);
    await settle();
  };
  return { clock, system, door, seen, say };
}

it('moves between states with its data, and leaves a state with the data of that state', async () => {
  const { say, seen } = setup();
  await say('open', 'knock', 'close', 'lock', 'open');
  expect(seen).toEqual(['closed>open 1', 'enter', 'exit 101', 'open>closed 0', 'closed>locked 0']);
});

it('leaves a state after its timeout, counted from the last entry', async () => {
  const { clock, say, seen } = setup();
  await say('open');
  clock.advance(900);
  await say('knock');
  clock.advance(50);
  await say('open');
  seen.length = 0;
  clock.advance(999);
  await settle();
  expect(seen).toEqual([]);
  clock.advance(1);
  await settle();
  expect(seen).toEqual(['exit 101', 'open>closed 101']);
});

it('cancels the timeout of a state that it leaves, even one that waits in the mailbox', async () => {
  const { clock, say, seen, door } = setup();
  await say('open');
  door.tell('close');
  door.tell('open');
  clock.advance(1_000);
  await settle();
  expect(seen.at(-1)).toBe('enter');
  expect(clock.pending).toBe(1);
});

it('reports unhandled messages, stops on request, and starts again at its first state after a failure', async () => {
  const { clock, system, say, seen } = setup();
  await say('open', 'close', 'knock');
  expect(system.counters().events.unhandled).toBe(1);
  await say('jam');
  clock.advance(1_000);
  await settle();
  await say('open');
  expect(seen.slice(-2)).toEqual(['closed>open 1', 'enter']);
  await say('close', 'burn');
  expect(system.inspect()).toEqual([]);
});

it('refuses a timeout without a handler', () => {
  expect(() =>
    stateMachine<'a', number, string>({
      initial: 'a',
      data: 0,
      states: { a: { on: () => stay(), timeoutMs: 5 } },
    }),
  ).toThrow('states.a');
});

it.each([
  ['moves at the end of a watched actor', true, ['watching>alone stopped']],
  ['fails at the end of a watched actor without a handler for it', false, []],
])('%s', async (_title, handles, moves) => {
  const system = createActorSystem({ clock: new ManualClock() });
  const seen: string[] = [];
  const events: RuntimeEvent[] = [];
  system.onEvent((event) => void events.push(event));
  const target = system.spawn(
    props<'end'>(() => receive(() => actorStopped)),
    'target',
  );
  system.spawn(
    props<never>(
      () =>
        stateMachine<'watching' | 'alone', string, never>({
          initial: 'watching',
          data: '',
          onTransition: (from, to, data) => seen.push(`${from}>${to} ${data}`),
          states: {
            watching: {
              on: () => notHandled,
              onEnter: (_data, context) => context.watch(target),
              ...(handles && {
                onSignal: (signal) =>
                  signal.type === 'terminated' ? goTo('alone', signal.reason) : notHandled,
              }),
            },
            alone: { on: () => notHandled },
          },
        }),
      { restart: 'temporary' },
    ),
    'machine',
  );
  await settle();
  target.tell('end');
  await settle();
  expect(seen).toEqual(moves);
  expect(system.inspect().map(({ path }) => path)).toEqual(handles ? ['machine'] : []);
});
