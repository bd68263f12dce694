import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup, stopped } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from '../cell/create-props.ts';
import type { NodePresence } from '../membership/node-presence.ts';
import { tableSizes } from '../system/local-system.ts';
import type { RuntimeEvent } from '../actor/runtime-event.ts';
import { createTestHub, createTestNode, type TestHub, type TestNode } from '../testing/test-node.ts';
import { advance, settle } from '../testing/settle.ts';
import type { ManualClock } from '../testing/manual-clock.ts';
import { actorRefSchema } from './actor-ref-schema.ts';

type Message = { say: string; bytes?: Uint8Array | undefined; replyTo?: ActorRef<Message> | undefined };
const protocol: z.ZodType<Message> = z.object({
  say: z.string(),
  bytes: z.instanceof(Uint8Array).optional(),
  replyTo: actorRefSchema<Message>().optional(),
});

interface Pair {
  readonly hub: TestHub<ManualClock>;
  readonly a: TestNode;
  readonly b: TestNode;
  readonly seen: Message[];
  readonly events: RuntimeEvent[];
  readonly frames: string[];
  pass: (ms: number) => Promise<void>;
}

/** Nodes a and b; b has an actor `echo` that answers, and says `bye` by stopping. */
async function pair(options: Omit<Props<Message>, 'create'> = { protocol }): Promise<Pair> {
  const hub = createTestHub();
  const a = createTestNode(hub, { nodeId: 'a' });
  const b = createTestNode(hub, { nodeId: 'b' });
  const seen: Message[] = [];
  const events: RuntimeEvent[] = [];
  const frames: string[] = [];
  b.system.onEvent((event) => void events.push(event));
  b.system.spawn(
    props<Message>(
      () =>
        receive((message) => {
          seen.push(message);
          message.replyTo?.tell(message);
          if (message.say === 'fail') throw new Error('asked to');
          return message.say === 'bye' ? stopped : undefined;
        }),
      options,
    ),
    'echo',
  );
  await settle();
  hub.bus.fault = ({ from, to, subject }) => {
    if (subject.includes('.n.')) frames.push(`${from}>${to} ${subject.split('.')[4]}`);
    return 'deliver';
  };
  return { hub, a, b, seen, events, frames, pass: (ms) => advance(hub.clock, ms, 100) };
}

/** An actor on `node` that watches `target` and records the notices. */
function watchFrom(node: TestNode, target: ActorRef<never>, onTold = () => {}): string[] {
  const told: string[] = [];
  node.system.spawn(
    props<never>(() =>
      setup((context) => {
        context.watch(target);
        return receive<never>(
          () => undefined,
          (signal) => {
            if (signal.type !== 'terminated') return;
            told.push(signal.reason);
            onTold();
          },
        );
      }),
    ),
  );
  return told;
}

const reasons = (events: RuntimeEvent[]) =>
  events.flatMap((event) => (event.type === 'dead-letter' ? [event.reason] : []));

describe('a ref to another node', () => {
  it('carries messages, byte strings and refs, and refs come back as the same refs', async () => {
    const { a, seen } = await pair();
    const replies: unknown[] = [];
    const here = a.system.spawn(
      props<unknown>(() => receive((message) => void replies.push(message))),
      'here',
    );
    const reply = await a.system.ask<Message, Message>(
      a.system.refFor<Message>('b', 'echo'),
      (replyTo) => ({ say: 'hello', bytes: Uint8Array.of(1, 2), replyTo }),
      { timeoutMs: 100 },
    );
    expect(reply.bytes).toEqual(Uint8Array.of(1, 2));
    expect(Object.getPrototypeOf(seen[0]?.bytes)).toBe(Uint8Array.prototype);
    a.system.refFor<Message>('b', 'echo').tell({ say: 'by ref', replyTo: here });
    await settle();
    // An actor without a protocol cannot be reached from outside, even by its own ref.
    expect(replies).toEqual([]);
    expect(seen[1]?.replyTo?.address).toEqual(here.address);
  });

  it('gathers the messages of one tick into one frame, control apart', async () => {
    const { a, frames, seen } = await pair();
    const echo = a.system.refFor<Message>('b', 'echo');
    for (let i = 0; i < 50; i++) echo.tell({ say: `${i}` });
    echo.tell({ say: 'now' }, { lane: 'control' });
    await settle();
    expect(frames.toSorted()).toEqual(['a>b ctl', 'a>b dat']);
    expect(seen).toHaveLength(51);
  });

  it('starts another frame after 64 messages or 32 KiB, and sends a larger message alone', async () => {
    const { a, frames, seen } = await pair();
    const echo = a.system.refFor<Message>('b', 'echo');
    for (let i = 0; i < 600; i++) echo.tell({ say: 'x' });
    await settle();
    expect(frames).toHaveLength(10);
    for (let i = 0; i < 3; i++) echo.tell({ say: 'x', bytes: new Uint8Array(20_000) });
    await settle();
    expect(frames).toHaveLength(13);
    for (const size of [1, 40_000, 2]) echo.tell({ say: 'x', bytes: new Uint8Array(size) });
    await settle();
    expect(frames).toHaveLength(16);
    expect(seen.slice(-3).map(({ bytes }) => bytes?.length)).toEqual([1, 40_000, 2]);
  });

  it('carries messages of every size around the bound of a frame whole', async () => {
    const { a, seen } = await pair();
    const echo = a.system.refFor<Message>('b', 'echo');
    const sizes = Array.from({ length: 120 }, (_, index) => 32 * 1024 - 100 + index);
    for (const size of sizes) {
      echo.tell({ say: 'x', bytes: new Uint8Array(size).fill(7) });
      await settle();
    }
    expect(seen.map(({ bytes }) => bytes?.length)).toEqual(sizes);
  });

  it('refuses a message that is larger than the bus accepts', async () => {
    const { a, seen } = await pair();
    const events: RuntimeEvent[] = [];
    a.system.onEvent((event) => void events.push(event));
    a.system.refFor<Message>('b', 'echo').tell({ say: 'big', bytes: new Uint8Array(2 * 1024 * 1024) });
    await settle();
    expect(events).toMatchObject([
      {
        type: 'dead-letter',
        reason: 'too-large',
        error: { code: 'message-too-large', bytes: expect.any(Number), limitBytes: 1024 * 1024 - 64 },
      },
    ]);
    const asked = a.system.ask<Message, Message>(
      a.system.refFor<Message>('b', 'echo'),
      (replyTo) => ({ say: 'big', bytes: new Uint8Array(2 * 1024 * 1024), replyTo }),
      { timeoutMs: 60_000 },
    );
    await expect(asked).rejects.toMatchObject({ code: 'message-too-large', target: 'b/echo' });
    expect(seen).toEqual([]);
  });

  it('fails a question whose answer is larger than the bus accepts, at once and with both sizes', async () => {
    const { a, b } = await pair();
    b.system.spawn(
      props<Message>(
        () => receive(({ replyTo }) => replyTo?.tell({ say: 'big', bytes: new Uint8Array(2 * 1024 * 1024) })),
        { protocol },
      ),
      'talker',
    );
    const asked = a.system.ask<Message, Message>(
      a.system.refFor<Message>('b', 'talker'),
      (replyTo) => ({ say: 'tell me all', replyTo }),
      { timeoutMs: 60_000 },
    );
    await expect(asked).rejects.toMatchObject({
      code: 'message-too-large',
      limitBytes: 1024 * 1024 - 64,
    });
    expect(b.system.counters().deadLetters['too-large']).toBe(1);
  });

  it('accepts an answer that fits the schema of the asker, and fails the question by any other answer', async () => {
    const { a, b } = await pair();
    const ask = (reply: z.ZodType<Message>) =>
      a.system.ask<Message, Message>(
        a.system.refFor<Message>('b', 'echo'),
        (replyTo) => ({ say: 'hello', replyTo }),
        { timeoutMs: 60_000, reply },
      );
    expect((await ask(protocol)).say).toBe('hello');
    const other = z.object({ say: z.literal('goodbye') });
    await expect(ask(other)).rejects.toMatchObject({ code: 'answer-mismatch', path: 'b/echo' });
    expect(a.system.counters().events['bad-frame']).toBe(1);
    expect(b.system.counters().events['bad-frame']).toBeUndefined();
  });

  it('counts messages that a connected bus does not accept', async () => {
    const { a } = await pair();
    a.transport.publish = () => false;
    a.system.refFor<Message>('b', 'echo').tell({ say: 'too much' });
    await settle();
    expect(a.system.counters().deadLetters['bus-overloaded']).toBe(1);
  });

  it.each([
    ['nobody is there', 'nobody', 'actor-not-found'],
    ['the message does not fit the protocol', 'echo', 'message-refused'],
  ])('fails a question at once when %s', async (_, path, code) => {
    const { a, seen } = await pair();
    const asked = a.system.ask(
      a.system.refFor<unknown>('b', path),
      (replyTo: ActorRef<unknown>) => ({ say: 5, replyTo }),
      { timeoutMs: 60_000 },
    );
    await expect(asked).rejects.toMatchObject({ code });
    expect(seen).toEqual([]);
  });

  it('fails a question at once when the actor has no protocol, or the bus is not connected', async () => {
    const { a } = await pair({});
    const ask = () =>
      a.system.ask(
        a.system.refFor<Message>('b', 'echo'),
        (replyTo: ActorRef<unknown>) => ({ say: 'x', replyTo }),
        { timeoutMs: 60_000 },
      );
    await expect(ask()).rejects.toMatchObject({ code: 'message-refused', reason: 'not-exposed' });
    a.transport.disconnect();
    await expect(ask()).rejects.toMatchObject({ code: 'bus-unavailable' });
  });

  it('of an earlier incarnation reaches no actor', async () => {
    const { a, b, hub, events, pass } = await pair();
    const old = b.system.spawn(
      props<Message>(() => receive(() => undefined), { protocol }),
      'one',
    );
    let ref: ActorRef<Message> | undefined;
    a.system.spawn(
      props<{ give: ActorRef<Message> }>(
        () =>
          receive(({ give }) => {
            ref = give;
          }),
        { protocol: z.object({ give: actorRefSchema<Message>() }) },
      ),
      'taker',
    );
    b.system.refFor<{ give: ActorRef<Message> }>('a', 'taker').tell({ give: old });
    await settle();
    b.crash();
    const again = createTestNode(hub, { nodeId: 'b', incarnation: 2 });
    again.system.onEvent((event) => void events.push(event));
    again.system.spawn(
      props<Message>(() => receive(() => undefined), { protocol }),
      'one',
    );
    await pass(100);
    const asked = a.system.ask(
      ref as ActorRef<Message>,
      (replyTo: ActorRef<unknown>) => ({ say: 'x', replyTo }),
      { timeoutMs: 60_000 },
    );
    await expect(asked).rejects.toMatchObject({ code: 'actor-not-found' });
    expect(reasons(events)).toEqual(['stale-incarnation']);
  });
});

describe('a frame from outside', () => {
  const packr = new Packr({ useRecords: false });
  const frame = (...values: unknown[]) =>
    Uint8Array.of(1, ...values.flatMap((value) => [...packr.pack(value)]));

  it.each([
    ['nothing', 'malformed', new Uint8Array(0)],
    ['another version', 'unknown-version', Uint8Array.of(9, 1)],
    ['noise', 'malformed', Uint8Array.of(1, 0xc1, 0xff, 0x00)],
    ['a truncated message', 'malformed', frame(1, [0, 'echo', 0, 0, { say: 'x' }, 0]).slice(0, -4)],
    ['no incarnation', 'malformed', frame('x')],
    ['an unknown kind', 'unknown-kind', frame(1, [77, 'echo'])],
    ['no tuple', 'malformed', frame(1, { kind: 0 })],
    ['malformed fields', 'malformed', frame(1, [0, 5, 'x', null, {}, 'y'])],
    ['a message that does not fit', 'protocol-mismatch', frame(1, [0, 'echo', 0, 0, { say: 5 }, 0])],
  ])('is counted, told by a typed error and disturbs nobody: %s', async (_, reason, payload) => {
    const { hub, b, events, seen } = await pair();
    const stranger = hub.bus.connect('stranger');
    stranger.publish(b.subjects.inbox('b', 'dat', 'stranger'), payload);
    await settle();
    expect(events.filter((event) => event.type === 'bad-frame')).toMatchObject([
      { peer: 'stranger', error: { code: 'bad-frame', reason } },
    ]);
    expect(b.system.counters().events['bad-frame']).toBe(1);
    expect(seen).toEqual([]);
  });

  it('costs a bounded number of errors in a frame of thousands of messages that do not fit', async () => {
    const { hub, b, events } = await pair();
    const mismatch = Array.from({ length: 5_000 }, () => [0, 'echo', 0, 0, { say: 5 }, 0]);
    hub.bus.connect('stranger').publish(b.subjects.inbox('b', 'dat', 'stranger'), frame(1, ...mismatch));
    await settle();
    expect(events.filter((event) => event.type === 'bad-frame')).toHaveLength(16);
    expect(b.system.counters().events['dead-letter']).toBe(5_000);
  });

  it('has its readable messages delivered, also after a value that cannot be read', async () => {
    const { hub, b, seen } = await pair();
    hub.bus
      .connect('stranger')
      .publish(
        b.subjects.inbox('b', 'dat', 'stranger'),
        frame(1, [77], [0, 'echo', 0, 0, { say: 'ok' }, 0, 'a field of the future']),
      );
    await settle();
    expect(seen).toEqual([{ say: 'ok' }]);
  });
});

describe('watching an actor of another node', () => {
  it.each([
    ['stopped', 'bye'],
    ['failed', 'fail'],
  ])('tells once that it %s', async (reason, say) => {
    const { a, pass } = await pair({ protocol, restart: 'temporary' });
    const echo = a.system.refFor<Message>('b', 'echo');
    const told = watchFrom(a, echo);
    await settle();
    echo.tell({ say });
    await pass(10_000);
    expect(told).toEqual([reason]);
  });

  it('reports that the actor does not exist', async () => {
    const { a } = await pair();
    const told = watchFrom(a, a.system.refFor('b', 'nobody'));
    await settle();
    expect(told).toEqual(['not-found']);
  });

  it('reports node-down when the node crashes, leaves, or returns in another incarnation', async () => {
    for (const end of ['crash', 'leave', 'replace'] as const) {
      const { a, b, hub, pass } = await pair();
      const told = watchFrom(a, a.system.refFor('b', 'echo'));
      await settle();
      if (end === 'leave') await Promise.all([b.leave(), pass(100)]);
      else b.crash();
      if (end === 'replace') createTestNode(hub, { nodeId: 'b', incarnation: 2 });
      await pass(end === 'crash' ? 4_000 : 200);
      expect(told, end).toEqual([end === 'leave' ? 'stopped' : 'node-down']);
    }
  });

  it('leaves nothing behind on the node of the watched actor when the node of its watcher dies or leaves', async () => {
    for (const end of ['crash', 'leave', 'replace'] as const) {
      const { a, b, hub, pass } = await pair();
      watchFrom(a, a.system.refFor('b', 'echo'));
      await settle();
      expect(tableSizes(b.system), end).toMatchObject({ inboundWatches: 1, watchers: 1 });
      if (end === 'leave') await Promise.all([a.leave(), pass(100)]);
      else a.crash();
      if (end === 'crash') await pass(4_000);
      // A node that is only silent may come back and still watch; the next incarnation ends the interest of this one.
      if (end !== 'leave') createTestNode(hub, { nodeId: 'a', incarnation: 2 });
      await pass(200);
      expect(tableSizes(b.system), end).toMatchObject({ inboundWatches: 0, watchers: 0 });
    }
  });

  it('reports node-down at once when presence knows the reason: unreachable, left, or another incarnation', async () => {
    for (const end of ['unreachable', 'left', 'replaced'] as const) {
      const { a, b, hub, pass } = await pair();
      const known: string[] = [];
      const told = watchFrom(a, a.system.refFor('b', 'echo'), () => {
        const member = a.presence.member('b');
        known.push(member?.incarnation === 1 ? member.state : 'replaced');
      });
      await settle();
      if (end === 'left') (b.presence as NodePresence).close();
      b.crash();
      if (end === 'replaced') createTestNode(hub, { nodeId: 'b', incarnation: 2 });
      await pass(4_000);
      expect([told, known]).toEqual([['node-down'], [end]]);
    }
  });

  it('reports node-down when the node never existed', async () => {
    const { a, pass } = await pair();
    const told = watchFrom(a, a.system.refFor('ghost', 'x'));
    await pass(6_000);
    expect(told).toEqual(['node-down']);
  });

  it('survives the loss of the watch, of its confirmation and of the notice', async () => {
    for (const lose of ['a>b', 'b>a'] as const) {
      const { a, hub, pass } = await pair({ protocol, restart: 'temporary' });
      let lossy = true;
      hub.bus.fault = ({ from, to, subject }) =>
        lossy && subject.includes('.n.') && `${from}>${to}` === lose ? 'drop' : 'deliver';
      const told = watchFrom(a, a.system.refFor('b', 'echo'));
      await pass(2_000);
      lossy = false;
      await pass(2_000);
      lossy = lose === 'b>a';
      a.system.refFor<Message>('b', 'echo').tell({ say: 'bye' });
      await pass(2_000);
      lossy = false;
      await pass(10_000);
      // The reason is still known where only the notice was lost.
      expect(told, lose).toEqual(['stopped']);
    }
  });

  it('survives an outage of the bus, and the silence of the outage does not count', async () => {
    const { a, hub, pass } = await pair();
    const told = watchFrom(a, a.system.refFor('b', 'echo'));
    await pass(1_000);
    hub.bus.disconnectAll();
    await pass(60_000);
    hub.bus.reconnectAll();
    await pass(10_000);
    expect(told).toEqual([]);
    a.system.refFor<Message>('b', 'echo').tell({ say: 'bye' });
    await pass(1_000);
    expect(told).toEqual(['stopped']);
  });
});

it('a cycle of questions through two nodes fails at once', async () => {
  const { a, b } = await pair();
  type Question = { readonly replyTo: ActorRef<string> };
  const question = z.object({ replyTo: actorRefSchema<string>() });
  const asks = (node: TestNode, other: string, name: string) =>
    node.system.spawn(
      props<Question>(
        () =>
          receive(async ({ replyTo }, context) => {
            const target = node.system.refFor<Question>(other, 'asker');
            const asked = context.ask<Question, string>(target, (to) => ({ replyTo: to }), {
              timeoutMs: 60_000,
            });
            replyTo.tell(await asked.catch((error: Error & { code: string }) => `${name}: ${error.code}`));
          }),
        { protocol: question },
      ),
      'asker',
    );
  asks(a, 'b', 'a');
  asks(b, 'a', 'b');
  await settle();
  const answer = a.system.ask<Question, string>(a.system.refFor('b', 'asker'), (replyTo) => ({ replyTo }), {
    timeoutMs: 60_000,
  });
  expect(await answer).toBe('a: deadlock');
});

it('carries messages that may wait in few frames while many leave, and all of them in order', async () => {
  const { hub, a, seen, frames, pass } = await pair();
  const echo = a.system.refFor<Message>('b', 'echo');
  for (let i = 0; i < 60; i++) {
    echo.tell({ say: String(i) }, { mayWait: true });
    await settle();
  }
  const sent = () => frames.filter((frame) => frame === 'a>b dat').length;
  const sentAtOnce = sent();
  expect(sentAtOnce).toBeLessThan(20);
  await advance(hub.clock, 2, 1);
  expect(sent()).toBe(sentAtOnce + 1);
  await pass(100);
  expect(seen.map(({ say }) => Number(say))).toEqual(Array.from({ length: 60 }, (_, i) => i));
});
