import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  FenceRejectedError,
  InvalidArgumentError,
  StoreUnavailableError,
  WrongSequenceError,
} from '../errors.ts';
import type { Store } from '../storage/log/store.ts';

export interface StoreUnderTest {
  readonly store: Store;
  dispose(): Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);

/** The contract of `Store`, tested for each implementation. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a store`, () => {
    let under: StoreUnderTest;
    let store: Store;
    let streams = 0;

    beforeAll(async () => {
      under = await open();
      ({ store } = under);
    });
    afterAll(() => under.dispose());

    async function stream(
      historyPerSubject?: number,
    ): Promise<{ name: string; subject: (leaf: string) => string }> {
      const id = `s${++streams}`;
      await store.ensureStream({
        name: id,
        subjects: [`${id}.>`],
        ...(historyPerSubject === undefined ? {} : { historyPerSubject }),
      });
      return { name: id, subject: (leaf) => `${id}.${leaf}` };
    }

    it('creates a stream once, and refuses the same name with other subjects', async () => {
      const { name: id } = await stream();
      await store.ensureStream({ name: id, subjects: [`${id}.>`] });
      await expect(store.ensureStream({ name: id, subjects: ['elsewhere.>'] })).rejects.toBeInstanceOf(
        InvalidArgumentError,
      );
    });

    it('refuses an existing stream with another history or other replicas, and names the field', async () => {
      const { name: id } = await stream(5);
      const subjects = [`${id}.>`];
      await store.ensureStream({ name: id, subjects, historyPerSubject: 5 });
      await store.ensureStream({ name: id, subjects });
      await expect(store.ensureStream({ name: id, subjects, historyPerSubject: 1 })).rejects.toMatchObject({
        code: 'invalid-argument',
        argument: 'spec.historyPerSubject',
      });
    });

    it('numbers records in append order and reads the newest', async () => {
      const { name: id, subject } = await stream();
      expect(await store.readLast(id, subject('a'))).toBeUndefined();
      const first = await store.append(id, subject('a'), text('1'));
      const second = await store.append(id, subject('a'), Uint8Array.of(0, 255, 128));
      expect(second.sequence).toBe(first.sequence + 1);
      expect(await store.readLast(id, subject('a'))).toEqual({
        subject: subject('a'),
        sequence: second.sequence,
        payload: Uint8Array.of(0, 255, 128),
      });
    });

    it('reads the newest record of each subject under a filter, in sequence order', async () => {
      const { name: id, subject } = await stream(3);
      for (const leaf of ['x.b', 'x.a', 'y.a', 'x.b']) await store.append(id, subject(leaf), text(leaf));
      const found = await store.readAllLast(id, subject('x.*'));
      expect(found.map((record) => [record.subject, record.sequence])).toEqual([
        [subject('x.a'), 2],
        [subject('x.b'), 4],
      ]);
      expect(await store.readAllLast(id, subject('z.>'))).toEqual([]);
    });

    it('accepts one of many concurrent writes that expect the same sequence', async () => {
      const { name: id, subject } = await stream();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, i) =>
          store.append(id, subject('lead'), text(String(i)), { lastSequence: 0 }),
        ),
      );
      const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(lost).toHaveLength(19);
      for (const outcome of lost) expect(outcome.reason).toBeInstanceOf(WrongSequenceError);
    });

    it('accepts writes under the newest fence and rejects those under an older one', async () => {
      const { name: id, subject } = await stream();
      const { sequence: first } = await store.append(id, subject('lead'), text('one'), { lastSequence: 0 });
      const fence = { subject: subject('lead'), sequence: first };
      for (let i = 0; i < 3; i++) await store.append(id, subject('state'), text(String(i)), { fence });
      await store.append(id, subject('lead'), text('two'), { lastSequence: first });
      await expect(store.append(id, subject('state'), text('stale'), { fence })).rejects.toBeInstanceOf(
        FenceRejectedError,
      );
      expect((await store.readLast(id, subject('state')))?.payload).toEqual(text('2'));
    });

    it('accepts every one of many concurrent writes under one fence', async () => {
      const { name: id, subject } = await stream();
      const { sequence } = await store.append(id, subject('lead'), text('one'), { lastSequence: 0 });
      const fence = { subject: subject('lead'), sequence };
      const written = await Promise.all(
        Array.from({ length: 30 }, (_, i) => store.append(id, subject(`state.${i}`), text('x'), { fence })),
      );
      expect(new Set(written.map((record) => record.sequence)).size).toBe(30);
    });

    it('writes a message id once, even when its expectation no longer holds', async () => {
      const { name: id, subject } = await stream();
      const write = () =>
        store.append(id, subject('a'), text('x'), { lastSequence: 0, messageId: 'only-once' });
      const first = await write();
      expect(await write()).toEqual(first);
      await expect(store.append(id, subject('a'), text('x'), { lastSequence: 0 })).rejects.toBeInstanceOf(
        WrongSequenceError,
      );
    });

    it('refuses a record that is too large for the bus, names both sizes, and writes nothing', async () => {
      const { name: id, subject } = await stream();
      const large = new Uint8Array(1024 * 1024 + 1);
      await expect(store.append(id, subject('a'), large)).rejects.toMatchObject({
        code: 'message-too-large',
        limitBytes: 1024 * 1024,
      });
      expect(await store.readLast(id, subject('a'))).toBeUndefined();
    });

    it('refuses a fence of 0, which protects nothing', async () => {
      const { name: id, subject } = await stream();
      await expect(
        store.append(id, subject('a'), text('x'), { fence: { subject: subject('lead'), sequence: 0 } }),
      ).rejects.toBeInstanceOf(InvalidArgumentError);
      await expect(
        store.append(id, subject('a'), text('x'), {
          fence: { subject: subject('lead'), sequence: 1 },
          lastSequence: 1,
        }),
      ).rejects.toBeInstanceOf(InvalidArgumentError);
    });

    it('fails for a stream that was not created', async () => {
      await expect(store.readLast('nowhere', 'nowhere.a')).rejects.toBeInstanceOf(StoreUnavailableError);
    });
  });
}
