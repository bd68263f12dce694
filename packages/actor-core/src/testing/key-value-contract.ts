import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../errors.ts';
import type { BucketSpec } from '../storage/key-value/bucket-spec.ts';
import type { Bucket, KeyChange, KeyEntry, KeyValue } from '../storage/key-value/key-value.ts';

export interface KeyValueUnderTest {
  readonly keyValue: KeyValue;
  /** @default 1 */
  readonly replicas?: number;
  /** Lets time pass until the condition holds. */
  readonly eventually: (condition: () => boolean | Promise<boolean>) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);
const textOf = (entry: KeyEntry | undefined) =>
  entry === undefined ? undefined : new TextDecoder().decode(entry.value);

async function revisionOf(outcome: ReturnType<Bucket['update']>): Promise<number> {
  const settled = await outcome;
  if (settled.kind === 'conflict') throw new Error('a conflict');
  return settled.revision;
}

/** The promises of `KeyValue`, for every storage that fulfils it. */
export function keyValueContract(name: string, open: () => Promise<KeyValueUnderTest>): void {
  describe(`${name} as key-value storage`, () => {
    let under: KeyValueUnderTest;
    let buckets = 0;

    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.dispose());

    function setup(fields: Partial<BucketSpec> = {}): Promise<Bucket> {
      const id = `b${++buckets}`;
      return under.keyValue.ensure({
        name: id,
        feed: `feed.${id}`,
        replicas: under.replicas ?? 1,
        ...fields,
      });
    }

    it('refuses a spec that differs from the existing bucket', async () => {
      const bucket = await setup({ history: 3 });
      await expect(under.keyValue.ensure({ name: bucket.name, history: 5 })).rejects.toBeInstanceOf(
        InvalidArgumentError,
      );
    });

    it('opens a bucket that exists, and no other', async () => {
      const bucket = await setup();
      await bucket.put('k', text('v'));
      const opened = await under.keyValue.open(bucket.name);
      expect(textOf(await opened.get('k'))).toBe('v');
      await expect(under.keyValue.open('never')).rejects.toMatchObject({ code: 'store-missing' });
    });

    it('refuses what is no key', async () => {
      const bucket = await setup();
      for (const key of ['', '.a', 'a..b', 'a b', 'a.*', 'ü'])
        await expect(bucket.get(key), key).rejects.toBeInstanceOf(InvalidArgumentError);
    });

    it('reads what was put, with its revision', async () => {
      const bucket = await setup();
      expect(await bucket.get('a.b')).toBeUndefined();
      const revision = await bucket.put('a.b', text('1'));
      expect(await bucket.get('a.b')).toMatchObject({ key: 'a.b', value: text('1'), revision });
    });

    it('creates a key once, and again after it was removed', async () => {
      const bucket = await setup();
      const first = await revisionOf(bucket.create('a', text('1')));
      expect(await bucket.create('a', text('2'))).toEqual({ kind: 'conflict', actual: first });
      await bucket.delete('a');
      expect(await bucket.get('a')).toBeUndefined();
      expect(await bucket.create('a', text('3'))).toMatchObject({ kind: 'written' });
      await bucket.purge('a');
      expect(await bucket.create('a', text('4'))).toMatchObject({ kind: 'written' });
    });

    it('updates a key at its revision and reports a conflict with the actual one', async () => {
      const bucket = await setup();
      const first = await bucket.put('a', text('1'));
      const second = await revisionOf(bucket.update('a', text('2'), first));
      expect(await bucket.update('a', text('3'), first)).toEqual({ kind: 'conflict', actual: second });
      expect(textOf(await bucket.get('a'))).toBe('2');
    });

    it('lets one of many concurrent updates of a revision win', async () => {
      const bucket = await setup();
      const first = await bucket.put('a', text('0'));
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, (_, i) => bucket.update('a', text(`${i}`), first)),
      );
      expect(outcomes.filter(({ kind }) => kind === 'written')).toHaveLength(1);
    });

    it('deletes a key only at its revision where one is given', async () => {
      const bucket = await setup();
      const revision = await bucket.put('a', text('1'));
      expect(await bucket.delete('a', { revision: revision + 5 })).toMatchObject({ kind: 'conflict' });
      expect(await bucket.delete('a', { revision })).toMatchObject({ kind: 'written' });
      expect(await bucket.get('a')).toBeUndefined();
    });

    it('makes all changes of a batch or none', async () => {
      const bucket = await setup();
      const revision = await bucket.put('a', text('1'));
      const batch = (expected: number) =>
        bucket.batch([
          { kind: 'put', key: 'b', value: text('b') },
          { kind: 'put', key: 'a', value: text('2'), revision: expected },
          { kind: 'delete', key: 'c' },
        ]);
      expect(await batch(revision + 5)).toMatchObject({ kind: 'conflict' });
      expect(await bucket.get('b')).toBeUndefined();
      expect(await batch(revision)).toEqual({ kind: 'written', revision: revision + 3 });
      expect(textOf(await bucket.get('a'))).toBe('2');
    });

    it('lists the entries under a filter, without those that were removed', async () => {
      const bucket = await setup();
      for (const key of ['x.a', 'x.b', 'y.a', 'x.c']) await bucket.put(key, text(key));
      await bucket.delete('x.b');
      const found: string[] = [];
      for await (const page of bucket.entries('x.>')) found.push(...page.map(({ key }) => key));
      expect(found.toSorted()).toEqual(['x.a', 'x.c']);
    });

    it('refuses a value that is larger than the bucket allows, and one beyond its space', async () => {
      const bucket = await setup({ maxValueBytes: 1_000, maxBytes: 3_000 });
      await expect(bucket.put('a', new Uint8Array(1_100))).rejects.toMatchObject({
        code: 'message-too-large',
      });
      await expect(
        Promise.all(['b', 'c', 'd', 'e'].map((key) => bucket.put(key, new Uint8Array(900)))),
      ).rejects.toMatchObject({ code: 'store-full' });
    });

    it('removes a key after its time to live, reports that to watchers, and lets it be created again', async () => {
      const bucket = await setup();
      const changes: KeyChange[] = [];
      const watch = await bucket.watch({ onChange: (change) => changes.push(change) });
      await bucket.put('a', text('1'), { ttlMs: 1_000 });
      await under.eventually(() => changes.length === 2);
      expect(changes.map(({ key, kind }) => [key, kind])).toEqual([
        ['a', 'put'],
        ['a', 'expired'],
      ]);
      expect(await bucket.get('a')).toBeUndefined();
      expect(await bucket.create('a', text('2'))).toMatchObject({ kind: 'written' });
      watch.close();
    });

    it('refuses a time to live in a bucket with a longer history', async () => {
      const bucket = await setup({ history: 2 });
      await expect(bucket.put('a', text('1'), { ttlMs: 1_000 })).rejects.toBeInstanceOf(InvalidArgumentError);
    });

    it('reports to a watcher what is there, that it caught up, and every later change', async () => {
      const bucket = await setup();
      await bucket.put('x.a', text('1'));
      await bucket.put('y.a', text('1'));
      const reported: string[] = [];
      const watch = await bucket.watch({
        filter: 'x.*',
        onChange: ({ key, kind }) => reported.push(`${key} ${kind}`),
        onCaughtUp: () => reported.push('caught up'),
      });
      await under.eventually(() => reported.includes('caught up'));
      await bucket.put('y.b', text('2'));
      await bucket.put('x.b', text('2'));
      await bucket.delete('x.a');
      await bucket.purge('x.b');
      await under.eventually(() => reported.length === 5);
      expect(reported).toEqual(['x.a put', 'caught up', 'x.b put', 'x.a deleted', 'x.b purged']);
      watch.close();
    });

    it('reports the changes from a revision on to a watcher', async () => {
      const bucket = await setup();
      for (const key of ['a', 'b', 'c']) await bucket.put(key, text(key));
      const reported: number[] = [];
      const watch = await bucket.watch({
        fromRevision: 3,
        onChange: ({ revision }) => reported.push(revision),
      });
      await under.eventually(() => reported.length === 1);
      expect(reported).toEqual([3]);
      watch.close();
    });
  });
}
