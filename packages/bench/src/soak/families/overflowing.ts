import { type ActorRef, type MailboxOptions, props, receive } from '@drover/actor-core';
import { askTimeoutMs, expectEqual, type Family, type SoakNode } from '../family.ts';

type Message = { readonly kind: 'hold'; readonly replyTo: ActorRef<true> } | { readonly kind: 'work' };

const capacity = 8;
const burst = 20;
const policies = ['reject', 'drop-newest', 'drop-oldest'] as const;

/** Mailboxes that are too small for their messages: further messages become dead letters, or their senders wait. */
export function overflowing(self: SoakNode): Family {
  const { system } = self.node;
  const flood = async (overflow: NonNullable<MailboxOptions['overflow']>): Promise<void> => {
    const gate = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const room = overflow === 'backpressure' ? 2 * capacity : capacity;
    let worked = 0;
    const behaviour = receive<Message>(async (message) => {
      if (message.kind === 'work') {
        if (++worked === room) done.resolve();
        return;
      }
      message.replyTo.tell(true);
      await gate.promise;
    });
    const ref = system.spawn(props(() => behaviour, { mailbox: { capacity, overflow } }));
    await system.ask<Message, true>(ref, (replyTo) => ({ kind: 'hold', replyTo }), {
      timeoutMs: askTimeoutMs,
    });
    const waits: Promise<void>[] = [];
    if (overflow === 'backpressure') {
      for (let index = 0; index < room; index++)
        waits.push(system.tellOrWait(ref, { kind: 'work' }, { timeoutMs: askTimeoutMs }));
    } else {
      self.expectLetters(overflow === 'reject' ? 'mailbox-full' : 'dropped', burst - capacity);
      for (let index = 0; index < burst; index++) ref.tell({ kind: 'work' });
    }
    gate.resolve();
    await Promise.all([done.promise, ...waits]);
    await system.stop(ref);
    expectEqual('messages handled', worked, room);
  };
  return {
    operations: [
      {
        name: 'mailbox overflow with dead letters',
        weight: 20,
        run: (n) => flood(policies[n % policies.length] ?? 'reject'),
      },
      { name: 'senders that wait for room', weight: 20, run: () => flood('backpressure') },
    ],
  };
}
