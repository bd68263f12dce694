import { describe, expect, it } from 'vitest';
import {
  ActorNotFoundError,
  InvalidArgumentError,
  MailboxFullError,
  RequestTimeoutError,
  SystemStoppedError,
} from '../errors.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { advance, settle } from '../testing/settle.ts';
import type { ActorContext } from './actor-context.ts';
import type { ActorRef } from './actor-ref.ts';
import type { ActorSystem } from './actor-system.ts';
import { type Behaviour, receive, same, setup, stopped, unhandled } from './behaviour.ts';
import { createActorSystem } from './create-actor-system.ts';
import { type Props, props } from './props.ts';
import type { RuntimeEvent } from './runtime-event.ts';

function start(): { system: ActorSystem; clock: ManualClock; events: RuntimeEvent[] } {
  const clock = new ManualClock();
  const system = createActorSystem({ clock, nodeId: 'n1', incarnation: 7 });
  const events: RuntimeEvent[] = [];
  system.onEvent((event) => void events.push(event));
  return { system, clock, events };
}

function deadLetters(events: RuntimeEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'dead-letter' ? [event.reason] : []));
}

type Ask = { replyTo: ActorRef<string> };

/** Remembers what it is told. */
function recorder<M>(seen: M[]): Props<M> {
  return props<M>(() => receive((message) => void seen.push(message)));
}

const echo = (): Props<Ask> => props<Ask>(() => receive(({ replyTo }) => replyTo.tell('pong')));

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

function watcher(targets: ActorRef<never>[], seen: string[]): Props<'unwatch'> {
  return props<'unwatch'>(() =>
    setup((context) => {
      for (const target of targets) {
        context.watch(target);
        context.watch(target);
      }
      return receive(
        () => targets.forEach((target) => context.unwatch(target)),
        (signal) => {
          if (signal.type === 'terminated') seen.push(`${signal.ref.address.path} ${signal.reason}`);
        },
      );
    }),
  );
}

describe('messages', () => {
  it('arrive in the order they were sent, control first', async () => {
    const { system } = start();
    const seen: string[] = [];
    const actor = system.spawn(recorder(seen));
    actor.tell('a');
    actor.tell('b');
    actor.tell('stop', { lane: 'control' });
    await settle();
    expect(seen).toEqual(['stop', 'a', 'b']);
  });

  it('wait while an asynchronous handler runs', async () => {
    const { system } = start();
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

  it('change the behaviour they are handled by', async () => {
    const { system, events } = start();
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
    const { system, events } = start();
    const actor = system.spawn(
      props<number>(() => receive(() => new Promise<never>(() => {})), { mailbox: { capacity: 2 } }),
    );
    actor.tell(0);
    await settle();
    for (let i = 1; i <= 5; i++) actor.tell(i);
    expect(deadLetters(events)).toEqual(['mailbox-full', 'mailbox-full', 'mailbox-full']);
    expect(system.inspect()[0]?.mailboxDepth).toBe(2);
  });

  it('to an actor that has ended become dead letters, those in its mailbox too', async () => {
    const { system, events } = start();
    const actor = system.spawn(props<string>(() => receive(() => stopped)));
    actor.tell('stop');
    actor.tell('late');
    await settle();
    actor.tell('later');
    expect(deadLetters(events)).toEqual(['no-such-actor', 'no-such-actor']);
  });

  it('let other actors and the event loop run between the turns of a busy one', async () => {
    const { system } = start();
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

describe('ask', () => {
  it('resolves with the reply', async () => {
    const { system } = start();
    expect(
      await system.ask<Ask, string>(system.spawn(echo()), (replyTo) => ({ replyTo }), { timeoutMs: 100 }),
    ).toBe('pong');
  });

  it('rejects at its deadline, not before', async () => {
    const { system, clock } = start();
    const mute = system.spawn(
      props<Ask>(() => receive(() => undefined)),
      'mute',
    );
    let outcome: unknown = 'pending';
    system
      .ask<Ask, string>(mute, (replyTo) => ({ replyTo }), { timeoutMs: 1_000 })
      .catch((error: unknown) => {
        outcome = error;
      });
    await settle();
    clock.advance(999);
    await settle();
    expect(outcome).toBe('pending');
    clock.advance(1);
    await settle();
    expect(outcome).toBeInstanceOf(RequestTimeoutError);
  });

  it('ignores a second reply and one after the deadline', async () => {
    const { system, clock, events } = start();
    let replyTo: ActorRef<string> | undefined;
    const keeper = system.spawn(
      props<Ask>(() =>
        receive((message) => {
          replyTo = message.replyTo;
        }),
      ),
    );
    const asked = system.ask<Ask, string>(keeper, (to) => ({ replyTo: to }), { timeoutMs: 10 });
    await settle();
    replyTo?.tell('one');
    replyTo?.tell('two');
    expect(await asked).toBe('one');
    clock.advance(20);
    expect(events).toEqual([]);
  });

  it('fails at once when the actor is not there', async () => {
    const { system } = start();
    const asked = system.ask<Ask, string>(system.refFor('n1', 'nobody'), (replyTo) => ({ replyTo }), {
      timeoutMs: 60_000,
    });
    await expect(asked).rejects.toBeInstanceOf(ActorNotFoundError);
  });

  it('fails at once when the actor ends with the question in its mailbox', async () => {
    const { system } = start();
    const actor = system.spawn(props<Ask | 'stop'>(() => receive(() => stopped)));
    actor.tell('stop');
    await expect(
      system.ask<Ask | 'stop', string>(actor, (replyTo) => ({ replyTo }), { timeoutMs: 60_000 }),
    ).rejects.toBeInstanceOf(ActorNotFoundError);
  });

  it('fails at once when the mailbox is full', async () => {
    const { system } = start();
    const actor = system.spawn(
      props<Ask | 'x'>(() => receive(() => undefined), { mailbox: { capacity: 1 } }),
    );
    actor.tell('x');
    await expect(
      system.ask<Ask | 'x', string>(actor, (replyTo) => ({ replyTo }), { timeoutMs: 60_000 }),
    ).rejects.toBeInstanceOf(MailboxFullError);
  });

  it('refuses a missing deadline', async () => {
    const { system } = start();
    await expect(
      system.ask(system.spawn(echo()), (replyTo: ActorRef<string>) => ({ replyTo }), {
        timeoutMs: Number.NaN,
      }),
    ).rejects.toBeInstanceOf(InvalidArgumentError);
  });
});

describe('timers', () => {
  it('deliver once, or again and again', async () => {
    const { system, clock } = start();
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

  it('give a slow actor one tick, not a backlog', async () => {
    const { system, clock } = start();
    const seen: string[] = [];
    system.spawn(timed((context) => context.setInterval('t', 10, 'tick'), seen));
    await settle();
    clock.advance(1_000);
    await settle();
    expect(seen).toEqual(['tick']);
  });

  it('are not seen once cancelled, even when their message already waits', async () => {
    const { system, clock } = start();
    const seen: string[] = [];
    const actor = system.spawn(timed((context) => context.setTimer('t', 10, 'late'), seen));
    await settle();
    actor.tell('cancel');
    clock.advance(10);
    await settle();
    expect(seen).toEqual(['cancel']);
  });

  it('end with their incarnation', async () => {
    const { system, clock } = start();
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

describe('an incarnation', () => {
  it('aborts its signal when it ends and its late results are ignored', async () => {
    const { system, clock } = start();
    const aborted: string[] = [];
    const values: string[] = [];
    const gates = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const actor = system.spawn(
      props<string>(() =>
        setup((context) => {
          context.signal.addEventListener('abort', () => aborted.push(`life ${context.incarnation}`));
          context.pipeToSelf(
            (gates[context.incarnation - 1] as (typeof gates)[0]).promise,
            (value) => value,
            String,
          );
          return receive((message) => {
            if (message === 'boom') throw new Error('boom');
            values.push(message);
          });
        }),
      ),
    );
    actor.tell('boom');
    await advance(clock, 200);
    gates[0]?.resolve('old');
    gates[1]?.resolve('new');
    await settle();
    expect(aborted).toEqual(['life 1']);
    expect(values).toEqual(['new']);
  });

  it('that is killed while it awaits is replaced, its mailbox dropped, its result ignored', async () => {
    const { system, clock, events } = start();
    const { promise, resolve } = Promise.withResolvers<Behaviour<string>>();
    const seen: string[] = [];
    let child: ActorRef<string> | undefined;
    const parent = system.spawn(
      props<string>(() =>
        setup((context) => {
          child = context.spawn(
            props<string>(() =>
              receive((message, { incarnation }) => {
                seen.push(`${message}@${incarnation}`);
                return message === 'hang' ? promise : same;
              }),
            ),
            'child',
          );
          return receive(() => context.kill(child as ActorRef<never>));
        }),
      ),
    );
    await settle();
    child?.tell('hang');
    child?.tell('queued');
    await settle();
    parent.tell('kill');
    await advance(clock, 200);
    resolve(stopped);
    await settle();
    child?.tell('next');
    await settle();
    expect(seen).toEqual(['hang@1', 'next@2']);
    expect(deadLetters(events)).toEqual(['no-such-actor']);
  });

  it('keeps its mailbox through a restart, both lanes', async () => {
    const { system, clock } = start();
    const seen: string[] = [];
    const actor = system.spawn(
      props<string>(() =>
        receive((message) => {
          if (message === 'boom') throw new Error('boom');
          seen.push(message);
        }),
      ),
    );
    actor.tell('boom', { lane: 'control' });
    actor.tell('control', { lane: 'control' });
    actor.tell('data');
    await advance(clock, 200);
    expect(seen).toEqual(['control', 'data']);
  });
});

describe('a system', () => {
  it('stops children in reverse start order, parents after their children', async () => {
    const { system } = start();
    const ended: string[] = [];
    const tree = (name: string, children: string[]): Props<never> =>
      props<never>(() =>
        setup((context) => {
          for (const child of children) context.spawn(tree(`${name}/${child}`, []), child);
          return receive<never>(
            () => undefined,
            (signal) => {
              if (signal.type === 'post-stop') ended.push(name);
            },
          );
        }),
      );
    system.spawn(tree('a', ['x', 'y']), 'a');
    system.spawn(tree('b', []), 'b');
    await settle();
    await system.shutdown();
    expect(ended).toEqual(['b', 'a/y', 'a/x', 'a']);
    expect(await system.terminated).toBeUndefined();
    expect(() => system.spawn(tree('c', []))).toThrow(SystemStoppedError);
  });

  it('kills a child that does not stop within its deadline', async () => {
    const { system, clock, events } = start();
    const stubborn = system.spawn(
      props<string>(() => receive(() => new Promise<never>(() => {}))),
      'stubborn',
    );
    stubborn.tell('hang');
    await settle();
    const down = system.shutdown();
    await advance(clock, 5_000, 500);
    await down;
    expect(events).toContainEqual({ type: 'stopped', path: 'stubborn', reason: 'killed' });
  });

  it('finishes the message in hand before it stops an actor', async () => {
    const { system } = start();
    const { promise, resolve } = Promise.withResolvers<void>();
    const trace: string[] = [];
    const actor = system.spawn(
      props<string>(() =>
        receive(
          async () => {
            await promise;
            trace.push('handled');
          },
          (signal) => void trace.push(signal.type),
        ),
      ),
    );
    actor.tell('work');
    await settle();
    const gone = system.stop(actor);
    await settle();
    expect(trace).toEqual([]);
    resolve();
    await gone;
    expect(trace).toEqual(['handled', 'post-stop']);
  });

  it('reaches the actor that has the path now by a well-known ref', async () => {
    const { system } = start();
    const ref = system.refFor<string>('n1', 'late');
    const seen: string[] = [];
    ref.tell('too early');
    system.spawn(recorder(seen), 'late');
    ref.tell('in time');
    await settle();
    expect(seen).toEqual(['in time']);
  });

  it.each(['', '$x', 'a/b', 'x'.repeat(257)])('refuses %j as a name', (name) => {
    const { system } = start();
    expect(() => system.spawn(recorder([]), name)).toThrow(InvalidArgumentError);
  });

  it('refuses a name that is taken', () => {
    const { system } = start();
    system.spawn(recorder([]), 'a');
    expect(() => system.spawn(recorder([]), 'a')).toThrow(InvalidArgumentError);
  });
});

describe('watching', () => {
  it('tells each end exactly once, with its reason', async () => {
    const { system, clock } = start();
    const seen: string[] = [];
    const ends = system.spawn(
      props<string>(() => receive(() => stopped)),
      'ends',
    );
    const fails = system.spawn(
      props<string>(
        () =>
          receive(() => {
            throw new Error('boom');
          }),
        { restart: 'temporary' },
      ),
      'fails',
    );
    const stays = system.spawn(recorder<string>([]), 'stays');
    system.spawn(
      watcher([ends, fails, stays, system.refFor('n1', 'nobody'), system.refFor('far', 'away')], seen),
      'watcher',
    );
    await settle();
    ends.tell('go');
    fails.tell('go');
    await settle();
    await system.stop(stays);
    await advance(clock, 1_000);
    expect(seen.toSorted()).toEqual([
      'away node-down',
      'ends stopped',
      'fails failed',
      'nobody not-found',
      'stays stopped',
    ]);
  });

  it('says nothing of a restart', async () => {
    const { system, clock } = start();
    const seen: string[] = [];
    const fails = system.spawn(
      props<string>(() =>
        receive(() => {
          throw new Error('boom');
        }),
      ),
      'fails',
    );
    system.spawn(watcher([fails], seen));
    await settle();
    fails.tell('go');
    await advance(clock, 1_000);
    expect(seen).toEqual([]);
  });

  it('says nothing more once taken back, even when the notice already waits', async () => {
    const { system } = start();
    const seen: string[] = [];
    const ends = system.spawn(
      props<string>(() => receive(() => stopped)),
      'ends',
    );
    const watching = system.spawn(watcher([ends], seen));
    await settle();
    ends.tell('go');
    watching.tell('unwatch');
    await settle();
    expect(seen).toEqual([]);
  });

  it('comes after what the watched actor sent before', async () => {
    const { system } = start();
    const seen: string[] = [];
    system.spawn(
      props<string>(() =>
        setup((context) => {
          const child = context.spawn(
            props<string>(() =>
              receive(() => {
                context.self.tell('last words');
                return stopped;
              }),
            ),
          );
          context.watch(child);
          child.tell('go');
          return receive(
            (message) => void seen.push(message),
            (signal) => void seen.push(signal.type),
          );
        }),
      ),
    );
    await settle();
    expect(seen).toEqual(['last words', 'terminated']);
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
    const { system } = start();
    const seen: string[] = [];
    const actor = system.spawn(opening(seen));
    for (const message of ['a', 'b', 'open', 'c']) actor.tell(message);
    await settle();
    expect(seen).toEqual(['a@1', 'b@1', 'c@1']);
  });

  it('passes to the next incarnation', async () => {
    const { system, clock } = start();
    const seen: string[] = [];
    const actor = system.spawn(opening(seen));
    for (const message of ['a', 'b', 'boom']) actor.tell(message);
    await settle();
    actor.tell('open', { lane: 'control' });
    await advance(clock, 200);
    expect(seen).toEqual(['a@2', 'b@2']);
  });

  it('is bounded', async () => {
    const { system } = start();
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

describe('a receive timeout', () => {
  it('comes after silence, again after more of it, and not while messages come', async () => {
    const { system, clock } = start();
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

describe('a circle of questions', () => {
  type Question = { readonly of: ActorRef<Question> | undefined; readonly replyTo: ActorRef<string> };

  /** Two actors: a asks b, which waits for what it asks a in turn. */
  async function circle(isFirstWaiting: boolean): Promise<string> {
    const { system } = start();
    const waits = props<Question>(() =>
      receive(async ({ of, replyTo }, context) => {
        const asked = context.ask<Question, string>(
          of as ActorRef<Question>,
          (to) => ({ of: undefined, replyTo: to }),
          { timeoutMs: 60_000 },
        );
        replyTo.tell(await asked.catch((error: Error & { code: string }) => error.code));
      }),
    );
    const first = props<Question>(() =>
      receive(({ of, replyTo }, context) => {
        if (of === undefined) return replyTo.tell('plain answer');
        const asked = context.ask<Question, string>(of, (to) => ({ of: context.self, replyTo: to }), {
          timeoutMs: 60_000,
        });
        const answered = asked.then((answer) => replyTo.tell(answer));
        return isFirstWaiting ? answered : undefined;
      }),
    );
    const [a, b] = [system.spawn(first), system.spawn(waits)];
    return system.ask<Question, string>(a, (replyTo) => ({ of: b, replyTo }), { timeoutMs: 60_000 });
  }

  it('fails at once instead of hanging until a deadline', async () => {
    expect(await circle(true)).toBe('deadlock');
  });

  it('is none when the first does not wait', async () => {
    expect(await circle(false)).toBe('plain answer');
  });
});
