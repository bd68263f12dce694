import { z } from 'zod';
import type { LogRecord, NewRecord } from '../storage/log/log.ts';
import type { StoredEvent } from './event-schemas.ts';
import type { TimerChange } from './timers/timer-table.ts';

/**
 * One record of a journal: what one command stored, all of it or nothing.
 *
 * The generation tells apart what was written before and after a write whose outcome is unknown: see `decideReplay`.
 * The format only grows.
 */
export interface JournalEntry {
  /** Number of the entry, from 1, without gaps. Of a barrier that of the entry before it. */
  readonly index: number;
  readonly generation: number;
  /** A barrier has neither events nor timers: it begins its generation. */
  readonly isBarrier: boolean;
  readonly events: readonly StoredEvent[];
  readonly timers: readonly TimerChange[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const changeSchema = z.union([
  z.object({ set: z.object({ key: z.string(), id: z.string(), atMs: z.number(), payload: z.unknown() }) }),
  z.object({ cancel: z.string() }),
]);
/** Short names: an entry is written with every command. */
const wireSchema = z.object({
  i: z.number().int().min(0),
  g: z.number().int().min(0),
  b: z.literal(1).optional(),
  e: z.array(z.tuple([z.string(), z.number(), z.unknown()])).optional(),
  t: z.array(changeSchema).optional(),
});

/** The record of an entry. */
export function entryRecord(subject: string, entry: JournalEntry): NewRecord {
  const { index, generation, isBarrier, events, timers } = entry;
  const wire = {
    i: index,
    g: generation,
    ...(isBarrier ? { b: 1 } : {}),
    ...(events.length === 0 ? {} : { e: events.map(({ type, version, fields }) => [type, version, fields]) }),
    ...(timers.length === 0 ? {} : { t: timers }),
  };
  return { subject, payload: encoder.encode(JSON.stringify(wire)) };
}

/** Undefined for a record that is no entry. */
export function decodeEntry(record: LogRecord): JournalEntry | undefined {
  const parsed = wireSchema.safeParse(parseJson(record.payload));
  if (!parsed.success) return undefined;
  const { i, g, b, e = [], t = [] } = parsed.data;
  return {
    index: i,
    generation: g,
    isBarrier: b === 1,
    events: e.map(([type, version, fields]) => ({ type, version, fields })),
    timers: t,
  };
}

/** Undefined for what is no JSON. */
export function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(payload)) as unknown;
  } catch {
    return undefined;
  }
}
