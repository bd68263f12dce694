import { settle } from '../testing/settle.ts';
import { expect, it } from 'vitest';
import { TenureWriter } from './tenure-writer.ts';

/** A writer whose appends are settled by the test. */
function setup() {
  const appended: string[] = [];
  const outcomes: string[] = [];
  const pending: PromiseWithResolvers<void>[] = [];
  const writer = new TenureWriter(
    (subject) => {
      appended.push(subject);
      const append = Promise.withResolvers<void>();
      pending.push(append);
      return append.promise;
    },
    (outcome) => outcomes.push(outcome.type === 'written' ? `written ${outcome.write}` : 'failed'),
  );
  const push = (write: number, subject = `s${write}`): void =>
    writer.push({ write, subject, payload: new Uint8Array() });
  const settleNext = async (error?: Error): Promise<void> => {
    const append = pending.shift();
    if (error === undefined) append?.resolve();
    else append?.reject(error);
    await settle();
  };
  return { writer, push, appended, outcomes, settleNext };
}

it('hands writes to different subjects over at once, and keeps the order of those to one subject', async () => {
  const { writer, push, appended, outcomes, settleNext } = setup();
  push(1);
  push(2);
  push(3, 's1');
  push(4, 's1');
  expect(appended).toEqual(['s1', 's2']);
  await settleNext();
  expect(appended).toEqual(['s1', 's2', 's1']);
  await settleNext();
  await settleNext();
  await settleNext();
  expect(outcomes).toEqual(['written 1', 'written 2', 'written 3', 'written 4']);
  expect(writer.depth).toBe(0);
});

it('repeats a failed write before the next one to its subject, when it is told to', async () => {
  const { writer, push, appended, outcomes, settleNext } = setup();
  push(1);
  push(2, 's1');
  await settleNext(new Error('unknown outcome'));
  expect(appended).toEqual(['s1']);
  push(3, 's1');
  expect(appended).toEqual(['s1']);
  writer.repeat();
  await settleNext();
  expect(appended).toEqual(['s1', 's1', 's1']);
  expect(outcomes).toEqual(['failed', 'written 1']);
  expect(writer.depth).toBe(2);
});

it('reports one failure for all writes that fail until they are repeated', async () => {
  const { writer, push, outcomes, settleNext } = setup();
  for (const write of [1, 2, 3]) push(write);
  for (let failures = 0; failures < 3; failures++) await settleNext(new Error('unknown outcome'));
  expect(outcomes).toEqual(['failed']);
  writer.repeat();
  await settleNext(new Error('unknown outcome'));
  await settleNext();
  expect(outcomes).toEqual(['failed', 'failed', 'written 2']);
});

it('writes and reports nothing after it was stopped', async () => {
  const { writer, push, appended, outcomes, settleNext } = setup();
  push(1);
  push(2, 's1');
  writer.stop();
  await settleNext();
  push(3);
  expect(appended).toEqual(['s1']);
  expect(outcomes).toEqual([]);
});
