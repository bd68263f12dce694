import { z } from 'zod';
import type { Log, LogRecord, NewRecord } from '../storage/log/log.ts';
import type { Defect } from './event-schemas.ts';
import { parseJson } from './journal-entry.ts';

/** Why a journal is not used: what was found in which record. */
export interface QuarantineCause extends Defect {
  /** Log sequence of the record; of the last entry where the state as a whole is at fault. */
  readonly sequence: number;
  /** The beginning of the stored record. */
  readonly excerpt: string;
}

/** A journal whose stored data does not fit its schemas or its invariant. All data is kept. */
export interface Quarantine extends QuarantineCause {
  /** Subject of the record of the quarantine: the journal's subjects begin alike. */
  readonly subject: string;
  /** Instant at which it was found, by the server's wall clock. */
  readonly foundAtMs: number;
}

const causeSchema = z.object({
  reason: z.string(),
  detail: z.string(),
  sequence: z.number(),
  excerpt: z.string(),
});
const encoder = new TextEncoder();

/** The record that says so. */
export function quarantineRecord(subject: string, cause: QuarantineCause): NewRecord {
  return { subject, payload: encoder.encode(JSON.stringify(cause)), replacesSubject: true };
}

/** The quarantine that a record says; undefined for what is no such record. */
export function decodeQuarantine(record: LogRecord): Quarantine | undefined {
  const parsed = causeSchema.safeParse(parseJson(record.payload));
  if (!parsed.success) return undefined;
  const { reason, ...cause } = parsed.data;
  return {
    ...cause,
    reason: reason as Defect['reason'],
    subject: record.subject,
    foundAtMs: record.acceptedAtMs,
  };
}

/**
 * The quarantined journals of a log, for a person or a command. `pattern` is that of their quarantine subjects:
 * `JournalOwner.subject('quarantine')` with wildcards.
 *
 * @throws StoreUnavailableError
 */
export async function* listQuarantined(log: Log, name: string, pattern: string): AsyncGenerator<Quarantine> {
  for await (const page of log.readAllLast(name, pattern))
    for (const record of page) {
      const quarantine = decodeQuarantine(record);
      if (quarantine !== undefined) yield quarantine;
    }
}
