import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ActorNotFoundError, MailboxFullError, MessageRefusedError } from '../errors.ts';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';
import { deadLetters, localSystem } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import type { AdapterOptions } from '../actor/ask-options.ts';
import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { ActorSystem } from '../actor/actor-system.ts';
import { receive, setup } from '../actor/behaviour.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from './create-props.ts';

/** A thermometer's protocol, of which the actors here know nothing. */
const reading = z.object({ celsius: z.number(), replyTo: actorRefSchema<string>().optional() });
type Reading = z.infer<typeof reading>;

type Own =
  | { readonly type: 'warm' | 'cold'; readonly replyTo?: ActorRef<string> | undefined }
  | 'boom'
  | 'hang';

interface Adapted {
  readonly actor: ActorRef<Own>;
  /** One for each incarnation. */
  readonly adapters: ActorRef<Reading>[];
  readonly seen: string[];
}

function translate({ celsius, replyTo }: Reading): Own {
  if (Number.isNaN(celsius)) throw new RangeError('no temperature');
  return { type: celsius > 20 ? 'warm' : 'cold', replyTo };
}

async function adapted(
  system: ActorSystem,
  options: AdapterOptions<Reading> = {},
  mailbox?: MailboxOptions,
): Promise<Adapted> {
  const adapters: ActorRef<Reading>[] = [];
  const seen: string[] = [];
  const recipe: Props<Own> = props<Own>(
    () =>
      setup((context: ActorContext<Own>) => {
        adapters.push(context.adapt(translate, options));
        return receive((message) => {
          if (message === 'boom') throw new Error('boom');
          if (message === 'hang') return new Promise<never>(() => {});
          seen.push(`${message.type}@${context.incarnation}`);
          message.replyTo?.tell(message.type);
          return undefined;
        });
      }),
    { mailbox },
  );
  const actor = system.spawn(recipe, 'adapted');
  await settle();
  return { actor, adapters, seen };
}

describe('an adapter', () => {
  it('translates messages into the protocol of its actor, in order, control first', async () => {
    const { system } = localSystem();
    const { adapters, seen } = await adapted(system);
    adapters[0]?.tell({ celsius: 30 });
    adapters[0]?.tell({ celsius: 30 });
    adapters[0]?.tell({ celsius: 3 }, { lane: 'control' });
    await settle();
    expect(seen).toEqual(['cold@1', 'warm@1', 'warm@1']);
  });

  it('can be asked', async () => {
    const { system } = localSystem();
    const { adapters } = await adapted(system);
    const ask = (celsius: number) =>
      system.ask<Reading, string>(adapters[0] as ActorRef<Reading>, (replyTo) => ({ celsius, replyTo }), {
        timeoutMs: 60_000,
      });
    expect(await ask(30)).toBe('warm');
    await expect(ask(Number.NaN)).rejects.toBeInstanceOf(MessageRefusedError);
  });

  it('is subject to the bound of the mailbox and to its blocked senders', async () => {
    const { system, events } = localSystem();
    const { adapters, actor, seen } = await adapted(system, {}, { capacity: 1, overflow: 'backpressure' });
    actor.tell('hang');
    await settle();
    const [ref] = adapters as [ActorRef<Reading>];
    ref.tell({ celsius: 1 });
    ref.tell({ celsius: 2 });
    expect(deadLetters(events)).toEqual(['mailbox-full']);
    const waits = system.tellOrWait(ref, { celsius: 3 }, { timeoutMs: 60_000 });
    const full = system.tellOrWait(ref, { celsius: 4 }, { timeoutMs: 60_000 });
    await expect(full).rejects.toBeInstanceOf(MailboxFullError);
    system.kill(actor);
    await expect(waits).rejects.toBeInstanceOf(ActorNotFoundError);
    expect(seen).toEqual([]);
  });

  it('turns a message that it cannot translate into a dead letter, and its actor continues', async () => {
    const { system, events } = localSystem();
    const { adapters, seen } = await adapted(system);
    adapters[0]?.tell({ celsius: Number.NaN });
    adapters[0]?.tell({ celsius: 0 });
    await settle();
    expect(deadLetters(events)).toEqual(['protocol-mismatch']);
    expect(seen).toEqual(['cold@1']);
  });

  it('ends with its incarnation', async () => {
    const { system, clock, events } = localSystem();
    const { actor, adapters, seen } = await adapted(system);
    actor.tell('boom');
    await advance(clock, 200);
    for (const ref of adapters) ref.tell({ celsius: 30 });
    await settle();
    expect(seen).toEqual(['warm@2']);
    expect(deadLetters(events)).toEqual(['no-such-actor']);
  });

  it('can be watched: it ends with its incarnation', async () => {
    const { system, clock } = localSystem();
    const { actor, adapters } = await adapted(system);
    const told: string[] = [];
    system.spawn(
      props<never>(() =>
        setup((context) => {
          context.watch(adapters[0] as ActorRef<never>);
          return receive<never>(
            () => undefined,
            (signal) => void told.push(signal.type === 'terminated' ? signal.reason : signal.type),
          );
        }),
      ),
    );
    await settle();
    expect(told).toEqual([]);
    actor.tell('boom');
    await advance(clock, 200);
    expect(told).toEqual(['failed']);
  });

  it('exists in a bounded number', async () => {
    const { system, events } = localSystem();
    system.spawn(
      props<never>(
        () =>
          setup((context) => {
            for (;;) context.adapt(() => undefined as never);
          }),
        { restart: 'temporary' },
      ),
    );
    await settle();
    expect(events).toMatchObject([{ type: 'stopped', reason: 'failed' }]);
  });
});

async function two(options: AdapterOptions<Reading> = { protocol: reading }) {
  const hub = createTestHub();
  const [near, far] = [createTestNode(hub, { nodeId: 'near' }), createTestNode(hub, { nodeId: 'far' })];
  await advance(hub.clock, 1_500);
  const local = await adapted(near.system, options);
  // As a ref in a message: far keeps what it is given and uses it.
  const given = Promise.withResolvers<ActorRef<Reading>>();
  far.system.spawn(
    props<{ to: ActorRef<Reading> }>(() => receive(({ to }) => given.resolve(to)), {
      protocol: z.object({ to: actorRefSchema<Reading>() }),
    }),
    'thermometer',
  );
  near.system
    .refFor<{ to: ActorRef<Reading> }>('far', 'thermometer')
    .tell({ to: local.adapters[0] as ActorRef<Reading> });
  await settle();
  return { hub, near, far, ...local, ref: await given.promise };
}

describe('an adapter, from another node', () => {
  it('is reached, and answers', async () => {
    const { far, ref, seen } = await two();
    const asked = far.system.ask<Reading, string>(ref, (replyTo) => ({ celsius: 30, replyTo }), {
      timeoutMs: 1_000,
    });
    expect(await asked).toBe('warm');
    await far.system.tellOrWait(ref, { celsius: 2 }, { timeoutMs: 1_000 });
    await settle();
    expect(seen).toEqual(['warm@1', 'cold@1']);
  });

  it('accepts only messages that fit its protocol', async () => {
    const { near, far, ref, seen } = await two();
    ref.tell({ celsius: 'hot' } as never);
    const asked = far.system.ask<Reading, string>(ref, (replyTo) => ({ celsius: 'hot', replyTo }) as never, {
      timeoutMs: 1_000,
    });
    await expect(asked).rejects.toBeInstanceOf(MessageRefusedError);
    expect(near.system.counters().deadLetters['protocol-mismatch']).toBe(2);
    expect(seen).toEqual([]);
  });

  it('is not reached without a protocol', async () => {
    const { near, ref } = await two({});
    ref.tell({ celsius: 30 });
    await settle();
    expect(near.system.counters().deadLetters['not-exposed']).toBe(1);
  });

  it('ends with its incarnation: later messages are dead letters, and its watcher is notified', async () => {
    const { hub, near, far, ref, actor, seen } = await two();
    const told: string[] = [];
    far.system.spawn(
      props<never>(() =>
        setup((context) => {
          context.watch(ref);
          return receive<never>(
            () => undefined,
            (signal) => void told.push(signal.type === 'terminated' ? signal.reason : signal.type),
          );
        }),
      ),
    );
    await advance(hub.clock, 3_000);
    expect(told).toEqual([]);
    actor.tell('boom');
    await advance(hub.clock, 300);
    ref.tell({ celsius: 30 });
    await settle();
    expect(near.system.counters().deadLetters['no-such-actor']).toBe(1);
    expect(seen).toEqual([]);
    expect(told).toEqual(['failed']);
  });
});
