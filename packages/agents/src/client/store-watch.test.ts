import { ManualClock, settle } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { AgentsError } from '../errors.ts';
import { StoreWatch } from './store-watch.ts';

async function setup(): Promise<{
  watch: StoreWatch;
  clock: ManualClock;
  asked: () => number;
  answer: (error?: AgentsError) => Promise<void>;
}> {
  const clock = new ManualClock();
  let pending: PromiseWithResolvers<void> | undefined;
  let asked = 0;
  const watch = new StoreWatch(clock, () => {
    asked += 1;
    pending = Promise.withResolvers<void>();
    return pending.promise;
  });
  return {
    watch,
    clock,
    asked: () => asked,
    async answer(error) {
      if (error === undefined) pending?.resolve();
      else pending?.reject(error);
      await settle();
    },
  };
}

it('never waits: a call returns the answer to an earlier question, with its age', async () => {
  const { watch, clock, asked, answer } = await setup();
  expect(watch.trouble()).toBeUndefined();
  expect(watch.trouble()).toBeUndefined();
  expect(asked()).toBe(1);
  await answer(new AgentsError('store-full', 'no room'));
  clock.advance(400);
  expect(watch.trouble()).toEqual({ code: 'store-full', message: 'no room', evidenceAgeMs: 400 });
  expect(asked()).toBe(1);
});

it('forgets a trouble when the leader reports that it is over, and keeps it without an answer', async () => {
  const { watch, clock, asked, answer } = await setup();
  watch.trouble();
  await answer(new AgentsError('store-missing', 'gone'));
  clock.advance(1_500);
  expect(watch.trouble()?.code).toBe('store-missing');
  expect(asked()).toBe(2);
  await answer(new AgentsError('no-leader', 'nobody'));
  clock.advance(100);
  expect(watch.trouble()?.evidenceAgeMs).toBe(1_600);
  await answer();
  expect(watch.trouble()).toBeUndefined();
});
