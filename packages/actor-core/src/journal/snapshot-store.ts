import { BlobDamagedError } from '../errors.ts';
import type { BlobBucket } from '../storage/blob/blob.ts';
import type { Log, LogRecord } from '../storage/log/log.ts';
import { type JournalOwner, subjectsOf } from './journal-owner.ts';
import {
  decodeSnapshot,
  decodeSnapshotRecord,
  digestOf,
  encodeSnapshot,
  inlineRecord,
  referringRecord,
  type Snapshot,
} from './snapshot.ts';

/** A snapshot that is stored, or what is wrong with it. */
export type StoredSnapshot = { readonly recordSequence: number; readonly blob: string | undefined } & (
  | { readonly kind: 'sound'; readonly snapshot: Snapshot }
  | { readonly kind: 'broken'; readonly detail: string }
);

/** Larger snapshots go to the bucket of blobs, so that they do not displace entries in the server's memory. */
const maxInlineBytes = 256 * 1024;
/** How many snapshots are kept. With two, the entries from the older one on are kept too. */
const keptSnapshots = 2;

/** What became of a snapshot. */
export type SaveOutcome = 'saved' | 'refused' | 'too-large';

/** The snapshots of one journal: the newest two, with the entries after the older one. */
export class SnapshotStore {
  readonly #log: Log;
  readonly #owner: JournalOwner;
  readonly #blobs: BlobBucket | undefined;
  /** Snapshots in the store, the oldest first. */
  #stored: StoredSnapshot[] = [];

  constructor(log: Log, owner: JournalOwner, blobs: BlobBucket | undefined) {
    this.#log = log;
    this.#owner = owner;
    this.#blobs = blobs;
  }

  /** The stored snapshots, the newest first. @throws StoreUnavailableError */
  async load(): Promise<readonly StoredSnapshot[]> {
    const records: LogRecord[] = [];
    const { snapshots: filter } = subjectsOf(this.#owner);
    for (let from = 1; ; ) {
      const page = await this.#log.readForward(this.#owner.log, { from, filter, limit: 8 });
      records.push(...page.records);
      if (page.isEnd) break;
      from = page.next;
    }
    this.#stored = await Promise.all(records.map((record) => this.#check(record)));
    return this.#stored.toReversed();
  }

  /** Writes a snapshot under the fence. @throws StoreUnavailableError the outcome is unknown */
  async save(snapshot: Snapshot): Promise<SaveOutcome> {
    const body = encodeSnapshot(snapshot);
    const { snapshots: subject } = subjectsOf(this.#owner);
    let blob: string | undefined;
    let record = inlineRecord(subject, body);
    if (body.length > maxInlineBytes) {
      if (this.#blobs === undefined) return 'too-large';
      // A name of its own: two snapshots with the same content must not share what one of them removes.
      blob = `${subject}/${snapshot.position.index}.${this.#owner.fence.sequence}`;
      const outcome = await this.#blobs.putNamed(blob, body);
      if (outcome.kind === 'conflict') return 'refused';
      record = referringRecord(subject, outcome.entry);
    }
    const outcome = await this.#owner.write(record);
    if (outcome.kind !== 'written') return 'refused';
    this.#stored.push({ kind: 'sound', snapshot, recordSequence: outcome.sequence, blob });
    return 'saved';
  }

  /**
   * Removes all but the newest two sound snapshots and, unless `keepsEntries`, the entries that both of them include.
   * Needs no fence: an owner that was deposed meanwhile removes only what two later snapshots include.
   */
  async trim(keepsEntries: boolean): Promise<void> {
    const sound = this.#stored.filter(({ kind }) => kind === 'sound');
    const oldestKept = sound.at(-keptSnapshots);
    if (oldestKept?.kind !== 'sound' || sound.length < keptSnapshots) return;
    const { entries, snapshots } = subjectsOf(this.#owner);
    const { log } = this.#owner;
    const gone = this.#stored.filter(({ recordSequence }) => recordSequence < oldestKept.recordSequence);
    if (!keepsEntries && oldestKept.snapshot.sequence > 0)
      await this.#log.purge(log, { subject: entries, upTo: oldestKept.snapshot.sequence });
    if (gone.length === 0) return;
    await this.#log.purge(log, { subject: snapshots, upTo: oldestKept.recordSequence - 1 });
    for (const { blob } of gone) if (blob !== undefined) await this.#blobs?.delete(blob);
    this.#stored = this.#stored.filter((stored) => !gone.includes(stored));
  }

  async #check(record: LogRecord): Promise<StoredSnapshot> {
    const { sequence: recordSequence } = record;
    const decoded = decodeSnapshotRecord(record);
    if (decoded === undefined)
      return { kind: 'broken', recordSequence, blob: undefined, detail: 'no snapshot record' };
    const blob = 'blob' in decoded ? decoded.blob.name : undefined;
    const body = await this.#body(decoded);
    if (typeof body === 'string') return { kind: 'broken', recordSequence, blob, detail: body };
    const snapshot = decodeSnapshot(body);
    return snapshot === undefined
      ? { kind: 'broken', recordSequence, blob, detail: 'its content is no snapshot' }
      : { kind: 'sound', recordSequence, blob, snapshot };
  }

  /** The content, or what is wrong with it. */
  async #body(record: NonNullable<ReturnType<typeof decodeSnapshotRecord>>): Promise<Uint8Array | string> {
    if ('body' in record)
      return digestOf(record.body) === record.digest ? record.body : 'its digest is wrong';
    if (this.#blobs === undefined) return 'it is a blob, and the journal has no bucket of blobs';
    try {
      return (await this.#blobs.get(record.blob)) ?? 'its blob is missing';
    } catch (error) {
      if (error instanceof BlobDamagedError) return error.message;
      throw error;
    }
  }
}
