import { describe, expect, it } from 'vitest';
import {
  ActorNotFoundError,
  InvalidArgumentError,
  MailboxFullError,
  RequestTimeoutError,
} from '../errors.ts';
import { deadLetters, localSystem } from '../testing/local-system.ts';
import { settle } from '../testing/settle.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, stopped } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from './create-props.ts';

type Ask = { replyTo: ActorRef<string> };

const echo = (): Props<Ask> => props<Ask>(() => receive(({ replyTo }) => replyTo.tell('pong')));

describe('ask', () => {
  it('resolves with the reply', async () => {
    const { system } = localSystem();
    expect(
      await system.ask<Ask, string>(system.spawn(echo()), (replyTo) => ({ replyTo }), { timeoutMs: 100 }),
    ).toBe('pong');
  });

  it('rejects at its deadline, not before', async () => {
    const { system, clock } = localSystem();
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

  it('takes the first reply, and counts a second one as late', async () => {
    const { system, clock, events } = localSystem();
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
    expect(deadLetters(events)).toEqual(['late-answer']);
  });

  it('fails at once when the actor does not exist', async () => {
    const { system } = localSystem();
    const asked = system.ask<Ask, string>(system.refFor('n1', 'nobody'), (replyTo) => ({ replyTo }), {
      timeoutMs: 60_000,
    });
    await expect(asked).rejects.toBeInstanceOf(ActorNotFoundError);
  });

  it('fails at once when the actor ends with the question in its mailbox', async () => {
    const { system } = localSystem();
    const actor = system.spawn(props<Ask | 'stop'>(() => receive(() => stopped)));
    actor.tell('stop');
    await expect(
      system.ask<Ask | 'stop', string>(actor, (replyTo) => ({ replyTo }), { timeoutMs: 60_000 }),
    ).rejects.toBeInstanceOf(ActorNotFoundError);
  });

  it('fails at once when the mailbox is full', async () => {
    const { system } = localSystem();
    const actor = system.spawn(
      props<Ask | 'x'>(() => receive(() => undefined), { mailbox: { capacity: 1 } }),
    );
    actor.tell('x');
    await expect(
      system.ask<Ask | 'x', string>(actor, (replyTo) => ({ replyTo }), { timeoutMs: 60_000 }),
    ).rejects.toBeInstanceOf(MailboxFullError);
  });

  it('refuses a missing deadline', async () => {
    const { system } = localSystem();
    await expect(
      system.ask(system.spawn(echo()), (replyTo: ActorRef<string>) => ({ replyTo }), {
        timeoutMs: Number.NaN,
      }),
    ).rejects.toBeInstanceOf(InvalidArgumentError);
  });
});

describe('a cycle of questions', () => {
  type Question = { readonly of: ActorRef<Question> | undefined; readonly replyTo: ActorRef<string> };

  /** Two actors: a asks b, which waits for what it asks a in turn. */
  async function circle(isFirstWaiting: boolean): Promise<string> {
    const { system } = localSystem();
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

  it('is not a deadlock when the first actor does not wait', async () => {
    expect(await circle(false)).toBe('plain answer');
  });
});

describe('a stashed question', () => {
  it('fails at once when its actor ends before it answers', async () => {
    const { system } = localSystem();
    const actor = system.spawn(
      props<Ask | 'stop'>(() =>
        receive((message, context) => (message === 'stop' ? stopped : context.stash(message))),
      ),
    );
    const asked = system.ask<Ask | 'stop', string>(actor, (replyTo) => ({ replyTo }), { timeoutMs: 60_000 });
    await settle();
    actor.tell('stop');
    await expect(asked).rejects.toBeInstanceOf(ActorNotFoundError);
  });

  it('is answered once it is unstashed', async () => {
    const { system } = localSystem();
    const open = receive<Ask | 'open'>((message) => {
      if (message !== 'open') message.replyTo.tell('late');
    });
    const actor = system.spawn(
      props<Ask | 'open'>(() =>
        receive((message, context) => {
          if (message !== 'open') return context.stash(message);
          context.unstashAll();
          return open;
        }),
      ),
    );
    const asked = system.ask<Ask | 'open', string>(actor, (replyTo) => ({ replyTo }), { timeoutMs: 60_000 });
    await settle();
    actor.tell('open');
    expect(await asked).toBe('late');
  });
});

const selfish = (does: 'awaits' | 'goes on' | 'admits') =>
  props<Ask | 'plain'>(() =>
    receive((message, context) => {
      if (message === 'plain') return undefined;
      const { replyTo } = message;
      if ('isInner' in message) return replyTo.tell('inner');
      const asked = context.ask<Ask | 'plain', string>(
        context.self,
        (to) => ({ replyTo: to, isInner: true }) as Ask,
        { timeoutMs: 60_000 },
      );
      if (does === 'admits') context.allowReentrancy((one) => one !== 'plain');
      const answered = asked.then(
        (answer) => replyTo.tell(answer),
        (error: Error & { code: string }) => replyTo.tell(error.code),
      );
      return does === 'goes on' ? undefined : answered;
    }),
  );

describe('an actor that asks itself', () => {
  it.each([
    ['awaits', 'deadlock'],
    ['goes on', 'inner'],
    ['admits', 'inner'],
  ] as const)('and %s gets %s', async (does, outcome) => {
    const { system } = localSystem();
    const actor = system.spawn(selfish(does));
    const asked = system.ask<Ask | 'plain', string>(actor, (replyTo) => ({ replyTo }), { timeoutMs: 60_000 });
    expect(await asked).toBe(outcome);
  });
});
