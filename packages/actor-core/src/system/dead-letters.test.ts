import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createRouter, fixedTargets } from '../routing/router.ts';
import { roundRobin } from '../routing/strategy.ts';
import { deadLetters, localSystem } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestHub, type TestNode } from '../testing/test-node.ts';
import type { ManualClock } from '../testing/manual-clock.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import type { Behaviour } from '../actor/actor-context.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';
import { props } from '../cell/create-props.ts';
import { localSystemOf } from './local-system.ts';
import type { DeadLetterReason, RuntimeEvent } from '../actor/runtime-event.ts';

describe('a full mailbox', () => {
  const handled: Record<NonNullable<MailboxOptions['overflow']>, string[]> = {
    reject: ['0', '1', '2'],
    backpressure: ['0', '1', '2'],
    'drop-newest': ['0', '1', '2'],
    'drop-oldest': ['0', '3', '4'],
  };

  it.each([
    ['reject', 'mailbox-full', 'data'],
    ['backpressure', 'mailbox-full', 'data'],
    ['drop-newest', 'dropped', 'data'],
    ['drop-oldest', 'dropped', 'data'],
    ['reject', 'mailbox-full', 'control'],
    ['drop-newest', 'dropped', 'control'],
    ['drop-oldest', 'dropped', 'control'],
  ] as const)('with %s counts each it does not take as %s, of %s', async (overflow, reason, lane) => {
    const { system, events } = localSystem();
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    const ref = system.spawn(
      props<string>(
        () =>
          receive((message) => {
            seen.push(message);
            return gate.promise;
          }),
        { mailbox: { capacity: 2, overflow } },
      ),
      'it',
    );
    ref.tell('0');
    await settle();
    for (const message of ['1', '2', '3', '4']) ref.tell(message, { lane });
    const answers = ['5', '6'].map((message) =>
      system
        .ask<string, never>(ref, () => message, { timeoutMs: 60_000, lane })
        .catch((error: Error) => error.name),
    );
    // An ask, too, is refused or pushes another message out; the one that is in waits.
    gate.resolve();
    await settle();
    const dropped = { type: 'dead-letter', to: expect.objectContaining({ path: 'it' }), reason };
    expect(events).toMatchObject([dropped, dropped, dropped, dropped]);
    expect(system.counters().deadLetters).toMatchObject({ [reason]: 4 });
    expect(system.counters().events).toEqual({ 'dead-letter': 4 });
    if (overflow === 'drop-oldest') expect(seen).toEqual(['0', '5', '6']);
    else {
      expect(seen).toEqual(handled[overflow]);
      expect(await Promise.all(answers)).toEqual(['MailboxFullError', 'MailboxFullError']);
    }
  });
});

interface Pair {
  readonly hub: TestHub<ManualClock>;
  readonly near: TestNode;
  readonly far: TestNode;
  readonly remote: ActorRef<unknown>;
}

const recipe = (): Behaviour<never> => receive<never>(() => undefined);

/** `far` has an actor `it` that takes words. */
async function pair(): Promise<Pair> {
  const hub = createTestHub();
  const [near, far] = [createTestNode(hub, { nodeId: 'near' }), createTestNode(hub, { nodeId: 'far' })];
  far.system.spawn(props<never>(recipe, { protocol: z.string() as unknown as z.ZodType<never> }), 'it');
  far.system.spawn(props<never>(recipe), 'closed');
  await advance(hub.clock, 1_500);
  return { hub, near, far, remote: near.system.refFor('far', 'it') };
}

type Cause = (one: Pair) => void | Promise<void>;
/** A ref of an earlier incarnation of `far`. */
function ofEarlierLife({ near }: Pair): ActorRef<unknown> {
  const address = { node: 'far', nodeIncarnation: 7, path: 'it', uid: 1 };
  return localSystemOf(near.system).node.refs.resolve(address) as ActorRef<unknown>;
}

const causes: readonly [DeadLetterReason, 'near' | 'far', Cause][] = [
  ['no-such-actor', 'far', ({ near }) => near.system.refFor<unknown>('far', 'nobody').tell('x')],
  ['no-such-actor', 'near', ({ near }) => near.system.refFor<unknown>('near', 'nobody').tell('x')],
  ['stale-incarnation', 'far', (one) => ofEarlierLife(one).tell('x')],
  ['not-exposed', 'far', ({ near }) => near.system.refFor<unknown>('far', 'closed').tell('x')],
  ['protocol-mismatch', 'far', ({ remote }) => remote.tell(3)],
  ['too-large', 'near', ({ remote }) => remote.tell('x'.repeat(2 * 1024 * 1024))],
  [
    'no-targets',
    'near',
    ({ near }) => void createRouter(near.system, fixedTargets([]), roundRobin()).tell('x'),
  ],
  [
    'bus-unavailable',
    'near',
    ({ near, remote }) => {
      near.transport.disconnect();
      remote.tell('x');
    },
  ],
  [
    'deadlock',
    'near',
    async ({ near }) => {
      const self: ActorRef<'ask' | 'asked'> = near.system.spawn(
        props<'ask' | 'asked'>(() =>
          receive(async (message, context) => {
            if (message === 'ask')
              await context
                .ask<'ask' | 'asked', never>(context.self, () => 'asked', { timeoutMs: 60_000 })
                .catch(() => undefined);
          }),
        ),
      );
      self.tell('ask');
      await settle();
    },
  ],
];

describe('a message that cannot be delivered', () => {
  it.each(causes)('is counted as %s on %s', async (reason, where, cause) => {
    const one = await pair();
    const events: RuntimeEvent[] = [];
    one[where].system.onEvent((event) => void events.push(event));
    await cause(one);
    await advance(one.hub.clock, 100);
    expect(deadLetters(events)).toEqual([reason]);
    expect(one[where].system.counters().deadLetters[reason]).toBe(1);
  });
});
