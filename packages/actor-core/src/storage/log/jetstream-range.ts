import type { LogPage, LogRecord } from './log.ts';

/** Reads the first record at or above a sequence. */
export type RangeReader = (from: number) => Promise<LogRecord | undefined>;

/** Parts of a window that are read in parallel. */
const maxParts = 16;
/** Records that are read one after the other, before the distance between records is known. */
const firstRecords = 4;

/** Records in order. */
interface Window {
  readonly records: readonly LogRecord[];
  /** No further record is below this sequence; undefined where there is none at all. */
  readonly next: number | undefined;
}

/**
 * Reads the records from `from` up to and with `upTo`, at most `limit` of them. JetStream answers one record a request
 * from the leader, so a window of the range is cut into parts that are read in parallel. Its width follows from the
 * distance between the records so far: in a sparse range, as that of one subject in a log of many, the number of
 * requests depends on the records found, not on those in between.
 */
export async function readRange(
  reader: RangeReader,
  query: { readonly from: number; readonly upTo: number; readonly limit: number },
): Promise<LogPage> {
  const { from, upTo, limit } = query;
  const records: LogRecord[] = [];
  const first = await walk(reader, from, upTo, Math.min(limit, firstRecords));
  records.push(...first.records);
  let { next } = first;
  const start = records[0]?.sequence ?? from;
  // A page that is half full is worth more than another round trip.
  while (next !== undefined && next <= upTo && records.length <= limit / 2) {
    const distance = Math.max(1, (next - start) / records.length);
    const width = Math.ceil(distance * (limit - records.length));
    const window = await readWindow(reader, next, Math.min(upTo, next + width - 1), limit - records.length);
    records.push(...window.records);
    ({ next } = window);
  }
  const isEnd = next === undefined || next > upTo;
  return { records, next: isEnd ? Math.max(from, upTo + 1) : (next ?? from), isEnd };
}

async function readWindow(reader: RangeReader, from: number, upTo: number, limit: number): Promise<Window> {
  const width = Math.ceil((upTo - from + 1) / maxParts);
  const starts = Array.from({ length: maxParts }, (_, part) => from + part * width).filter(
    (start) => start <= upTo,
  );
  // More than its share, since the records may lie unevenly; bounded, since what is too much is read again.
  const most = Math.ceil(limit / 4);
  const ends = starts.map((start) => Math.min(upTo, start + width - 1));
  const parts = await Promise.all(
    starts.map((start, index) => walk(reader, start, ends[index] ?? upTo, most)),
  );
  const records: LogRecord[] = [];
  let next: number | undefined = from;
  for (const [index, part] of parts.entries()) {
    const room = limit - records.length;
    records.push(...part.records.slice(0, room));
    if (part.records.length > room) return { records, next: part.records[room]?.sequence };
    ({ next } = part);
    if (next !== undefined && next <= (ends[index] ?? upTo)) return { records, next };
  }
  return { records, next };
}

/** Reads one record after the other, at most `most`. */
async function walk(reader: RangeReader, from: number, upTo: number, most: number): Promise<Window> {
  const records: LogRecord[] = [];
  let next = from;
  while (next <= upTo && records.length < most) {
    const record = await reader(next);
    if (record === undefined) return { records, next: undefined };
    if (record.sequence > upTo) return { records, next: record.sequence };
    records.push(record);
    next = record.sequence + 1;
  }
  return { records, next };
}
