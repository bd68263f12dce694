import { expect, it } from 'vitest';
import { seededRandom } from '../../random/seeded-random.ts';
import { RequestTimeoutError, StoreUnavailableError } from '../../errors.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { memoryLogsKit } from '../../testing/memory-logs.ts';
import { settle } from '../../testing/settle.ts';
import type { HeaderTransport } from '../../transport/transport.ts';
import { JetStreamClient } from '../jetstream/jetstream-client.ts';
import type { LogOperation } from '../log/log-fault.ts';
import { RecordWriter } from '../log/record-writer.ts';
import { JetStreamConsumers } from './jetstream-consumers.ts';
import { LogWorkQueues } from './log-work-queue.ts';
import { MemoryLeases } from './memory-consumers.ts';
import type { Settlement } from './partition-consumers.ts';
import { consumerOf, resolveQueueSpec } from './queue-spec.ts';

const leaseMs = 1_000;
const spec = { name: 'q', prefix: 'wq.q', feed: 'feed.q', leaseMs };

/** A queue with one task, of a process whose wall clock is set back by an hour during operations of that kind. */
async function setup(setBackDuring: LogOperation['kind']) {
  const { log, logs, clock, random, settled } = memoryLogsKit();
  let offsetMs = 0;
  let isArmed = false;
  const ownClock = {
    now: () => clock.now(),
    wallNow: () => clock.wallNow() + offsetMs,
    setTimer: clock.setTimer.bind(clock),
  };
  const writer = new RecordWriter({ log, clock: ownClock, random });
  const consumers = new MemoryLeases(logs, clock).connect('one');
  const queue = await new LogWorkQueues({ log, writer, consumers, clock: ownClock }).ensure(spec);
  await settled(queue.put({ id: 'a', body: new Uint8Array(0) }));
  logs.faults = ({ kind }) => {
    if (isArmed && kind === setBackDuring) offsetMs = -3_600_000;
    return undefined;
  };
  const arm = () => {
    isArmed = true;
  };
  return { queue, clock, logs, arm, wallNow: () => ownClock.wallNow() };
}

it('a lease lasts no longer where the wall clock is set back while the task is on its way', async () => {
  const { queue, arm, wallNow } = await setup('pull');
  arm();
  const [task] = await queue.take({ max: 1 });
  expect((task?.lease.expiresAtMs ?? Infinity) - wallNow()).toBeLessThanOrEqual(leaseMs);
});

it('an extended lease lasts no longer where the wall clock is set back while the answer is on its way', async () => {
  const { queue, arm, wallNow } = await setup('settle');
  const [task] = await queue.take({ max: 1 });
  if (task === undefined) throw new Error('there is no task');
  arm();
  const outcome = await queue.extend(task.lease, 2 * leaseMs);
  if (outcome.kind !== 'extended') throw new Error('the lease was lost');
  expect(outcome.lease.expiresAtMs - wallNow()).toBeLessThanOrEqual(2 * leaseMs);
});

it('a lease that ends while its task is read is lost, although the wall clock is set back meanwhile', async () => {
  const { queue, clock, logs, arm } = await setup('read');
  const [task] = await queue.take({ max: 1 });
  if (task === undefined) throw new Error('there is no task');
  const { faults } = logs;
  arm();
  logs.faults = (operation) => {
    if (operation.kind === 'read') clock.advance(leaseMs);
    return faults?.(operation);
  };
  expect(await queue.nack(task.lease)).toBe('lease-lost');
});

it.each([
  ['once where it gives the task back at once', { kind: 'again', delayMs: 0 }, 1],
  ['until the task may be delivered again', { kind: 'again', delayMs: 2_000 }, 2],
  ['until the end of the lease where it is done', { kind: 'done' }, 5],
] as const)('a settlement that is not answered is sent %s', async (_, settlement: Settlement, most) => {
  const clock = new ManualClock();
  let sent = 0;
  const transport = {
    requestWithHeaders: (subject: string, _payload: unknown, _headers: unknown, timeoutMs: number) =>
      new Promise((_resolve, reject) => {
        sent++;
        clock.setTimer(timeoutMs, () => reject(new RequestTimeoutError(subject, timeoutMs)));
      }),
  } as unknown as HeaderTransport;
  const consumers = new JetStreamConsumers(
    new JetStreamClient({ transport, clock, random: seededRandom(1), operationTimeoutMs: 10_000 }),
  );
  const full = resolveQueueSpec(spec);
  const token = `$JS.ACK.${full.log.name}.${consumerOf(full, 'p0')}.1.1.1.1767225600000000000.0`;
  const settled = consumers.settle(full, token, settlement, 5_000);
  const refused = expect(settled).rejects.toBeInstanceOf(StoreUnavailableError);
  for (let passedMs = 0; passedMs < 6_000; passedMs += 50) {
    await settle(2);
    clock.advance(50);
  }
  await refused;
  expect(sent).toBe(most);
});
