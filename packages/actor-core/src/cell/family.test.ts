import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ActorKilledError, DeathPactError } from '../errors.ts';
import { localSystem } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestNode } from '../testing/test-node.ts';
import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup, stopped } from '../actor/behaviour.ts';
import { previewOf } from '../actor/message-preview.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from './create-props.ts';
import type { RuntimeEvent } from '../actor/runtime-event.ts';
import type { Signal } from '../actor/signal.ts';

class BrokenError extends Error {
  readonly code = 'broken';
}

const mortal = (): Props<string> =>
  props<string>(
    () =>
      receive((order) => {
        if (order === 'fail') throw new BrokenError('x'.repeat(600));
        return order === 'stop' ? stopped : undefined;
      }),
    { restart: 'temporary', protocol: z.string() },
  );

/** The notice that a watcher on `node` gets about the end of that actor. */
function watch(node: Pick<TestNode, 'system'>, target: ActorRef<never>): Signal[] {
  const seen: Signal[] = [];
  node.system.spawn(
    props<never>(() =>
      setup((context) => {
        context.watch(target);
        return receive(
          () => undefined,
          (signal) => void seen.push(signal),
        );
      }),
    ),
  );
  return seen;
}

describe('the notice of an end', () => {
  it('carries the error of a failure on the same node, and of a kill', async () => {
    const local = localSystem();
    const [failing, killed, stopping] = ['a', 'b', 'c'].map((name) => local.system.spawn(mortal(), name));
    const [told, toldOfKill, toldOfStop] = [failing, killed, stopping].map((ref) =>
      watch(local, ref as ActorRef<never>),
    );
    await settle();
    failing?.tell('fail');
    local.system.kill(killed as ActorRef<never>);
    stopping?.tell('stop');
    await settle();
    expect(told).toMatchObject([{ reason: 'failed', cause: { code: 'broken' } }]);
    const [signal] = told as Extract<Signal, { type: 'terminated' }>[];
    expect(signal?.cause?.error).toBeInstanceOf(BrokenError);
    expect(signal?.cause?.message).toHaveLength(500);
    expect(toldOfKill).toMatchObject([{ reason: 'killed', cause: { code: 'actor-killed' } }]);
    expect((toldOfKill?.[0] as typeof signal)?.cause?.error).toBeInstanceOf(ActorKilledError);
    expect(toldOfStop).toMatchObject([{ reason: 'stopped' }]);
    expect(toldOfStop?.[0]).not.toHaveProperty('cause');
  });

  it('carries code and message, without the error object, to another node and to a late watcher', async () => {
    const hub = createTestHub();
    const [near, far] = [createTestNode(hub, { nodeId: 'near' }), createTestNode(hub, { nodeId: 'far' })];
    await settle();
    const target = far.system.spawn(mortal(), 'it');
    const early = watch(near, near.system.refFor('far', 'it'));
    await settle();
    target.tell('fail');
    await settle();
    const late = watch(far, target);
    await settle();
    for (const seen of [early, late]) {
      expect(seen).toMatchObject([{ reason: 'failed', cause: { code: 'broken' } }]);
      expect((seen[0] as Extract<Signal, { type: 'terminated' }>).cause).not.toHaveProperty('error');
    }
  });

  it('is the cause of the failure of a watcher that does not handle it, and of a linked actor', async () => {
    const { system, events } = localSystem();
    for (const how of ['watch', 'link'] as const) {
      const target = system.spawn(mortal(), `target-of-${how}`);
      const recipe = props<never>(
        () =>
          setup((context) => {
            context[how](target);
            return receive<never>(() => undefined);
          }),
        { restart: 'temporary' },
      );
      system.spawn(recipe, how);
      await settle();
      target.tell('fail');
      await settle();
      const ended = events.find((event) => event.type === 'stopped' && event.path === how);
      const { cause } = ended as { readonly cause?: unknown };
      expect(cause).toBeInstanceOf(DeathPactError);
      expect((cause as Error).cause).toBeInstanceOf(BrokenError);
    }
  });
});

it('an actor sees its parent, and its children in start order', async () => {
  const { system, clock } = localSystem();
  let parent: ActorContext<'spawn' | 'stop'> | undefined;
  const seen: unknown[] = [];
  const child = props<'fail'>(() =>
    setup((context) => {
      seen.push(context.parent?.address.path);
      return receive(() => {
        throw new Error('as told');
      });
    }),
  );
  system.spawn(
    props<'spawn' | 'stop'>(() =>
      setup((context) => {
        parent = context;
        for (const name of ['one', 'two', 'three']) context.spawn(child, name);
        return receive(() => undefined);
      }),
    ),
    'top',
  );
  await settle();
  const names = () => parent?.children.map(({ address }) => address.path);
  expect(parent?.parent).toBeUndefined();
  expect(names()).toEqual(['top/one', 'top/two', 'top/three']);
  parent?.stop(parent.children[1] as ActorRef<never>);
  (parent?.children[0] as ActorRef<'fail'> | undefined)?.tell('fail');
  await advance(clock, 1_000);
  expect(names()).toEqual(['top/one', 'top/three']);
  expect(seen).toEqual(['top', 'top', 'top', 'top']);
  await system.stop(system.refFor('n1', 'top'));
  expect(names()).toEqual([]);
});

const lettersOf = ({
  system,
}: Pick<TestNode, 'system'>): Extract<RuntimeEvent, { type: 'dead-letter' }>[] => {
  const letters: Extract<RuntimeEvent, { type: 'dead-letter' }>[] = [];
  system.onEvent((event) => void (event.type === 'dead-letter' && letters.push(event)));
  return letters;
};

describe('a dead letter', () => {
  it('contains the message itself on the node that sent it', async () => {
    const local = localSystem();
    const letters = lettersOf(local);
    const message = { type: 'order', id: 7 };
    local.system.refFor<unknown>('n1', 'nobody').tell(message);
    local.system.refFor<unknown>('elsewhere', 'nobody').tell(message);
    await local.system
      .ask<unknown, never>(local.system.refFor('n1', 'nobody'), () => message, { timeoutMs: 9 })
      .catch(() => undefined);
    expect(letters.map((letter) => letter.message)).toEqual([message, message, message]);
    expect(letters[0]?.message).toBe(message);
  });

  it('shows the tag and the beginning of a message of another node, and reads no more of it', async () => {
    const hub = createTestHub();
    const [near, far] = [createTestNode(hub, { nodeId: 'near' }), createTestNode(hub, { nodeId: 'far' })];
    await settle();
    far.system.spawn(mortal(), 'it');
    const letters = lettersOf(far);
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field-${i}`, 'y'.repeat(90)]));
    const sent: readonly [unknown, string][] = [
      [{ type: 'order', ...many }, 'order'],
      [['delta', 1, 2], 'delta'],
      [Array.from({ length: 9_999 }, (_, i) => i), 'array'],
      [7, 'number'],
      [null, 'null'],
    ];
    for (const [message] of sent) near.system.refFor<unknown>('far', 'it').tell(message);
    await settle();
    expect(letters.map(({ preview }) => preview?.tag)).toEqual(sent.map(([, tag]) => tag));
    for (const letter of letters) {
      expect(letter).not.toHaveProperty('message');
      expect(letter.preview?.text.length).toBeLessThanOrEqual(200);
    }
    expect(letters[1]?.preview?.text).toBe('["delta", 1, 2]');
  });

  it('reads no more of a message than it shows', () => {
    let reads = 0;
    const message = {};
    for (let n = 0; n < 1_000; n++)
      Object.defineProperty(message, `field-${n}`, { enumerable: true, get: () => ++reads });
    expect(previewOf(message)).toEqual({ tag: 'Object', text: expect.stringContaining('field-7: 8, …}') });
    expect(reads).toBe(8);
  });
});
