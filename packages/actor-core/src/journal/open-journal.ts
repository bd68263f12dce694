import { StoreUnavailableError } from '../errors.ts';
import { createFence, type Fence, type FencedOutcome, takeFence } from '../fence/fence.ts';
import { FencedWriter } from '../fence/fenced-writer.ts';
import type { BatchRecord, Log } from '../storage/log/log.ts';
import type { LogSpec } from '../storage/log/log-spec.ts';
import type { RecordWriter } from '../storage/log/record-writer.ts';
import type { JournalOwner } from './journal-owner.ts';

/** What `openJournal` needs to know. */
export interface OpenJournalOptions {
  /** The durable storage of the node: `node.storage`. */
  readonly storage: { readonly log: Log; readonly writer: RecordWriter };
  /** Log of the journal: `journalLogSpec` says how it is set up. */
  readonly log: string;
  /** Subject of the journal; its records are one token below. One that the log stores. */
  readonly subject: string;
  /** Who opens it, for people who look at the record. */
  readonly owner: string;
}

const maxAttempts = 8;

/** A log that fits journals: it keeps all records of a subject. */
export function journalLogSpec(
  spec: Pick<LogSpec, 'name' | 'subjects' | 'replicas' | 'firstSequence'>,
): LogSpec {
  return { ...spec, historyPerSubject: 0, discard: 'new' };
}

/**
 * Takes over the journal of a subject. The former owner can no longer write: its actor ends with the next message. For
 * an actor that one process runs at a time; an entity is the owner of its own journal.
 *
 * @throws StoreUnavailableError
 */
export async function openJournal(options: OpenJournalOptions): Promise<JournalOwner> {
  const fence = await take(options);
  const writer = new FencedWriter(options.storage);
  return {
    log: options.log,
    fence,
    subject: (...tokens) => [options.subject, ...tokens].join('.'),
    write: (...records: readonly BatchRecord[]): Promise<FencedOutcome> => writer.write(fence, ...records),
  };
}

async function take({ storage, log, subject, owner }: OpenJournalOptions): Promise<Fence> {
  const payload = new TextEncoder().encode(JSON.stringify({ owner }));
  const record = { subject: `${subject}.owner`, payload, replacesSubject: true };
  let after = (await storage.log.readLast(log, record.subject))?.sequence ?? 0;
  for (let attempt = 1; ; attempt++) {
    const taken = await takeFence(storage.writer, { log, after, record });
    if (taken.kind === 'taken') return createFence(log, record.subject, taken.fence.sequence);
    const newest = await storage.log.readLast(log, record.subject);
    if (attempt === maxAttempts) throw new StoreUnavailableError(log);
    after = newest?.sequence ?? 0;
  }
}
