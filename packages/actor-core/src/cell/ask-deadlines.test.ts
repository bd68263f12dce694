import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';
import type { ManualClock } from '../testing/manual-clock.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestNode } from '../testing/test-node.ts';
import type { ActorContext } from '../actor/actor-context.ts';
import type { AskOptions } from '../actor/ask-options.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import type { Behaviour, Next } from '../actor/actor-context.ts';
import { props } from './create-props.ts';
import { tableSizes } from '../system/local-system.ts';

interface Question {
  readonly text: string;
  readonly replyTo: ActorRef<string>;
}
const protocol: z.ZodType<Question> = z.object({ text: z.string(), replyTo: actorRefSchema<string>() });

type Handle = (
  question: Question,
  context: ActorContext<Question>,
) => Next<Question> | Promise<Next<Question>>;

interface Setup {
  readonly clock: ManualClock;
  readonly near: TestNode;
  readonly far: TestNode;
  /** Spawns an actor on the node `where` that handles questions by `handle`. */
  readonly start: (handle: Handle, name?: string) => ActorRef<Question>;
  readonly ask: (target: ActorRef<Question>, text: string, options: AskOptions<string>) => Promise<string>;
}

async function setup(where: 'local' | 'remote'): Promise<Setup> {
  const hub = createTestHub();
  const [near, far] = [createTestNode(hub, { nodeId: 'near' }), createTestNode(hub, { nodeId: 'far' })];
  await settle();
  const home = where === 'local' ? near : far;
  return {
    clock: hub.clock,
    near,
    far: home,
    start: (handle, name = 'it') => {
      const create = (): Behaviour<Question> => receive(handle);
      const ref = home.system.spawn(props<Question>(create, { protocol }), name);
      return where === 'local' ? ref : near.system.refFor('far', name);
    },
    ask: (target, text, options) => near.system.ask(target, (replyTo) => ({ text, replyTo }), options),
  };
}

const codeOf = (asked: Promise<string>): Promise<string> =>
  asked.catch((error: Error & { code: string }) => error.code);

describe.each(['local', 'remote'] as const)('a question to a %s actor', (where) => {
  it('whose answer arrives twice, or after the deadline, is answered once, and the other answers are counted', async () => {
    const { clock, near, start, ask } = await setup(where);
    const kept: ActorRef<string>[] = [];
    const target = start(({ replyTo }) => void kept.push(replyTo));
    const first = ask(target, 'a', { timeoutMs: 100 });
    const second = codeOf(ask(target, 'b', { timeoutMs: 100 }));
    await settle();
    kept[0]?.tell('one');
    kept[0]?.tell('two');
    await settle();
    expect(await first).toBe('one');
    await advance(clock, 100);
    expect(await second).toBe('request-timeout');
    kept[1]?.tell('late');
    await settle();
    expect(near.system.counters().deadLetters['late-answer']).toBe(2);
  });

  it('that has expired in the mailbox is not started, and is counted', async () => {
    const { clock, far, start, ask } = await setup(where);
    const gate = Promise.withResolvers<void>();
    const begun: string[] = [];
    const target = start(async ({ text }) => {
      begun.push(text);
      if (text === 'long') await gate.promise;
    });
    void codeOf(ask(target, 'long', { timeoutMs: 60_000 }));
    const short = codeOf(ask(target, 'short', { timeoutMs: 100 }));
    void codeOf(ask(target, 'patient', { timeoutMs: 60_000 }));
    await advance(clock, 200);
    expect(await short).toBe('request-timeout');
    gate.resolve();
    await settle();
    expect(begun).toEqual(['long', 'patient']);
    expect(far.system.counters().deadLetters.expired).toBe(1);
    expect(far.system.inspect()[0]?.processed).toBe(2);
  });

  it('that is cancelled fails at once with the reason as its cause, and is not started', async () => {
    const { far, near, start, ask } = await setup(where);
    const gate = Promise.withResolvers<void>();
    const begun: string[] = [];
    const target = start(async ({ text }) => {
      begun.push(text);
      await gate.promise;
    });
    void codeOf(ask(target, 'first', { timeoutMs: 60_000 }));
    const controller = new AbortController();
    const asked = ask(target, 'second', { timeoutMs: 60_000, signal: controller.signal });
    await settle();
    controller.abort(new Error('no longer needed'));
    await expect(asked).rejects.toMatchObject({
      code: 'ask-cancelled',
      cause: { message: 'no longer needed' },
    });
    await settle();
    gate.resolve();
    await settle();
    expect(begun).toEqual(['first']);
    expect(far.system.counters().deadLetters.expired).toBe(1);
    await expect(ask(target, 'third', { timeoutMs: 1, signal: controller.signal })).rejects.toMatchObject({
      code: 'ask-cancelled',
    });
    expect(tableSizes(near.system).deadlines).toBe(1);
  });

  it('leaves no listener on the signal when it is answered', async () => {
    const { start, ask } = await setup(where);
    const target = start(({ replyTo }) => replyTo.tell('yes'));
    const { signal } = new AbortController();
    expect(await ask(target, 'q', { timeoutMs: 100, signal })).toBe('yes');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('shows its handler the deadline, and gives the questions of the handler at most the remaining time', async () => {
    const { clock, far, start, ask } = await setup(where);
    const seen: (number | undefined)[] = [];
    const mute = far.system.spawn(
      props<Question>(() =>
        receive(({ text }, { deadline }) => {
          seen.push(deadline);
          expect(text).toBe('inner');
        }),
      ),
      'mute',
    );
    const outcomes: string[] = [];
    const target = start(async ({ text }, context) => {
      seen.push(context.deadline);
      const inheritDeadline = text !== 'own';
      const timeoutMs = text === 'short' ? 10 : 60_000;
      const asked = context.ask<Question, string>(mute, (replyTo) => ({ text: 'inner', replyTo }), {
        timeoutMs,
        inheritDeadline,
      });
      outcomes.push(`${text} ${await codeOf(asked)} at ${clock.now()}`);
    });
    const begin = clock.now();
    for (const text of ['rest', 'short', 'own']) {
      void codeOf(ask(target, text, { timeoutMs: 500 }));
      await settle();
      await advance(clock, text === 'own' ? 60_000 : 500, 100);
    }
    expect(seen).toEqual([500, 500, 1_000, 510, 1_500, 61_000].map((ms) => begin + ms));
    expect(outcomes).toEqual([
      `rest request-timeout at ${begin + 500}`,
      `short request-timeout at ${begin + 600}`,
      `own request-timeout at ${begin + 61_000}`,
    ]);
  });
});

it('gives no deadline to messages that do not follow from a question', async () => {
  const { clock, near, start } = await setup('local');
  const seen: (number | undefined)[] = [];
  const target = start((_, context) => {
    seen.push(context.deadline);
    context.setTimer('later', 10, { text: 'timer', replyTo: near.system.refFor('near', 'nobody') });
  });
  target.tell({ text: 'told', replyTo: near.system.refFor('near', 'nobody') });
  await advance(clock, 15, 5);
  expect(seen).toEqual([undefined, undefined]);
});

it('keeps one deadline of any length for each question, and none that is over', async () => {
  const { clock, near, start } = await setup('local');
  const mute = start(() => undefined, 'mute');
  const asking = start(async ({ text }, context) => {
    for (let n = 0; n < 500; n++) {
      const asked = context.ask<Question, string>(
        text === 'mute' ? mute : context.self,
        (replyTo) => ({ text: 'inner', replyTo }),
        { timeoutMs: 60_000 },
      );
      void asked.catch(() => undefined);
    }
  });
  const outcome = codeOf(
    near.system.ask<Question, string>(asking, (replyTo) => ({ text: 'mute', replyTo }), { timeoutMs: 100 }),
  );
  await settle();
  expect(tableSizes(near.system).deadlines).toBe(501);
  await advance(clock, 100, 10);
  expect(await outcome).toBe('request-timeout');
  expect(tableSizes(near.system).deadlines).toBe(0);
});
