import { expect, it } from 'vitest';
import { memoryLogsKit, type MemoryLogsKit } from '../../testing/memory-logs.ts';
import type { WriteOutcome } from './decide-write.ts';
import type { Expectation, Log, NewRecord } from './log.ts';
import { RecordWriter } from './record-writer.ts';

interface Bundle extends MemoryLogsKit {
  readonly writer: RecordWriter;
  /** Writes while time passes. */
  readonly write: (value: string, expect?: Expectation, record?: Partial<NewRecord>) => Promise<WriteOutcome>;
  readonly values: () => Promise<string[]>;
}

async function setup(historyPerSubject = 1): Promise<Bundle> {
  const kit = memoryLogsKit();
  await kit.log.ensure({ name: 'L', subjects: ['l.>'], historyPerSubject });
  const writer = new RecordWriter({ log: kit.log, clock: kit.clock, random: kit.random });
  await writer.prepare('L');
  return {
    ...kit,
    writer,
    write: (value, expectation, record) =>
      kit.settled(
        writer.write(
          'L',
          { subject: 'l.a', payload: new TextEncoder().encode(value), ...record },
          expectation,
        ),
      ),
    async values() {
      const { records } = await kit.log.readForward('L', { from: 1 });
      return records.map(({ payload }) => new TextDecoder().decode(payload));
    },
  };
}

it('returns the sequence of the record', async () => {
  const { write } = await setup();
  expect(await write('1')).toEqual({ kind: 'written', sequence: 1 });
});

it('reports an expectation that does not hold as rejected, with the actual sequence', async () => {
  const { write } = await setup();
  await write('1');
  expect(await write('2', { subject: 'l.a', sequence: 0 })).toEqual({ kind: 'rejected', actual: 1 });
});

it('repeats while a check is in flight and reports nothing as rejected', async () => {
  const { write, plan } = await setup();
  await write('1');
  plan('append', 'check-in-flight', 'check-in-flight', 'check-in-flight');
  expect(await write('2', { subject: 'l.a', sequence: 1 })).toEqual({ kind: 'written', sequence: 2 });
});

it('repeats an attempt that did not arrive', async () => {
  const { write, plan, values } = await setup(0);
  plan('append', 'away', 'away');
  expect(await write('1')).toEqual({ kind: 'written', sequence: 1 });
  expect(await values()).toEqual(['1']);
});

it('finds a write whose reply was lost', async () => {
  const { write, plan, writer } = await setup();
  plan('append', 'reply-lost');
  expect(await write('1', { subject: 'l.a', sequence: 0 })).toEqual({ kind: 'written', sequence: 1 });
  expect(writer.resolved).toEqual({ found: 1, absent: 0, inconclusive: 0 });
});

it('does not append twice when the log forgot the message id before the write was repeated', async () => {
  const { write, plan, values, logs } = await setup(0);
  const { faults } = logs;
  logs.faults = (operation) => {
    if (operation.kind === 'read') logs.forgetMessageIds('L');
    return faults?.(operation);
  };
  plan('append', 'reply-lost');
  plan('read', 'away', 'away');
  expect(await write('1')).toEqual({ kind: 'written', sequence: 1 });
  expect(await values()).toEqual(['1']);
});

it('is stored once although a server that lags behind hid it and the log forgot its message id', async () => {
  const { write, plan, values, logs } = await setup();
  const { faults } = logs;
  logs.faults = (operation) => {
    if (operation.kind === 'read') logs.forgetMessageIds('L');
    return faults?.(operation);
  };
  plan('append', 'reply-lost');
  // The state of the log, then its newest records.
  plan('read', undefined, 'stale-read');
  expect(await write('1')).toEqual({ kind: 'written', sequence: 1 });
  expect(logs.stream('L').info.lastSequence).toBe(1);
  expect(await values()).toEqual(['1']);
});

it('does not replace what another writer wrote after a look that found nothing', async () => {
  const { write, plan, values, log, logs } = await setup();
  const { faults } = logs;
  let attempts = 0;
  logs.faults = (operation) => {
    if (operation.kind === 'append' && ++attempts === 2)
      logs.append('L', [{ subject: 'l.a', payload: new TextEncoder().encode('other') }]);
    return faults?.(operation);
  };
  await log.append('L', { subject: 'l.b', payload: new Uint8Array(0) });
  attempts = 0;
  plan('append', 'away');
  await expect(write('mine')).rejects.toMatchObject({ code: 'store-unavailable', isRefused: false });
  expect(await values()).toEqual(['', 'other']);
});

it('repeats a write that asserts nothing on top of what others wrote before', async () => {
  const { write, plan, values, writer } = await setup();
  await write('before');
  plan('append', 'away', 'away');
  expect(await write('after')).toEqual({ kind: 'written', sequence: 2 });
  expect([await values(), writer.resolved.absent]).toEqual([['after'], 2]);
});

it('finds an accepted write although a later writer has moved the fence, where history is kept', async () => {
  const { write, plan, log, logs } = await setup(0);
  await log.append('L', { subject: 'l.lead', payload: new Uint8Array(0) });
  const { faults } = logs;
  let appends = 0;
  logs.faults = (operation) => {
    // The first look fails; until the second one another leader takes over and writes.
    if (operation.kind === 'read' && ++appends === 1) {
      logs.append('L', [{ subject: 'l.lead', payload: new Uint8Array(0) }]);
      logs.append('L', [{ subject: 'l.a', payload: new Uint8Array(0) }]);
      return 'away';
    }
    return faults?.(operation);
  };
  plan('append', 'reply-lost');
  expect(await write('mine', { subject: 'l.lead', sequence: 1 })).toEqual({ kind: 'written', sequence: 2 });
});

it('reports a write as unknown, not as rejected, when a later one may have replaced its record', async () => {
  const { write, plan, log, logs } = await setup(1);
  await log.append('L', { subject: 'l.lead', payload: new Uint8Array(0) });
  const { faults } = logs;
  let reads = 0;
  logs.faults = (operation) => {
    if (operation.kind === 'read' && ++reads === 1) {
      logs.append('L', [{ subject: 'l.lead', payload: new Uint8Array(0) }]);
      logs.append('L', [{ subject: 'l.a', payload: new Uint8Array(0) }]);
      return 'away';
    }
    return faults?.(operation);
  };
  plan('append', 'reply-lost');
  await expect(write('mine', { subject: 'l.lead', sequence: 1 })).rejects.toMatchObject({
    code: 'store-unavailable',
  });
});

it('reports an unanswered write as rejected once it is certain that it was not accepted', async () => {
  const { write, plan, log, logs } = await setup(1);
  await log.append('L', { subject: 'l.lead', payload: new Uint8Array(0) });
  const { faults } = logs;
  let reads = 0;
  logs.faults = (operation) => {
    if (operation.kind === 'read' && ++reads === 1)
      logs.append('L', [{ subject: 'l.lead', payload: new Uint8Array(0) }]);
    return faults?.(operation);
  };
  plan('append', 'away');
  expect(await write('mine', { subject: 'l.lead', sequence: 1 })).toEqual({ kind: 'rejected', actual: 2 });
});

it('says that nothing was written only when the store refused every attempt', async () => {
  const { write, plan, values } = await setup();
  plan('append', 'full');
  await expect(write('1')).rejects.toMatchObject({ code: 'store-full', isRefused: true });
  // The first attempt is not answered, and may still arrive.
  plan('append', 'away', 'full');
  await expect(write('2')).rejects.toMatchObject({ code: 'store-full', isRefused: false });
  expect(await values()).toEqual([]);
});

it('fails as unknown when the log stays away', async () => {
  const { write, logs } = await setup();
  logs.faults = () => 'away';
  await expect(write('1')).rejects.toMatchObject({ code: 'store-unavailable' });
});

it('finds an accepted write in a log that replaced the one it knew', async () => {
  const { write, plan, log, logs } = await setup(0);
  for (let i = 0; i < 10; i++) await write('before');
  logs.wipe();
  await log.ensure({ name: 'L', subjects: ['l.>'], historyPerSubject: 0 });
  const { faults } = logs;
  let reads = 0;
  logs.faults = (operation) => {
    if (operation.kind === 'read' && ++reads === 1)
      logs.append('L', [{ subject: 'l.a', payload: new Uint8Array(0) }]);
    return faults?.(operation);
  };
  plan('append', 'reply-lost');
  expect(await write('mine', { subject: 'l.a', sequence: 0 })).toEqual({ kind: 'written', sequence: 1 });
});

it('does not believe a server that lags behind the refusal of a repetition', async () => {
  const { log, logs, clock, random, settled } = memoryLogsKit();
  await log.ensure({ name: 'L', subjects: ['l.>'], historyPerSubject: 0 });
  const lead = { subject: 'l.lead', payload: new Uint8Array(0) };
  await log.append('L', lead);
  let attempts = 0;
  let lagging = 2;
  const lossy: Log = new Proxy(log, {
    get(target, key) {
      if (key === 'append')
        return async (...parameters: Parameters<Log['append']>) => {
          const outcome = await target.append(...parameters);
          // The first attempt is accepted, its reply lost, and a successor takes over.
          if (++attempts > 1) return outcome;
          await target.append('L', lead);
          return { kind: 'unanswered', cause: 'lost' };
        };
      if (key === 'readForward')
        return async (...parameters: Parameters<Log['readForward']>) =>
          lagging-- > 0 ? { records: [], next: 2, isEnd: true } : target.readForward(...parameters);
      return (Reflect.get(target, key) as () => unknown).bind(target);
    },
  });
  const writer = new RecordWriter({ log: lossy, clock, random });
  await writer.prepare('L');
  const record = { subject: 'l.a', payload: new Uint8Array(0) };
  const outcome = await settled(writer.write('L', record, { subject: 'l.lead', sequence: 1 }));
  expect(outcome).toEqual({ kind: 'written', sequence: 2 });
  expect(logs.stream('L').info.records).toBe(3);
});

it('fails as missing when the log is not there', async () => {
  const { write, logs } = await setup();
  logs.wipe();
  await expect(write('1')).rejects.toMatchObject({ code: 'store-missing' });
});

it('finds a batch whose reply was lost', async () => {
  const { writer, plan, values } = await setup(0);
  plan('append', 'reply-lost');
  const batch = ['x', 'y'].map((value) => ({
    subject: `l.${value}`,
    payload: new TextEncoder().encode(value),
  }));
  expect(await writer.writeBatch('L', batch)).toEqual({ kind: 'written', sequence: 2 });
  expect(await values()).toEqual(['x', 'y']);
});
