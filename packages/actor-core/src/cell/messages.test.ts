import { describe, expect, it } from 'vitest';
import { deadLetters, localSystem, recorder } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import { receive, same, setup, stopped, unhandled } from '../actor/behaviour.ts';
import type { Behaviour } from '../actor/actor-context.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from './create-props.ts';

describe('messages', () => {
  it('arrive in the order they were sent, control first', async () => {
    const { system } = localSystem();
    const seen: string[] = [];
    const actor = system.spawn(recorder(seen));
    actor.tell('a');
    actor.tell('b');
    actor.tell('stop', { lane: 'control' });
    await settle();
    expect(seen).toEqual(['stop', 'a', 'b']);
  });

  it('wait while an asynchronous handler runs', async () => {
    const { system } = localSystem();
    const seen: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const actor = system.spawn(
      props<string>(() =>
        receive(async (message) => {
          seen.push(`${message}-begin`);
          await promise;
          seen.push(`${message}-end`);
        }),
      ),
      'slow',
    );
    actor.tell('a');
    actor.tell('b');
    await settle();
    expect(seen).toEqual(['a-begin']);
    expect(system.inspect()[0]).toMatchObject({ state: 'busy', mailboxDepth: 1 });
    resolve();
    await settle();
    expect(seen).toEqual(['a-begin', 'a-end', 'b-begin', 'b-end']);
  });

  it('are handled by the behaviour that the previous message left', async () => {
    const { system, events } = localSystem();
    const seen: string[] = [];
    const closed = (): Behaviour<string> => receive((message) => (message === 'open' ? open() : unhandled));
    const open = (): Behaviour<string> =>
      receive((message) => {
        if (message === 'close') return closed();
        seen.push(message);
        return same;
      });
    const actor = system.spawn(props(open), 'door');
    for (const message of ['a', 'close', 'b', 'open', 'c']) actor.tell(message);
    await settle();
    expect(seen).toEqual(['a', 'c']);
    expect(events).toEqual([{ type: 'unhandled', path: 'door' }]);
  });

  it('to a full mailbox become dead letters, and the bound holds', async () => {
    const { system, events } = localSystem();
    const actor = system.spawn(
      props<number>(() => receive(() => new Promise<never>(() => {})), { mailbox: { capacity: 2 } }),
    );
    actor.tell(0);
    await settle();
    for (let i = 1; i <= 5; i++) actor.tell(i);
    expect(deadLetters(events)).toEqual(['mailbox-full', 'mailbox-full', 'mailbox-full']);
    expect(system.inspect()[0]?.mailboxDepth).toBe(2);
  });

  it('to an actor that has ended become dead letters, also those in its mailbox', async () => {
    const { system, events } = localSystem();
    const actor = system.spawn(props<string>(() => receive(() => stopped)));
    actor.tell('stop');
    actor.tell('late');
    await settle();
    actor.tell('later');
    expect(deadLetters(events)).toEqual(['no-such-actor', 'no-such-actor']);
  });

  it('let other actors and the event loop run between the turns of a busy one', async () => {
    const { system } = localSystem();
    let turns = 0;
    const actor = system.spawn(
      props<string>(() =>
        setup((context) =>
          receive(() => {
            turns++;
            context.self.tell('again');
          }),
        ),
      ),
    );
    const seen: string[] = [];
    const other = system.spawn(recorder(seen));
    actor.tell('go');
    other.tell('hello');
    await settle();
    expect(seen).toEqual(['hello']);
    expect(turns).toBeGreaterThan(100);
    await system.shutdown();
  });
});

const opening = (seen: string[]): Props<string> =>
  props<string>(() =>
    setup((context) => {
      const open = receive<string>((message) => void seen.push(`${message}@${context.incarnation}`));
      return receive((message) => {
        if (message === 'boom') throw new Error('boom');
        if (message !== 'open') {
          context.stash(message);
          return same;
        }
        context.unstashAll();
        return open;
      });
    }),
  );

describe('a stash', () => {
  it('returns messages to the front of the mailbox, in order', async () => {
    const { system } = localSystem();
    const seen: string[] = [];
    const actor = system.spawn(opening(seen));
    for (const message of ['a', 'b', 'open', 'c']) actor.tell(message);
    await settle();
    expect(seen).toEqual(['a@1', 'b@1', 'c@1']);
  });

  it('passes to the next incarnation', async () => {
    const { system, clock } = localSystem();
    const seen: string[] = [];
    const actor = system.spawn(opening(seen));
    for (const message of ['a', 'b', 'boom']) actor.tell(message);
    await settle();
    actor.tell('open', { lane: 'control' });
    await advance(clock, 200);
    expect(seen).toEqual(['a@2', 'b@2']);
  });

  it('is bounded', async () => {
    const { system } = localSystem();
    const actor = system.spawn(
      props<string>(() => receive((message, context) => context.stash(message)), {
        mailbox: { capacity: 2 },
        restart: 'temporary',
      }),
    );
    for (let i = 0; i < 3; i++) {
      actor.tell('x');
      await settle();
    }
    expect(system.inspect()).toEqual([]);
  });
});
