import { QueueNotFoundError, type Queues } from '@drover/actor-core/cluster';
import { ManualClock } from '@drover/actor-core/testing';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { registerQueueGauges } from './queue-gauges.ts';

type Asked = Pick<Queues, 'list' | 'counts'>;

function setup(counts: Asked['counts'], names: readonly string[] = ['mail', 'gone']) {
  const clock = new ManualClock();
  const registry = new Registry();
  let lists = 0;
  const list: Asked['list'] = () => {
    lists += 1;
    return Promise.resolve(names.map((queue) => ({ queue, createdAtMs: 0, priorities: [] })));
  };
  registerQueueGauges(registry, { list, counts }, clock);
  const read = async () =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('drover_queue_'));
  return { clock, read, lists: () => lists };
}

const full = { depth: 7, inFlight: 2, delayed: 1, dead: 3, oldestAtMs: undefined };

it('shows what waits in each queue, without a queue that was removed meanwhile', async () => {
  const { read } = setup(({ queue }) =>
    queue === 'gone' ? Promise.reject(new QueueNotFoundError(queue)) : Promise.resolve(full),
  );
  expect(await read()).toEqual([
    'drover_queue_depth{queue="mail"} 7',
    'drover_queue_in_flight{queue="mail"} 2',
    'drover_queue_delayed{queue="mail"} 1',
    'drover_queue_dead{queue="mail"} 3',
    'drover_queue_oldest_age_seconds{queue="mail"} 0',
  ]);
});

it('asks the store once for scrapes within five seconds', async () => {
  const { clock, read, lists } = setup(() => Promise.resolve(full));
  await read();
  clock.advance(4_000);
  await read();
  expect(lists()).toBe(1);
  clock.advance(2_000);
  await read();
  expect(lists()).toBe(2);
});

it('shows no counts, and answers within a second, while the store does not answer', async () => {
  let answers = true;
  const { clock, read } = setup(() => (answers ? Promise.resolve(full) : new Promise(() => undefined)));
  expect(await read()).not.toEqual([]);
  answers = false;
  clock.advance(6_000);
  const reading = read();
  await new Promise<void>((resolve) => setImmediate(resolve));
  clock.advance(1_000);
  expect(await reading).toEqual([]);
});
