import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ActorNotFoundError, MailboxFullError, RequestTimeoutError } from '../errors.ts';
import { localSystem } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';
import { props } from '../cell/create-props.ts';

/** Node a sends; node b has the actor `slow`, with room for two, that handles one message for each `proceed`. */
async function setup(mailbox: MailboxOptions = { capacity: 2, overflow: 'backpressure' }) {
  const hub = createTestHub();
  const a = createTestNode(hub, { nodeId: 'a' });
  const b = createTestNode(hub, { nodeId: 'b' });
  const seen: number[] = [];
  let proceed: (() => void) | undefined;
  const slow = b.system.spawn(
    props<number>(
      () =>
        receive(async (message) => {
          await new Promise<void>((resolve) => {
            proceed = resolve;
          });
          seen.push(message);
        }),
      { mailbox, protocol: z.number() },
    ),
    'slow',
  );
  const next = async () => {
    proceed?.();
    await settle();
  };
  slow.tell(0);
  await settle();
  return { hub, b, seen, slow, remote: a.system.refFor<number>('b', 'slow'), a, next };
}

/** What became of the promises so far. */
function watch(promises: readonly Promise<void>[]): string[] {
  const states = promises.map(() => 'waits');
  promises.forEach((promise, index) => {
    promise.then(
      () => (states[index] = 'taken'),
      (error: Error) => (states[index] = error.name),
    );
  });
  return states;
}

describe('tellOrWait', () => {
  it.each(['local', 'remote'] as const)('waits in order for space in a full mailbox (%s)', async (where) => {
    const { a, b, slow, remote, seen, next } = await setup();
    const [system, ref]: [typeof a.system, ActorRef<number>] =
      where === 'local' ? [b.system, slow] : [a.system, remote];
    const states = watch([1, 2, 3, 4].map((n) => system.tellOrWait(ref, n, { timeoutMs: 1_000 })));
    await settle();
    expect(states).toEqual(['taken', 'taken', 'waits', 'waits']);
    await next();
    expect(states).toEqual(['taken', 'taken', 'taken', 'waits']);
    for (let i = 0; i < 4; i++) await next();
    expect(states).toEqual(['taken', 'taken', 'taken', 'taken']);
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });

  it.each(['local', 'remote'] as const)(
    'fails at its deadline, and is not delivered after it (%s)',
    async (where) => {
      const { hub, a, b, slow, remote, seen, next } = await setup();
      const [system, ref]: [typeof a.system, ActorRef<number>] =
        where === 'local' ? [b.system, slow] : [a.system, remote];
      const waits = watch([1, 2, 3].map((n) => system.tellOrWait(ref, n, { timeoutMs: 100 })));
      await settle();
      await advance(hub.clock, 200);
      expect(waits).toEqual(['taken', 'taken', RequestTimeoutError.name]);
      for (let i = 0; i < 4; i++) await next();
      expect(seen).toEqual([0, 1, 2]);
    },
  );

  it('blocks at most as many senders as the mailbox has capacity', async () => {
    const { b, slow } = await setup();
    const states = watch([1, 2, 3, 4, 5].map((n) => b.system.tellOrWait(slow, n, { timeoutMs: 1_000 })));
    await settle();
    expect(states).toEqual(['taken', 'taken', 'waits', 'waits', MailboxFullError.name]);
  });

  it('rejects blocked senders when the actor ends, and when it has ended', async () => {
    const { b, slow } = await setup();
    const states = watch([1, 2, 3].map((n) => b.system.tellOrWait(slow, n, { timeoutMs: 1_000 })));
    b.system.kill(slow);
    await settle();
    expect(states[2]).toBe(ActorNotFoundError.name);
  });

  it.each(['local', 'remote'] as const)(
    'counts the oldest message that it pushes out of a full mailbox (%s)',
    async (where) => {
      const { a, b, slow, remote, seen, next } = await setup({ capacity: 2, overflow: 'drop-oldest' });
      const [system, ref]: [typeof a.system, ActorRef<number>] =
        where === 'local' ? [b.system, slow] : [a.system, remote];
      const states = watch([1, 2, 3].map((n) => system.tellOrWait(ref, n, { timeoutMs: 1_000 })));
      await settle();
      expect(states).toEqual(['taken', 'taken', 'taken']);
      for (let i = 0; i < 4; i++) await next();
      expect(seen).toEqual([0, 2, 3]);
      expect(b.system.counters().deadLetters.dropped).toBe(1);
    },
  );

  it('fails at once when the mailbox does not block senders', async () => {
    const { a, remote } = await setup({ capacity: 1 });
    const states = watch([1, 2].map((n) => a.system.tellOrWait(remote, n, { timeoutMs: 1_000 })));
    await settle();
    expect(states).toEqual(['taken', MailboxFullError.name]);
  });
});

/** Has room for two; lets in what is above 99 while it awaits the gate. */
function choosy() {
  const { system } = localSystem();
  const gate = Promise.withResolvers<void>();
  const seen: number[] = [];
  const ref = system.spawn(
    props<number>(
      () =>
        receive((message, context) => {
          seen.push(message);
          if (message !== 0) return undefined;
          context.allowReentrancy((one) => one > 99);
          return gate.promise;
        }),
      { mailbox: { capacity: 2, overflow: 'backpressure' } },
    ),
  );
  return { system, ref, gate, seen };
}

describe('a handler that allows reentrancy while it awaits', () => {
  it('accepts messages whose sender would be blocked', async () => {
    const { system, ref, seen } = choosy();
    ref.tell(0);
    await settle();
    ref.tell(1);
    ref.tell(2);
    const states = watch([100, 3].map((n) => system.tellOrWait(ref, n, { timeoutMs: 1_000 })));
    await settle();
    expect(seen).toEqual([0, 100]);
    expect(states).toEqual(['taken', 'waits']);
  });

  it('leaves no sender blocked at a mailbox that it emptied', async () => {
    const { system, ref, gate, seen } = choosy();
    // Both wait in the mailbox when the handler declares them; 1 finds it full.
    for (const message of [0, 100]) ref.tell(message);
    const states = watch([101, 1].map((n) => system.tellOrWait(ref, n, { timeoutMs: 60_000 })));
    await settle();
    gate.resolve();
    await settle();
    expect(states).toEqual(['taken', 'taken']);
    expect(seen).toEqual([0, 100, 101, 1]);
  });
});
