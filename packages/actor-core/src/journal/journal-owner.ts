import type { Fence, FencedOutcome } from '../fence/fence.ts';
import type { BatchRecord } from '../storage/log/log.ts';

/**
 * The right to write one journal, and where its records are. An activation of an entity is one (`Entity`);
 * `openJournal` makes one for any actor.
 */
export interface JournalOwner {
  /** Log of the fence and of all records of the journal. It must keep all records of a subject. */
  readonly log: string;
  /** Fence under which `write` writes. */
  readonly fence: Fence;
  /** Subject of the records with these tokens: `journal`, `snapshot`, `quarantine`. */
  subject(...tokens: readonly string[]): string;
  /**
   * Writes all records or none, if the fence still holds.
   *
   * @throws StoreUnavailableError the outcome is unknown
   * @throws MessageTooLargeError nothing was written
   */
  write(...records: readonly BatchRecord[]): Promise<FencedOutcome>;
}

/** Subjects of a journal's records. */
export interface JournalSubjects {
  /** Entries: the events in their order. */
  readonly entries: string;
  /** The newest two snapshots of the state. */
  readonly snapshots: string;
  /** Why the journal is quarantined; empty where it is not. */
  readonly quarantine: string;
}

/** The subjects of the journal of an owner. */
export function subjectsOf(owner: Pick<JournalOwner, 'subject'>): JournalSubjects {
  return {
    entries: owner.subject('journal'),
    snapshots: owner.subject('snapshot'),
    quarantine: owner.subject('quarantine'),
  };
}
