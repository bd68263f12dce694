import { expect, it } from 'vitest';
import { seededRandom } from '../../random/seeded-random.ts';
import { type RangeReader, readRange } from './jetstream-range.ts';
import type { LogRecord } from './log.ts';

function rangeOf(sequences: readonly number[]) {
  const counts = { reads: 0 };
  const reader: RangeReader = (from) => {
    counts.reads++;
    const sequence = sequences.find((one) => one >= from);
    return Promise.resolve(sequence === undefined ? undefined : ({ sequence } as LogRecord));
  };
  return { counts, reader };
}

async function readAll(reader: RangeReader, upTo: number, limit: number) {
  const pages: number[][] = [];
  for (let from = 1; ; ) {
    const page = await readRange(reader, { from, upTo, limit });
    pages.push(page.records.map(({ sequence }) => sequence));
    expect(page.records.length).toBeLessThanOrEqual(limit);
    if (page.isEnd) return pages;
    expect(page.next, 'each page goes on').toBeGreaterThan(from);
    from = page.next;
  }
}

it('reads every record once and in order, however they lie', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    const upTo = 1 + Math.floor(random.next() * 3_000);
    const density = random.next() ** 3;
    const present: number[] = [];
    for (let sequence = 1; sequence <= upTo + 20; sequence++)
      if (random.next() < density) present.push(sequence);
    const limit = 1 + Math.floor(random.next() * 300);
    const pages = await readAll(rangeOf(present).reader, upTo, limit);
    expect(pages.flat(), `seed ${seed}`).toEqual(present.filter((sequence) => sequence <= upTo));
  }
});

it('reads a sparse range in few pages', async () => {
  const sparse = Array.from({ length: 100 }, (_, index) => 1 + index * 128);
  const { counts, reader } = rangeOf(sparse);
  const pages = await readAll(reader, 12_800, 256);
  expect(pages).toHaveLength(1);
  expect(counts.reads).toBeLessThan(300);
});

it('reads a dense range in full pages', async () => {
  const dense = Array.from({ length: 1_000 }, (_, index) => 1 + index);
  const { counts, reader } = rangeOf(dense);
  const pages = await readAll(reader, 1_000, 250);
  expect(pages.map(({ length }) => length)).toEqual([250, 250, 250, 250]);
  expect(counts.reads).toBeLessThan(1_100);
});
