import type { LogPage, LogRecord } from './log.ts';

/** Reads the first record at or above a sequence. */
export type RangeReader = (from: number) => Promise<LogRecord | undefined>;

/** Parts of a range that are read in parallel. */
const maxParts = 16;

/**
 * Reads the records from `from` up to and with `upTo`, at most `limit` of them. JetStream answers one record a request
 * from the leader; the range is cut into parts that are read in parallel, so that neither a dense nor a sparse range
 * waits for one round trip after the other.
 */
export async function readRange(
  reader: RangeReader,
  query: { readonly from: number; readonly upTo: number; readonly limit: number },
): Promise<LogPage> {
  const { upTo, limit } = query;
  const first = query.from > upTo ? undefined : await reader(query.from);
  if (first === undefined || first.sequence > upTo)
    return { records: [], next: Math.max(query.from, upTo + 1), isEnd: true };
  // A page of `limit` sequences from the first record on holds at most `limit` records.
  const end = Math.min(upTo, first.sequence + limit - 1);
  const width = Math.ceil((end - first.sequence) / maxParts);
  const starts = Array.from({ length: maxParts }, (_, part) => first.sequence + 1 + part * width);
  const parts = await Promise.all(
    starts.map((start) => walk(reader, start, Math.min(end, start + width - 1))),
  );
  return { records: [first, ...parts.flat()], next: end + 1, isEnd: end === upTo };
}

async function walk(reader: RangeReader, from: number, upTo: number): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  for (let next = from; next <= upTo; ) {
    const record = await reader(next);
    if (record === undefined || record.sequence > upTo) break;
    found.push(record);
    next = record.sequence + 1;
  }
  return found;
}
