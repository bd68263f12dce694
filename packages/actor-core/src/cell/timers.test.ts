import { describe, expect, it } from 'vitest';
import { localSystem } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import type { ActorContext } from '../actor/actor-context.ts';
import { receive, setup } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from './create-props.ts';

function timed(use: (context: ActorContext<string>) => void, seen: string[]): Props<string> {
  return props<string>(() =>
    setup((context) => {
      use(context);
      return receive((message) => {
        seen.push(message);
        if (message === 'cancel') context.cancelTimer('t');
        if (message === 'boom') throw new Error('boom');
      });
    }),
  );
}

describe('timers', () => {
  it('deliver once, or at each interval', async () => {
    const { system, clock } = localSystem();
    const seen: string[] = [];
    system.spawn(
      timed((context) => {
        context.setTimer('a', 100, 'once');
        context.setInterval('b', 40, 'tick');
      }, seen),
    );
    await advance(clock, 130, 10);
    expect(seen).toEqual(['tick', 'tick', 'once', 'tick']);
  });

  it('give a slow actor one message at a time, not a backlog', async () => {
    const { system, clock } = localSystem();
    const seen: string[] = [];
    system.spawn(timed((context) => context.setInterval('t', 10, 'tick'), seen));
    await settle();
    clock.advance(1_000);
    await settle();
    expect(seen).toEqual(['tick']);
  });

  it('are not delivered once cancelled, even when their message already waits', async () => {
    const { system, clock } = localSystem();
    const seen: string[] = [];
    const actor = system.spawn(timed((context) => context.setTimer('t', 10, 'late'), seen));
    await settle();
    actor.tell('cancel');
    clock.advance(10);
    await settle();
    expect(seen).toEqual(['cancel']);
  });

  it('end with their incarnation', async () => {
    const { system, clock } = localSystem();
    const seen: string[] = [];
    let lives = 0;
    const actor = system.spawn(
      timed((context) => {
        if (++lives === 1) context.setTimer('t', 50, 'from the first life');
      }, seen),
    );
    actor.tell('boom');
    await advance(clock, 500);
    expect(lives).toBe(2);
    expect(seen).toEqual(['boom']);
  });
});

describe('a receive timeout', () => {
  it('arrives after each idle time, and not while messages arrive', async () => {
    const { system, clock } = localSystem();
    const seen: string[] = [];
    const actor = system.spawn(
      props<string>(() =>
        setup((context) => {
          context.setReceiveTimeout(100, 'idle');
          return receive((message) => {
            seen.push(message);
            if (message === 'enough') context.cancelReceiveTimeout();
          });
        }),
      ),
    );
    await settle();
    for (let i = 0; i < 5; i++) {
      actor.tell('x');
      await advance(clock, 60, 10);
    }
    expect(seen.filter((message) => message === 'idle')).toEqual([]);
    await advance(clock, 160, 10);
    expect(seen.filter((message) => message === 'idle')).toHaveLength(2);
    actor.tell('enough');
    await advance(clock, 500, 10);
    expect(seen.filter((message) => message === 'idle')).toHaveLength(2);
  });
});

describe('a receive timeout of an actor that awaits', () => {
  it('begins when its handler has settled', async () => {
    const { system, clock } = localSystem();
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    const actor = system.spawn(
      props<string>(() =>
        setup((context) => {
          context.setReceiveTimeout(100, 'idle');
          return receive((message) => {
            seen.push(message);
            return message === 'work' ? gate.promise : undefined;
          });
        }),
      ),
    );
    actor.tell('work');
    await advance(clock, 350, 10);
    gate.resolve();
    await advance(clock, 90, 10);
    expect(seen).toEqual(['work']);
    await advance(clock, 20, 10);
    expect(seen).toEqual(['work', 'idle']);
  });
});

describe('a timer that its own message sets again', () => {
  it('continues with the message that was set last', async () => {
    const { system, clock } = localSystem();
    const seen: string[] = [];
    system.spawn(
      props<string>(() =>
        setup((context) => {
          context.setInterval('t', 10, 'tick');
          return receive((message) => {
            seen.push(`${message}@${clock.now()}`);
            if (seen.length === 2) context.setTimer('t', 30, 'last');
          });
        }),
      ),
    );
    await advance(clock, 200, 10);
    expect(seen).toEqual(['tick@10', 'tick@20', 'last@50']);
  });
});
