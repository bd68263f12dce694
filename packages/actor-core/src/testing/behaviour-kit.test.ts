import { expect, it } from 'vitest';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup, stopped, unhandled } from '../actor/behaviour.ts';
import type { Behaviour } from '../actor/actor-context.ts';
import { runBehaviour } from './behaviour-kit.ts';

type Order =
  | { readonly type: 'open'; readonly replyTo: ActorRef<string> }
  | { readonly type: 'put'; readonly item: string }
  | { readonly type: 'price'; readonly of: ActorRef<{ readonly replyTo: ActorRef<number> }> }
  | { readonly type: 'fail' | 'close' | 'odd' };

/** Keeps items until it is opened, then hands them out; stays open for at most a second. */
function box(): Behaviour<Order> {
  return setup((context) => {
    const helper = context.spawn<string>({ create: () => receive(() => undefined) }, 'helper');
    context.watch(helper);
    return receive((message) => {
      if (message.type === 'put') return context.stash(message);
      if (message.type !== 'open') return unhandled;
      context.setTimer('close', 1_000, { type: 'close' });
      context.unstashAll();
      return open(message.replyTo);
    });
  });
}

function open(to: ActorRef<string>): Behaviour<Order> {
  return receive(
    (message, context) => {
      if (message.type === 'put') to.tell(message.item, { lane: 'control' });
      if (message.type === 'close') return stopped;
      if (message.type === 'fail') throw new Error('dropped');
      if (message.type !== 'price') return undefined;
      return context
        .ask<{ readonly replyTo: ActorRef<number> }, number>(message.of, (replyTo) => ({ replyTo }), {
          timeoutMs: 500,
        })
        .then((price) => to.tell(`costs ${price}`));
    },
    (signal) => {
      if (signal.type === 'post-stop') to.tell('closed');
    },
  );
}

it('records the effects of a behaviour as data, in order', () => {
  const kit = runBehaviour(box());
  expect(kit.takeEffects()).toMatchObject([
    { type: 'spawned', name: 'helper' },
    { type: 'watched', path: 'actor/helper' },
  ]);
  kit.run({ type: 'put', item: 'pen' });
  kit.run({ type: 'odd' });
  kit.run({ type: 'open', replyTo: kit.ref('customer') });
  expect(kit.takeEffects()).toEqual([
    { type: 'stashed', message: { type: 'put', item: 'pen' } },
    { type: 'unhandled', message: { type: 'odd' } },
    { type: 'timer-set', key: 'close', afterMs: 1_000, message: { type: 'close' } },
    { type: 'unstashed', messages: [{ type: 'put', item: 'pen' }] },
    { type: 'told', to: 'customer', message: 'pen', lane: 'control' },
  ]);
  kit.run({ type: 'close' });
  expect(kit.state).toBe('stopped');
  expect(kit.takeEffects()).toEqual([{ type: 'told', to: 'customer', message: 'closed', lane: 'data' }]);
  expect(() => kit.run({ type: 'close' })).toThrow('it has stopped');
});

it('records a question as an effect that the test answers or fails', async () => {
  const kit = runBehaviour(open({ address: {} as never, tell: (text) => told.push(text) }));
  const told: string[] = [];
  const handled = kit.runAsync({ type: 'price', of: kit.ref('shop') });
  const [asked] = kit.takeEffects();
  if (asked?.type !== 'asked') throw new Error('it asked no question');
  expect(asked).toMatchObject({ to: 'shop', timeoutMs: 500 });
  (asked.message as { replyTo: ActorRef<number> }).replyTo.tell(42);
  await handled;
  expect(told).toEqual(['costs 42']);
  const failing = kit.runAsync({ type: 'price', of: kit.ref('shop') });
  const [again] = kit.takeEffects();
  if (again?.type === 'asked') again.fail(new Error('shut'));
  await expect(failing).rejects.toThrow('shut');
  expect(kit.state).toBe('failed');
});

it('reports a handler that throws as failed, and asks for runAsync when a handler returns a promise', () => {
  const failing = runBehaviour(open({ address: {} as never, tell: () => undefined }));
  expect(() => failing.run({ type: 'fail' })).toThrow('dropped');
  expect(failing.state).toBe('failed');
  const awaiting = runBehaviour(open({ address: {} as never, tell: () => undefined }));
  expect(() => awaiting.run({ type: 'price', of: awaiting.ref('shop') })).toThrow('use runAsync');
});
