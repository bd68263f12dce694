import { expect, it } from 'vitest';
import { seededRandom } from '../../random/seeded-random.ts';
import { memoryLogsKit } from '../../testing/memory-logs.ts';
import type { LogFault } from '../log/log-fault.ts';
import { RecordWriter } from '../log/record-writer.ts';
import type { BlobBucket } from './blob.ts';
import { LogBlobs } from './log-blobs.ts';

const faults: readonly LogFault[] = ['away', 'reply-lost', 'late', 'check-in-flight', 'stale-read'];
const seeds = 24;
const steps = 5;
const uploadTimeoutMs = 5_000;
const names = ['a', 'b'];
const kib = 1024;

const contentOf = (tag: number, bytes: number) => new Uint8Array(bytes).fill(tag);

/** Yields a part of the content and then nothing for ever, as the upload of a crashed process. */
async function* stuck(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
  await new Promise<never>(() => undefined);
}

/** Writers store, replace and remove blobs, and crash; then everything works again. */
async function play(seed: number): Promise<number> {
  const kit = memoryLogsKit();
  const { logs, clock } = kit;
  const random = seededRandom(seed);
  const open = (node: string): Promise<BlobBucket> => {
    const log = logs.connect(node);
    const writer = new RecordWriter({ log, clock, random, operationTimeoutMs: 1_000 });
    return new LogBlobs({ log, writer, clock, random }).ensure({ name: 'B', uploadTimeoutMs });
  };
  const buckets = await Promise.all(['one', 'two', 'three'].map(open));
  let rate = 0.12;
  logs.faults = () => (random.next() < rate ? faults[Math.floor(random.next() * faults.length)] : undefined);
  const kept = new Map<string, Uint8Array>();
  let tag = 0;

  async function step(bucket: BlobBucket): Promise<void> {
    const content = contentOf((++tag % 250) + 1, random.next() < 0.3 ? 1_000 : 1_100 * kib);
    const name = names[Math.floor(random.next() * names.length)] as string;
    const draw = random.next();
    if (draw < 0.1) void bucket.putNamed(name, stuck(content)).catch(() => undefined);
    else if (draw < 0.4) kept.set((await bucket.put(content)).name, content);
    else if (draw < 0.8) await bucket.putNamed(name, content);
    else await bucket.delete(name);
  }

  async function work(bucket: BlobBucket): Promise<void> {
    for (let i = 0; i < steps; i++) await step(bucket).catch(() => undefined);
  }

  await kit.settled(Promise.all(buckets.map(work)));
  rate = 0;
  await kit.pass(uploadTimeoutMs + 61_000);
  const bucket = buckets[0] as BlobBucket;
  const removed = await bucket.reclaim();
  let records = 0;
  for await (const page of bucket.entries())
    for (const entry of page) {
      const content = await bucket.get(entry.name);
      expect(
        content?.every((byte) => byte === content[0]),
        `seed ${seed}: ${entry.name} is one content`,
      ).toBe(true);
      records += entry.chunks + 1;
    }
  for (const [name, content] of kept)
    expect(await bucket.get(name), `seed ${seed}: ${name}`).toEqual(content);
  expect((await bucket.info()).records, `seed ${seed}: no chunk is left behind`).toBe(records);
  return removed;
}

it(`loses no stored blob, shows no partial one and leaves no chunks behind, in ${seeds} seeds`, async () => {
  let removed = 0;
  for (let seed = 1; seed <= seeds; seed++) removed += await play(seed);
  expect(removed, 'uploads of crashed processes were removed').toBeGreaterThan(seeds / 2);
}, 300_000);
