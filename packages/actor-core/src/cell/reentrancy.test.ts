import { describe, expect, it } from 'vitest';
import { DeadlockError } from '../errors.ts';
import { settle } from '../testing/settle.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { ActorSystem } from '../actor/actor-system.ts';
import { receive, stopped } from '../actor/behaviour.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import { props } from './create-props.ts';

type Message = 'slow' | 'closed' | 'get' | 'get-slowly' | 'set' | 'fail' | 'bye';

/** `slow` lets in all but `set` while it waits for `finish`; `closed` lets nothing in. */
function start(): {
  system: ActorSystem;
  ref: ActorRef<Message>;
  seen: string[];
  finish: (name: string) => Promise<void>;
} {
  const system = createActorSystem();
  const seen: string[] = [];
  const gates = new Map<string, () => void>();
  const gate = (name: string) => new Promise<void>((resolve) => void gates.set(name, resolve));
  const ref = system.spawn(
    props<Message>(() =>
      receive(async (message, context) => {
        seen.push(message);
        if (message === 'fail') throw new Error('asked to');
        if (message === 'bye') return stopped;
        if (message !== 'slow' && message !== 'closed' && message !== 'get-slowly') return undefined;
        if (message === 'slow') context.allowReentrancy((next) => next !== 'set');
        await gate(message);
        seen.push(`${message} done`);
        return undefined;
      }),
    ),
    'it',
  );
  const finish = async (name: string) => {
    gates.get(name)?.();
    await settle();
  };
  return { system, ref, seen, finish };
}

describe('a handler that allows reentrancy', () => {
  it('has the declared messages handled while it waits, and no others', async () => {
    const { ref, seen, finish } = start();
    for (const message of ['slow', 'set', 'get'] as const) ref.tell(message);
    await settle();
    ref.tell('get');
    await settle();
    expect(seen).toEqual(['slow', 'get', 'get']);
    await finish('slow');
    expect(seen).toEqual(['slow', 'get', 'get', 'slow done', 'set']);
  });

  it('allows no reentrancy for the next handler', async () => {
    const { ref, seen, finish } = start();
    ref.tell('slow');
    await settle();
    await finish('slow');
    for (const message of ['closed', 'get'] as const) ref.tell(message);
    await settle();
    expect(seen).toEqual(['slow', 'slow done', 'closed']);
    await finish('closed');
    expect(seen.slice(3)).toEqual(['closed done', 'get']);
  });

  it('keeps the actor busy until the reentrant handlers have settled too', async () => {
    const { ref, seen, finish } = start();
    for (const message of ['slow', 'get-slowly', 'set'] as const) ref.tell(message);
    await settle();
    await finish('slow');
    expect(seen).toEqual(['slow', 'get-slowly', 'slow done']);
    ref.tell('get');
    await settle();
    expect(seen).toHaveLength(3);
    await finish('get-slowly');
    expect(seen.slice(3)).toEqual(['get-slowly done', 'set', 'get']);
  });

  it('is discarded when a reentrant handler fails', async () => {
    const { system, ref, seen, finish } = start();
    ref.tell('slow');
    await settle();
    ref.tell('fail');
    await settle();
    await finish('slow');
    expect(seen).toEqual(['slow', 'fail', 'slow done']);
    expect(system.inspect()[0]).toMatchObject({ state: 'restarting', lastFailure: 'Error: asked to' });
  });

  it('is finished before its actor stops itself in a reentrant handler', async () => {
    const { system, ref, seen, finish } = start();
    ref.tell('slow');
    ref.tell('bye');
    await settle();
    expect([...seen, system.inspect().length]).toEqual(['slow', 'bye', 1]);
    await finish('slow');
    expect(system.inspect()).toEqual([]);
  });

  it.each([
    ['answers', true, 'pong'],
    ['fails at once, not admitted,', false, DeadlockError.name],
  ])('%s a question that comes back to the one who waits', async (_title, admits, outcome) => {
    const system = createActorSystem();
    type Question = { readonly replyTo: ActorRef<string>; readonly depth: number };
    const back: ActorRef<Question> = system.spawn(
      props<Question>(() =>
        receive(async ({ replyTo }, context) => {
          const answer = await context
            .ask<Question, string>(front, (to) => ({ replyTo: to, depth: 1 }), { timeoutMs: 1_000 })
            .catch((error: Error) => error.name);
          replyTo.tell(answer);
        }),
      ),
    );
    const front: ActorRef<Question> = system.spawn(
      props<Question>(() =>
        receive(async ({ replyTo, depth }, context) => {
          if (depth === 1) return replyTo.tell('pong');
          if (admits) context.allowReentrancy((next) => next.depth === 1);
          replyTo.tell(
            await context.ask<Question, string>(back, (to) => ({ replyTo: to, depth: 0 }), {
              timeoutMs: 1_000,
            }),
          );
        }),
      ),
    );
    const answer = system.ask<Question, string>(front, (replyTo) => ({ replyTo, depth: 0 }), {
      timeoutMs: 2_000,
    });
    await settle();
    expect(await answer).toBe(outcome);
  });
});
