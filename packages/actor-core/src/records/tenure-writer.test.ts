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
  const push = (write: number): void =>
    writer.push({ write, subject: `s${write}`, payload: new Uint8Array() });
  const settleNext = async (error?: Error): Promise<void> => {
    const append = pending.shift();
    if (error === undefined) append?.resolve();
    else append?.reject(error);
    await settle();
  };
  return { writer, push, appended, outcomes, settleNext };
}

it('has one write in flight and keeps the order', async () => {
  const { push, appended, outcomes, settleNext } = setup();
  push(1);
  push(2);
  expect(appended).toEqual(['s1']);
  await settleNext();
  expect(appended).toEqual(['s1', 's2']);
  await settleNext();
  expect(outcomes).toEqual(['written 1', 'written 2']);
});

it('repeats a failed write before the next one, when it is told to', async () => {
  const { writer, push, appended, outcomes, settleNext } = setup();
  push(1);
  push(2);
  await settleNext(new Error('unknown outcome'));
  expect(appended).toEqual(['s1']);
  writer.pump();
  await settleNext();
  expect(appended).toEqual(['s1', 's1', 's2']);
  expect(outcomes).toEqual(['failed', 'written 1']);
  expect(writer.depth).toBe(1);
});

it('writes and reports nothing after it was stopped', async () => {
  const { writer, push, appended, outcomes, settleNext } = setup();
  push(1);
  push(2);
  writer.stop();
  await settleNext();
  push(3);
  expect(appended).toEqual(['s1']);
  expect(outcomes).toEqual([]);
});
