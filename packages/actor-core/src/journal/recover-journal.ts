import { StoreUnavailableError } from '../errors.ts';
import type { Log, LogRecord } from '../storage/log/log.ts';
import { decodeEntry } from './journal-entry.ts';
import { type Defect, DefectError, type EventSpecs } from './event-schemas.ts';
import type { ResolvedDefinition } from './journal-definition.ts';
import { type JournalOwner, subjectsOf } from './journal-owner.ts';
import { JournalState } from './journal-state.ts';
import type { QuarantineCause } from './quarantine.ts';
import { excerptOf } from './snapshot.ts';
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts';

/** Entries that are read at once, and held in memory. */
const pageEntries = 256;

/** What a recovery reports while it runs. */
export interface RecoveryListener {
  /** `entries` of at most `total` were read. Called after each page. */
  onProgress(entries: number, total: number): void;
  /** A snapshot could not be used; the one before it, or all entries, are. */
  onBrokenSnapshot(detail: string): void;
}

/** A recovered state, or why there is none. */
export type Recovered<M, S, E extends EventSpecs> =
  | { readonly kind: 'recovered'; readonly journal: JournalState<M, S, E> }
  | { readonly kind: 'quarantined'; readonly cause: QuarantineCause };

/** What a journal is read with. */
export interface RecoveryContext<M, S, E extends EventSpecs> {
  readonly log: Log;
  readonly owner: JournalOwner;
  readonly definition: ResolvedDefinition<M, S, E>;
  readonly snapshots: SnapshotStore;
  readonly listener: RecoveryListener;
}

/**
 * Recovers a journal: from the newest snapshot that is sound and fits, and the entries after it.
 *
 * @throws StoreUnavailableError
 */
export async function recoverJournal<M, S, E extends EventSpecs>(
  context: RecoveryContext<M, S, E>,
): Promise<Recovered<M, S, E>> {
  const { listener, snapshots } = context;
  const stored = await snapshots.load();
  let cause: QuarantineCause | undefined;
  for (const candidate of [...stored, undefined]) {
    if (candidate?.kind === 'broken') {
      listener.onBrokenSnapshot(candidate.detail);
      continue;
    }
    const recovered = await recoverFrom(context, candidate);
    if (recovered.kind === 'recovered') return recovered;
    // The first cause is that of the newest data; the others are mostly its consequences.
    cause ??= recovered.cause;
    if (candidate !== undefined) listener.onBrokenSnapshot(recovered.cause.detail);
  }
  return { kind: 'quarantined', cause: cause as QuarantineCause };
}

async function recoverFrom<M, S, E extends EventSpecs>(
  context: RecoveryContext<M, S, E>,
  stored: (StoredSnapshot & { readonly kind: 'sound' }) | undefined,
): Promise<Recovered<M, S, E>> {
  const { definition, owner } = context;
  const snapshot = stored?.snapshot;
  try {
    const journal = new JournalState(definition, snapshot);
    const atLeast = Math.max(owner.fence.sequence, snapshot?.sequence ?? 0);
    await readOn(context, journal, atLeast);
    journal.checkInvariant(journal.state);
    return { kind: 'recovered', journal };
  } catch (error) {
    if (!(error instanceof DefectError)) throw error;
    const record = error instanceof RecordDefectError ? error.record : undefined;
    return { kind: 'quarantined', cause: causeOf(error.defect, record, stored?.recordSequence ?? 0) };
  }
}

/**
 * Reads the entries that follow what was read. `atLeast`: a sequence that the log had accepted before. A server that
 * lags behind may answer reads as the leader for some seconds after an election, and must not pass for the end of the
 * journal.
 *
 * @throws StoreUnavailableError
 * @throws DefectError
 */
export async function readOn<M, S, E extends EventSpecs>(
  context: Pick<RecoveryContext<M, S, E>, 'log' | 'owner' | 'listener'>,
  journal: JournalState<M, S, E>,
  atLeast: number,
): Promise<void> {
  const { log, owner, listener } = context;
  const { entries: filter } = subjectsOf(owner);
  const begin = journal.position.index;
  for (let from = journal.sequence + 1; ; ) {
    const page = await log.readForward(owner.log, { from, filter, limit: pageEntries });
    for (const record of page.records) replayOne(journal, record);
    if (page.isEnd) {
      if (page.next <= atLeast) throw new StoreUnavailableError(owner.log);
      return;
    }
    listener.onProgress(journal.position.index - begin, (await newestIndex(log, owner)) - begin);
    from = page.next;
  }
}

/** Number of the newest entry, for the progress alone. */
async function newestIndex(log: Log, owner: JournalOwner): Promise<number> {
  const newest = await log.readLast(owner.log, subjectsOf(owner).entries).catch(() => undefined);
  return newest === undefined ? 0 : (decodeEntry(newest)?.index ?? 0);
}

function replayOne<M, S, E extends EventSpecs>(journal: JournalState<M, S, E>, record: LogRecord): void {
  try {
    journal.replay(record);
  } catch (error) {
    throw error instanceof DefectError ? new RecordDefectError(error.defect, record) : error;
  }
}

/** A defect of one record. */
class RecordDefectError extends DefectError {
  readonly record: LogRecord;

  constructor({ reason, detail }: Defect, record: LogRecord) {
    super(reason, detail);
    this.record = record;
  }
}

function causeOf(defect: Defect, record: LogRecord | undefined, sequence: number): QuarantineCause {
  return record === undefined
    ? { ...defect, sequence, excerpt: '' }
    : { ...defect, sequence: record.sequence, excerpt: excerptOf(record.payload) };
}
