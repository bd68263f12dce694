import { describe, expect, it } from 'vitest';
import { InvalidArgumentError, MessageTooLargeError } from '../errors.ts';
import { RecordWriter } from '../storage/log/record-writer.ts';
import { memoryLogsKit, type MemoryLogsKit } from '../testing/memory-logs.ts';
import { createFence, type Fence, takeFence } from './fence.ts';
import { FencedWriter, type FencedWriterOptions } from './fenced-writer.ts';

const text = (value: string) => new TextEncoder().encode(value);
const at = (leaf: string, value = leaf) => ({ subject: `g.${leaf}`, payload: text(value) });

interface Bundle extends MemoryLogsKit {
  readonly writer: RecordWriter;
  readonly fenced: FencedWriter;
  /** Takes the fence over from the holder of that sequence. */
  readonly lead: (after: number) => Promise<Fence>;
  readonly values: () => Promise<string[]>;
}

async function setup(options: Partial<FencedWriterOptions> = {}): Promise<Bundle> {
  const kit = memoryLogsKit();
  const { log, clock, random } = kit;
  await log.ensure({ name: 'G', subjects: ['g.>'], historyPerSubject: 0 });
  const writer = new RecordWriter({ log, clock, random });
  return {
    ...kit,
    writer,
    fenced: new FencedWriter({ log, writer, assertionSubject: 'g.assert', ...options }),
    async lead(after) {
      const taken = await takeFence(writer, { log: 'G', after, record: at('lead') });
      if (taken.kind === 'lost') throw new Error('another candidate was first');
      return taken.fence;
    },
    async values() {
      const { records } = await log.readForward('G', { from: 1 });
      return records
        .map(({ payload }) => new TextDecoder().decode(payload))
        .filter((value) => value !== 'lead');
    },
  };
}

describe('takeFence', () => {
  it('gives the fence to one of two candidates', async () => {
    const { writer } = await setup();
    const candidacy = { log: 'G', after: 0, record: at('lead') };
    const outcomes = await Promise.all([takeFence(writer, candidacy), takeFence(writer, candidacy)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['taken', 'lost']);
  });

  it('has the fence when its reply was lost', async () => {
    const { lead, plan } = await setup();
    plan('append', 'reply-lost');
    expect((await lead(0)).sequence).toBe(1);
  });

  it('refuses a fence of sequence 0, which protects nothing', () => {
    expect(() => createFence('G', 'g.lead', 0)).toThrow(InvalidArgumentError);
  });
});

describe('FencedWriter', () => {
  it('writes under the newest fence and reports a deposed holder', async () => {
    const { fenced, lead, values } = await setup();
    const first = await lead(0);
    expect(await fenced.write(first, at('a', '1'))).toEqual({ kind: 'written', sequence: 2 });
    const second = await lead(first.sequence);
    expect(await fenced.write(first, at('a', 'stale'))).toEqual({ kind: 'deposed', newest: 3 });
    expect(await fenced.write(second, at('a', '2'))).toMatchObject({ kind: 'written' });
    expect(await values()).toEqual(['1', '2']);
  });

  it('refuses a decision of an earlier leadership after it was lost and regained', async () => {
    const { fenced, lead, values } = await setup();
    const mine = await lead(0);
    const theirs = await lead(mine.sequence);
    await fenced.write(theirs, at('balance', '500'));
    const regained = await lead(theirs.sequence);
    expect(await fenced.write(mine, at('balance', '101'))).toMatchObject({ kind: 'deposed' });
    expect(await fenced.write(regained, at('other'))).toMatchObject({ kind: 'written' });
    expect(await values()).toEqual(['500', 'other']);
  });

  it('refuses a record on the subject of the fence', async () => {
    const { fenced, lead } = await setup();
    const fence = await lead(0);
    expect(() => fenced.write(fence, at('lead'))).toThrow(InvalidArgumentError);
  });

  it('publishes a lone write plainly and commits what waits meanwhile as one batch', async () => {
    const { fenced, lead, logs } = await setup();
    const fence = await lead(0);
    let appends = 0;
    logs.faults = ({ kind }) => {
      if (kind === 'append') appends++;
      return undefined;
    };
    const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map((leaf) => fenced.write(fence, at(leaf))));
    expect(outcomes.map((outcome) => outcome.kind === 'written' && outcome.sequence)).toEqual([2, 3, 4, 5]);
    expect(appends).toBe(2);
  });

  it('writes side by side in the mode pipeline', async () => {
    const { fenced, lead, values } = await setup({ commit: 'pipeline' });
    const fence = await lead(0);
    await Promise.all(['a', 'b', 'c'].map((leaf) => fenced.write(fence, at(leaf))));
    expect(await values()).toEqual(['a', 'b', 'c']);
  });

  it('distinguishes a conflict of one write from the loss of the fence, and writes the others', async () => {
    const { fenced, lead, values } = await setup();
    const fence = await lead(0);
    const conflicting = { ...at('b'), expect: { subject: 'g.b', sequence: 77 } };
    const outcomes = await Promise.all([
      fenced.write(fence, at('a')),
      fenced.write(fence, conflicting),
      fenced.write(fence, at('c')),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'conflict', 'written']);
    expect(await values()).toEqual(['a', 'c']);
  });

  it('asserts fence and own expectation together', async () => {
    const { fenced, lead } = await setup();
    const fence = await lead(0);
    const guarded = { ...at('b'), expect: { subject: 'g.b', sequence: 0 } };
    expect(await fenced.write(fence, guarded)).toMatchObject({ kind: 'written' });
    await lead(fence.sequence);
    expect(await fenced.write(fence, { ...at('c'), expect: { subject: 'g.c', sequence: 0 } })).toMatchObject({
      kind: 'deposed',
    });
  });

  it('reports every waiting write of a deposed holder as deposed', async () => {
    const { fenced, lead, values } = await setup();
    const fence = await lead(0);
    await lead(fence.sequence);
    const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map((leaf) => fenced.write(fence, at(leaf))));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['deposed']));
    expect(await values()).toEqual([]);
  });

  it('reports a log that lost the fence record', async () => {
    const { fenced, lead, logs } = await setup();
    const fence = await lead((await lead(0)).sequence);
    logs.rollBack('G', 1);
    expect(await fenced.write(fence, at('a'))).toEqual({ kind: 'rolled-back', newest: 1 });
  });

  it('bounds what waits', async () => {
    const { fenced, lead } = await setup({ maxWaiting: 2 });
    const fence = await lead(0);
    const outcomes = await Promise.all(['a', 'b', 'c'].map((leaf) => fenced.write(fence, at(leaf))));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'written', 'queue-full']);
  });

  it('writes the neighbours of a record that is too large', async () => {
    const { fenced, lead, values } = await setup();
    const fence = await lead(0);
    const large = { subject: 'g.large', payload: new Uint8Array(2 * 1024 * 1024) };
    const [first, second, third] = await Promise.allSettled([
      fenced.write(fence, at('a')),
      fenced.write(fence, large),
      fenced.write(fence, at('b')),
    ]);
    expect(first).toMatchObject({ value: { kind: 'written' } });
    expect(second).toMatchObject({ reason: expect.any(MessageTooLargeError) as Error });
    expect(third).toMatchObject({ value: { kind: 'written' } });
    expect(await values()).toEqual(['a', 'b']);
  });
});

it('reports a deposed writer as deposed although a read lags behind', async () => {
  const { fenced, lead, plan } = await setup();
  const fence = await lead(0);
  await lead(fence.sequence);
  plan('read', ...Array.from({ length: 8 }, () => 'stale-read' as const));
  const outcomes = await Promise.all([fenced.write(fence, at('a'), at('b')), fenced.write(fence, at('c'))]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['deposed', 'deposed']);
});
