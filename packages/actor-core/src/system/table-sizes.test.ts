import { it, expect } from 'vitest';
import { ManualClock } from '../testing/manual-clock.ts';
import { settle } from '../testing/settle.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import { props } from '../cell/create-props.ts';
import { tableSizes } from './local-system.ts';

function setup() {
  const clock = new ManualClock();
  const system = createActorSystem({ clock });
  return { clock, system };
}

it('a timer that has fired is removed, whatever its key', async () => {
  const { clock, system } = setup();
  const reminder = system.spawn(
    props<number | 'due'>(() =>
      receive((message, context) => {
        if (message !== 'due') context.setTimer(`reminder-${message}`, 10, 'due');
      }),
    ),
  );
  for (let n = 0; n < 100; n++) reminder.tell(n);
  await settle();
  expect(tableSizes(system).timers).toBe(100);
  clock.advance(10);
  await settle();
  expect(tableSizes(system).timers).toBe(0);
});

it('a timer that the message of the previous timer sets again stays', async () => {
  const { clock, system } = setup();
  let ticks = 0;
  const ticker = system.spawn(
    props<'tick'>(() =>
      receive((_, context) => {
        ticks++;
        context.setTimer('tick', 10, 'tick');
      }),
    ),
  );
  ticker.tell('tick');
  await settle();
  for (let n = 0; n < 3; n++) {
    clock.advance(10);
    await settle();
  }
  expect([ticks, tableSizes(system).timers]).toEqual([4, 1]);
});

it('a sibling that was slow to stop for a restart leaves no waiter for its end', async () => {
  const { clock, system } = setup();
  const gates: (() => void)[] = [];
  const busy = props<'work'>(() => receive(() => new Promise<void>((resolve) => gates.push(resolve))));
  const crashing = props<'crash'>(() =>
    receive(() => {
      throw new Error('as told');
    }),
  );
  const children: ActorRef<string>[] = [];
  system.spawn(
    props<never>(
      () => ({
        kind: 'setup',
        create: (context) => {
          children.push(context.spawn(busy as never, 'busy'), context.spawn(crashing as never, 'crashing'));
          return receive(() => undefined);
        },
      }),
      { supervision: { strategy: 'one-for-all', intensity: 1_000, backoffMs: 1 } },
    ),
    'family',
  );
  await settle();
  for (let n = 0; n < 5; n++) {
    children[0]?.tell('work');
    await settle();
    children[1]?.tell('crash');
    await settle();
    gates.pop()?.();
    await settle();
    clock.advance(10_000);
    await settle();
  }
  expect(system.inspect().find(({ path }) => path === 'family/busy')).toMatchObject({
    incarnation: 6,
    state: 'running',
  });
  expect(tableSizes(system)).toMatchObject({ restarts: 0, endWaiters: 0 });
});
