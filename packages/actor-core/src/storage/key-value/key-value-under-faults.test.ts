import { expect, it } from 'vitest';
import { seededRandom } from '../../random/seeded-random.ts';
import { memoryLogsKit } from '../../testing/memory-logs.ts';
import type { LogFault } from '../log/log-fault.ts';
import { RecordWriter } from '../log/record-writer.ts';
import type { Bucket } from './key-value.ts';
import { LogKeyValue } from './log-key-value.ts';

const faults: readonly LogFault[] = ['away', 'reply-lost', 'late', 'check-in-flight', 'stale-read'];
const seeds = 80;
const writes = 40;
const keys = ['a', 'b', 'c', 'd'];

/** What a cache has that follows a bucket. */
interface Cache {
  readonly values: Map<string, number>;
  /** Highest revision reported so far. */
  revision: number;
  resets: number;
}

const numberIn = (value: Uint8Array) => new DataView(value.buffer, value.byteOffset).getUint32(0);
const bytesOf = (value: number) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
};

/** Writers increment counters by compare-and-set while caches follow; then everything works again. */
async function play(seed: number): Promise<void> {
  const kit = memoryLogsKit();
  const { logs, clock } = kit;
  const random = seededRandom(seed);
  const bucketOf = (node: string): Promise<Bucket> => {
    const log = logs.connect(node);
    const writer = new RecordWriter({ log, clock, random, operationTimeoutMs: 1_000 });
    return new LogKeyValue({ log, writer, clock }).ensure({ name: 'B', feed: 'feed.B' });
  };
  const buckets = await Promise.all(['one', 'two', 'three'].map(bucketOf));
  const caches = await Promise.all(buckets.map(follow));
  let rate = 0.25;
  logs.faults = ({ kind }) => {
    if (random.next() >= rate) return undefined;
    return kind === 'announce' ? 'announcement-lost' : faults[Math.floor(random.next() * faults.length)];
  };
  const added = new Map<string, { sure: number; perhaps: number }>(
    keys.map((key) => [key, { sure: 0, perhaps: 0 }]),
  );

  async function increment(bucket: Bucket): Promise<void> {
    const key = keys[Math.floor(random.next() * keys.length)] as string;
    const count = added.get(key) as { sure: number; perhaps: number };
    const entry = await bucket.get(key);
    const value = bytesOf(entry === undefined ? 1 : numberIn(entry.value) + 1);
    const attempt =
      entry === undefined ? bucket.create(key, value) : bucket.update(key, value, entry.revision);
    await attempt.then(
      (outcome) => (outcome.kind === 'written' ? count.sure++ : undefined),
      () => count.perhaps++,
    );
  }

  async function write(bucket: Bucket): Promise<void> {
    for (let i = 0; i < writes; i++) await increment(bucket).catch(() => undefined);
  }

  await kit.settled(Promise.all(buckets.map(write)));
  rate = 0;
  await kit.pass(5_000);
  const truth = new Map<string, number>();
  for await (const page of (buckets[0] as Bucket).entries())
    for (const { key, value } of page) truth.set(key, numberIn(value));
  for (const [key, { sure, perhaps }] of added) {
    const value = truth.get(key) ?? 0;
    expect(value, `seed ${seed}: no increment of ${key} is lost`).toBeGreaterThanOrEqual(sure);
    expect(value, `seed ${seed}: none is made twice`).toBeLessThanOrEqual(sure + perhaps);
  }
  for (const cache of caches) {
    expect(Object.fromEntries(cache.values), `seed ${seed}: caches agree`).toEqual(Object.fromEntries(truth));
    expect(cache.resets, `seed ${seed}: nothing was lost`).toBe(0);
  }
}

async function follow(bucket: Bucket): Promise<Cache> {
  const cache: Cache = { values: new Map(), revision: 0, resets: 0 };
  await bucket.watch({
    watchdogMs: 1_000,
    onChange({ key, kind, value, revision }) {
      expect(revision, 'changes are reported in order, each once').toBeGreaterThan(cache.revision);
      cache.revision = revision;
      if (kind === 'put') cache.values.set(key, numberIn(value));
      else cache.values.delete(key);
    },
    onReset() {
      cache.values.clear();
      cache.revision = 0;
      cache.resets++;
    },
  });
  return cache;
}

it(`counts exactly by compare-and-set and keeps every cache up to date, in ${seeds} seeds`, async () => {
  for (let seed = 1; seed <= seeds; seed++) await play(seed);
}, 60_000);
