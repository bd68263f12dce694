import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BlobDamagedError,
  BlobTooLargeError,
  InvalidArgumentError,
  StoreUnavailableError,
} from '../errors.ts';
import type { BlobBucket, BlobOutcome, Blobs } from '../storage/blob/blob.ts';
import type { BlobBucketSpec } from '../storage/blob/blob-spec.ts';
import type { Log } from '../storage/log/log.ts';

export interface BlobsUnderTest {
  readonly blobs: Blobs;
  /** The log under the blobs, to look at what they left there. */
  readonly log: Log;
  /** @default 1 */
  readonly replicas?: number;
  /** Lets time pass until the condition holds. */
  readonly eventually: (condition: () => boolean | Promise<boolean>) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

const kib = 1024;
const mib = 1024 * kib;
const text = (value: string) => new TextEncoder().encode(value);
const textOf = (value: Uint8Array | undefined) =>
  value === undefined ? undefined : new TextDecoder().decode(value);
/** Bytes that differ from chunk to chunk. */
const patterned = (bytes: number, seed = 1) =>
  Uint8Array.from({ length: bytes }, (_, index) => (index * 31 + (index >> 10) * 7 + seed) & 0xff);

/** As `toEqual`, which takes seconds for a megabyte. */
function expectContent(actual: Uint8Array | undefined, expected: Uint8Array | undefined): void {
  expect(actual?.length).toBe(expected?.length);
  expect(Buffer.compare(actual ?? text(''), expected ?? text(''))).toBe(0);
}

function entryOf(outcome: BlobOutcome) {
  if (outcome.kind === 'conflict') throw new Error('a conflict');
  return outcome.entry;
}

async function* inParts(content: Uint8Array, bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += bytes) yield content.subarray(at, at + bytes);
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield patterned(3 * mib);
  throw new Error('the source broke');
}

/** The promises of `Blobs`, for every storage that fulfils it. */
export function blobContract(name: string, open: () => Promise<BlobsUnderTest>): void {
  describe(`${name} as storage of blobs`, () => {
    let under: BlobsUnderTest;
    let buckets = 0;

    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.dispose());

    function setup(fields: Partial<BlobBucketSpec> = {}): Promise<BlobBucket> {
      return under.blobs.ensure({ name: `b${++buckets}`, replicas: under.replicas ?? 1, ...fields });
    }

    it('refuses a spec that differs from the existing bucket', async () => {
      const { name: bucket } = await setup({ maxBytes: mib });
      await expect(under.blobs.ensure({ name: bucket, maxBytes: 2 * mib })).rejects.toBeInstanceOf(
        InvalidArgumentError,
      );
    });

    it.each([
      ['nothing', 0, 0],
      ['one byte', 1, 1],
      ['exactly one chunk', 128 * kib, 1],
      ['one byte more than a chunk', 128 * kib + 1, 2],
      ['exactly one batch', mib, 8],
      ['several batches and a part', 3 * mib + 77, 25],
    ])('reads back %s', async (_, bytes, chunks) => {
      const bucket = await setup();
      const content = patterned(bytes);
      const ref = await bucket.put(inParts(content, 50_000));
      expect(ref).toMatchObject({ bytes, chunks });
      expectContent(await bucket.get(ref), content);
    });

    it('names an immutable blob by its digest and stores it once', async () => {
      const bucket = await setup();
      const content = patterned(2 * mib);
      const first = await bucket.put(content);
      const { records } = await bucket.info();
      const again = [await bucket.put(content), await bucket.put(inParts(content, 70_000))];
      expect(again.map(({ digest }) => digest)).toEqual([first.digest, first.digest]);
      expect(first.name).toBe(`sha256-${first.digest}`);
      await under.eventually(async () => (await bucket.info()).records <= records);
    });

    it('knows the digest that others compute', async () => {
      const bucket = await setup();
      const { digest } = await bucket.put(text('abc'));
      expect(digest).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    });

    it('replaces a named blob, and readers get the old one or the new one', async () => {
      const bucket = await setup();
      const first = entryOf(await bucket.putNamed('report/ä 1', text('one'), { metadata: { type: 'text' } }));
      expect(await bucket.stat('report/ä 1')).toMatchObject({
        revision: first.revision,
        metadata: { type: 'text' },
      });
      const second = entryOf(await bucket.putNamed('report/ä 1', patterned(2 * mib)));
      expect(second.revision).toBeGreaterThan(first.revision);
      expectContent(await bucket.get('report/ä 1'), patterned(2 * mib));
      expect(await bucket.get(first), 'the name has another content by now').toBeUndefined();
    });

    it('removes the chunks of a replaced blob', async () => {
      const bucket = await setup();
      await bucket.putNamed('a', patterned(2 * mib));
      const before = await bucket.info();
      await bucket.putNamed('a', patterned(2 * mib, 2));
      await under.eventually(async () => (await bucket.info()).records <= before.records);
    });

    it('replaces only the stated revision', async () => {
      const bucket = await setup();
      const { revision } = entryOf(await bucket.putNamed('a', text('one'), { revision: 0 }));
      expect(await bucket.putNamed('a', text('two'), { revision: 0 })).toEqual({
        kind: 'conflict',
        actual: revision,
      });
      const two = entryOf(await bucket.putNamed('a', text('two'), { revision }));
      expect(await bucket.putNamed('a', text('three'), { revision })).toMatchObject({ kind: 'conflict' });
      expect(textOf(await bucket.get('a'))).toBe('two');
      expect(await bucket.delete('a', { revision })).toEqual({ kind: 'conflict', actual: two.revision });
      expect(await bucket.delete('a', { revision: two.revision })).toEqual({ kind: 'deleted' });
      expect(await bucket.putNamed('a', text('four'), { revision: 0 })).toMatchObject({ kind: 'written' });
    });

    it('keeps one of many blobs that are stored under one name at the same time', async () => {
      const bucket = await setup();
      const contents = [1, 2, 3, 4].map((seed) => patterned(mib + 5, seed));
      const outcomes = await Promise.all(
        contents.map((content) => bucket.putNamed('a', content, { revision: 0 })),
      );
      const winners = contents.filter((_, index) => outcomes[index]?.kind === 'written');
      expect(winners).toHaveLength(1);
      expectContent(await bucket.get('a'), winners[0]);
      await under.eventually(async () => (await bucket.info()).records <= 9 + 1 + 1);
    });

    it('refuses names that are not allowed', async () => {
      const bucket = await setup();
      for (const refused of ['', 'a\nb', 'sha256-00', 'x'.repeat(201)])
        expect(() => bucket.putNamed(refused, text('a')), refused).toThrow(InvalidArgumentError);
    });

    it('lists what is there and removes what is removed', async () => {
      const bucket = await setup();
      await bucket.putNamed('a', text('1'));
      await bucket.putNamed('b', text('22'));
      await bucket.put(text('333'));
      expect(await bucket.delete('a')).toEqual({ kind: 'deleted' });
      expect(await bucket.delete('a')).toEqual({ kind: 'absent' });
      expect(await bucket.get('a')).toBeUndefined();
      const sizes: number[] = [];
      for await (const page of bucket.entries()) sizes.push(...page.map(({ bytes }) => bytes));
      expect(sizes).toEqual([2, 3]);
    });

    it('refuses a blob that is too large and leaves nothing', async () => {
      const bucket = await setup({ maxBlobBytes: 2 * mib });
      await expect(bucket.put(inParts(patterned(2 * mib + 1), 100_000))).rejects.toBeInstanceOf(
        BlobTooLargeError,
      );
      expect(await bucket.put(inParts(patterned(2 * mib), 100_000))).toMatchObject({ chunks: 16 });
      await under.eventually(async () => (await bucket.info()).records <= 18);
    });

    it('refuses what does not fit into the bucket, and says that the store is full', async () => {
      const bucket = await setup({ maxBytes: 3 * mib });
      const ref = await bucket.put(patterned(mib));
      const refused = await bucket.put(patterned(4 * mib, 2)).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(StoreUnavailableError);
      expect(refused).toMatchObject({ code: 'store-full' });
      expectContent(await bucket.get(ref), patterned(mib));
    });

    it('shows nothing of an interrupted upload and removes its chunks', async () => {
      const bucket = await setup();
      await expect(bucket.putNamed('a', broken())).rejects.toThrow('the source broke');
      const stop = new AbortController();
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (let i = 0; ; i++) {
          if (i === 20) stop.abort(new Error('the caller left'));
          yield patterned(100_000);
        }
      }
      await expect(bucket.put(endless(), { signal: stop.signal })).rejects.toThrow('the caller left');
      expect(await bucket.stat('a')).toBeUndefined();
      await under.eventually(async () => (await bucket.info()).records === 0);
    });

    it('removes the chunks of an upload whose process crashed, and lets it store nothing afterwards', async () => {
      const bucket = await setup({ uploadTimeoutMs: 1_000 });
      const log = `OBJ_${bucket.name}`;
      const uploading = `$O.${bucket.name}.U.crashed`;
      await under.log.append(log, { subject: uploading, payload: text('garbage') });
      await under.log.append(log, { subject: `$O.${bucket.name}.C.crashed`, payload: text('chunk') });
      await under.log.append(log, { subject: `$O.${bucket.name}.U.running`, payload: text('writing') });
      expect(await bucket.reclaim()).toBe(1);
      expect((await bucket.info()).records, 'the running upload is left alone').toBe(1);
    });

    it('removes a blob with a time to live', async () => {
      const bucket = await setup();
      const ref = await bucket.put(patterned(mib + 1), { ttlMs: 1_000 });
      expect(await bucket.get(ref)).toHaveLength(mib + 1);
      await under.eventually(async () => (await bucket.stat(ref.name)) === undefined);
      await under.eventually(async () => (await bucket.info()).records === 0);
      const lasting = await bucket.put(patterned(mib + 1));
      expect(await bucket.get(lasting)).toHaveLength(mib + 1);
    });

    it('does not rely on a blob that is removed too early', async () => {
      const bucket = await setup();
      await bucket.put(text('kept'), { ttlMs: 1_000 });
      const lasting = await bucket.put(text('kept'));
      expect(await bucket.stat(lasting.name)).toMatchObject({ expiresAtMs: undefined });
      await bucket.put(text('kept'), { ttlMs: 1_000 });
      expect(await bucket.stat(lasting.name)).toMatchObject({ expiresAtMs: undefined });
    });

    it('reports missing and changed chunks instead of delivering them', async () => {
      const bucket = await setup();
      const log = `OBJ_${bucket.name}`;
      const ref = await bucket.put(patterned(2 * mib));
      const { records } = await under.log.readForward(log, {
        from: 1,
        filter: `$O.${bucket.name}.C.>`,
        limit: 4,
      });
      await under.log.deleteRecord(log, records[1]?.sequence ?? 0);
      await expect(bucket.get(ref)).rejects.toMatchObject({ reason: 'missing-chunks' });
      await under.log.append(log, { subject: records[1]?.subject ?? '', payload: new Uint8Array(128 * kib) });
      const damaged = await bucket.get(ref).catch((error: unknown) => error);
      expect(damaged).toBeInstanceOf(BlobDamagedError);
      expect(damaged).toMatchObject({ reason: 'wrong-digest' });
    });
  });
}
