import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';
import { settle } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { ActorSystem } from '../actor/actor-system.ts';
import { receive, setup } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from './create-props.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import { withTrace } from '../actor/trace-context.ts';

const one = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const other = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';

type Seen = (string | undefined)[];

/** Records the trace of each message. */
function noting(seen: Seen): Props<unknown> {
  return props(() => receive((_message, context) => void seen.push(context.trace)));
}

/** Forwards each message in the given way. */
function through(
  system: ActorSystem,
  pass: (context: { readonly tell: () => void; readonly trace: string | undefined }) => void | Promise<void>,
): { first: ActorRef<string>; seen: Seen } {
  const seen: Seen = [];
  const last = system.spawn(noting(seen));
  const first = system.spawn(
    props<string>(() =>
      receive((message, context) => pass({ tell: () => last.tell(message), trace: context.trace })),
    ),
  );
  return { first, seen };
}

describe('a trace', () => {
  it('goes from the current message to the messages that its handler sends, and no further', async () => {
    const { first, seen } = through(createActorSystem(), ({ tell }) => tell());
    first.tell('a', { trace: one });
    first.tell('b');
    first.tell('c', { trace: other });
    await settle();
    expect(seen).toEqual([one, undefined, other]);
  });

  it('stays the same after an await, whatever else runs meanwhile', async () => {
    const system = createActorSystem();
    const { first, seen } = through(system, async ({ tell }) => {
      await settle(2);
      tell();
    });
    const busy = through(system, ({ tell }) => tell());
    first.tell('a', { trace: one });
    busy.first.tell('b', { trace: other });
    busy.first.tell('c');
    await settle();
    expect([seen, busy.seen]).toEqual([[one], [other, undefined]]);
  });

  it('is set for all messages sent in withTrace, by tell and by ask', async () => {
    const system = createActorSystem();
    const seen: Seen = [];
    const answering = system.spawn(
      props<{ replyTo: ActorRef<string> }>(() =>
        receive(({ replyTo }, context) => {
          seen.push(context.trace);
          replyTo.tell('ok');
        }),
      ),
    );
    await withTrace(one, () =>
      system.ask<{ replyTo: ActorRef<string> }, string>(answering, (replyTo) => ({ replyTo }), {
        timeoutMs: 100,
      }),
    );
    withTrace(other, () => system.spawn(noting(seen)).tell('x'));
    await settle();
    expect(seen).toEqual([one, other]);
  });

  it('stays with a stashed message, and with a promise piped to self', async () => {
    const seen: [string, string | undefined][] = [];
    const ref = createActorSystem().spawn(
      props<string>(() =>
        setup((context) => {
          let aside = true;
          return receive((message) => {
            if (message === 'later' && aside) return context.stash(message);
            if (message === 'pipe') {
              context.pipeToSelf(Promise.resolve(), () => 'piped', String);
              return;
            }
            if (message === 'now') {
              aside = false;
              context.unstashAll();
            } else seen.push([message, context.trace]);
          });
        }),
      ),
    );
    ref.tell('later', { trace: one });
    ref.tell('pipe', { trace: other });
    ref.tell('now');
    await settle();
    expect(seen).toEqual([
      ['later', one],
      ['piped', other],
    ]);
  });

  it('is left out when it is not a W3C traceparent', async () => {
    const seen: Seen = [];
    const ref = createActorSystem().spawn(noting(seen));
    ref.tell('x', { trace: 'anything' });
    await settle();
    expect(seen).toEqual([undefined]);
  });

  it('goes over the bus with messages and questions, and with the messages that follow from them', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    const b = createTestNode(hub, { nodeId: 'b' });
    const seen: Seen = [];
    type Question = { replyTo?: ActorRef<string> | undefined };
    const protocol: z.ZodType<Question> = z.object({ replyTo: actorRefSchema<string>().optional() });
    a.system.spawn({ ...noting(seen), protocol: z.unknown() }, 'notes');
    b.system.spawn(
      props<Question>(
        () =>
          receive(({ replyTo }, context) => {
            seen.push(context.trace);
            b.system.refFor('a', 'notes').tell('go on');
            replyTo?.tell('ok');
          }),
        { protocol },
      ),
      'there',
    );
    await settle();
    const there = a.system.refFor<Question>('b', 'there');
    there.tell({}, { trace: one });
    there.tell({});
    await settle();
    await a.system.ask<Question, string>(there, (replyTo) => ({ replyTo }), { timeoutMs: 100, trace: other });
    await settle();
    expect(seen).toEqual([one, undefined, one, undefined, other, other]);
  });
});
