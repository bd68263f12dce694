import type { Clock } from '../clock.ts';
import { InvalidArgumentError, MessageTooLargeError, StoreUnavailableError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { BlobBucket } from '../storage/blob/blob.ts';
import type { Log } from '../storage/log/log.ts';
import { DefectError, describe, type EventOf, type EventSpecs } from './event-schemas.ts';
import type { ResolvedDefinition, TimerRequest } from './journal-definition.ts';
import { entryRecord } from './journal-entry.ts';
import { type JournalOwner, type JournalSubjects, subjectsOf } from './journal-owner.ts';
import type { JournalState, Proposal } from './journal-state.ts';
import { decodeQuarantine, type QuarantineCause, quarantineRecord } from './quarantine.ts';
import { readOn, type RecoveryListener, recoverJournal } from './recover-journal.ts';
import { SnapshotStore } from './snapshot-store.ts';
import { ServerClock } from './timers/server-clock.ts';
import type { TimerChange } from './timers/timer-table.ts';

/** What a session works with. */
export interface SessionContext<M, S, E extends EventSpecs> {
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  readonly owner: JournalOwner;
  readonly definition: ResolvedDefinition<M, S, E>;
  readonly blobs: BlobBucket | undefined;
  readonly listener: SessionListener;
}

/** Learns what happens beside the answers to calls. */
export interface SessionListener extends RecoveryListener {
  onSnapshotFailed(detail: string): void;
  /** A journal that was quarantined is readable again. */
  onReleased(): void;
}

/** Whether a journal can be used. */
export type OpenOutcome =
  | { readonly kind: 'ready' }
  | { readonly kind: 'quarantined'; readonly cause: QuarantineCause }
  /** Another owner has the journal, or its log lost the fence. */
  | { readonly kind: 'deposed' };

/** What became of a store. */
export type StoreOutcome =
  | 'stored'
  | 'deposed'
  /** Certainly nothing was stored. `error` says why. */
  | { readonly kind: 'not-stored'; readonly error: Error }
  /** Open the session again before the next use. */
  | { readonly kind: 'unknown'; readonly error: Error };

/** How many sessions an owner has had in this process. */
const sessionsOf = new WeakMap<JournalOwner, number>();

/**
 * One incarnation's use of a journal: recovery, writes one after the other, snapshots.
 *
 * After a write with an unknown outcome the session is closed until `open` has found out what was stored. The same is
 * needed where an earlier incarnation with the same fence may have a write on its way.
 */
export class JournalSession<M, S, E extends EventSpecs> {
  readonly #context: SessionContext<M, S, E>;
  readonly #subjects: JournalSubjects;
  readonly #snapshots: SnapshotStore;
  readonly serverClock: ServerClock;
  #journal: JournalState<M, S, E> | undefined = undefined;
  #isOpen = false;
  #needsBarrier: boolean;
  /** Highest generation that a barrier was attempted for. */
  #generation = 0;
  #isSaving = false;
  #isReleased = false;

  constructor(context: SessionContext<M, S, E>) {
    this.#context = context;
    const { owner, log, blobs, clock } = context;
    this.#subjects = subjectsOf(owner);
    this.#snapshots = new SnapshotStore(log, owner, blobs);
    this.serverClock = new ServerClock(log, owner.log, clock);
    const earlier = sessionsOf.get(owner) ?? 0;
    sessionsOf.set(owner, earlier + 1);
    this.#needsBarrier = earlier > 0;
  }

  /** What is stored. Valid once `open` has answered `ready`. */
  get journal(): JournalState<M, S, E> {
    if (this.#journal === undefined) throw new InvalidArgumentError('session', 'is not open');
    return this.#journal;
  }

  /** Recovers the journal, or finds out what became of the last write. @throws StoreUnavailableError */
  async open(): Promise<OpenOutcome> {
    try {
      if (this.#journal === undefined) {
        const recovered = await recoverJournal({ ...this.#context, snapshots: this.#snapshots });
        if (recovered.kind === 'quarantined') return await this.#quarantine(recovered.cause);
        this.#journal = recovered.journal;
        await this.serverClock.ask();
      }
      if (this.#needsBarrier && !(await this.#passBarrier(this.#journal))) return { kind: 'deposed' };
    } catch (error) {
      if (!(error instanceof DefectError)) throw error;
      const cause = { ...error.defect, sequence: this.#journal?.sequence ?? 0, excerpt: '' };
      this.#journal = undefined;
      return this.#quarantine(cause);
    }
    await this.#release();
    this.#isOpen = true;
    return { kind: 'ready' };
  }

  /** Stores events and changes of timers as one entry. Call it again only once it has settled. */
  async store(events: readonly EventOf<E>[], requests: readonly TimerRequest[]): Promise<StoreOutcome> {
    if (!this.#isOpen) throw new InvalidArgumentError('session', 'is not open');
    const { journal } = this;
    let changes: readonly TimerChange[];
    try {
      changes = await this.#changesOf(requests);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return { kind: 'not-stored', error };
    }
    const proposal = journal.propose(events, changes);
    return this.#write(journal, proposal);
  }

  async #write(journal: JournalState<M, S, E>, proposal: Proposal<S>): Promise<StoreOutcome> {
    try {
      const outcome = await this.#context.owner.write(entryRecord(this.#subjects.entries, proposal.entry));
      switch (outcome.kind) {
        case 'written':
          journal.stored(proposal, outcome.sequence);
          this.#maybeSave(journal);
          return 'stored';
        case 'deposed':
        case 'rolled-back':
          this.#isOpen = false;
          return 'deposed';
        default:
          return { kind: 'not-stored', error: new StoreUnavailableError(this.#context.owner.log) };
      }
    } catch (error) {
      if (error instanceof MessageTooLargeError) return { kind: 'not-stored', error };
      if (!(error instanceof StoreUnavailableError)) throw error;
      this.#isOpen = false;
      this.#needsBarrier = true;
      return { kind: 'unknown', error };
    }
  }

  /** False where another owner has the journal. @throws StoreUnavailableError */
  async #passBarrier(journal: JournalState<M, S, E>): Promise<boolean> {
    const { index, generation } = journal.position;
    this.#generation = Math.max(this.#generation, generation) + 1;
    const barrier = { index, generation: this.#generation, isBarrier: true, events: [], timers: [] };
    const outcome = await this.#context.owner.write(entryRecord(this.#subjects.entries, barrier));
    if (outcome.kind === 'deposed' || outcome.kind === 'rolled-back') return false;
    if (outcome.kind !== 'written') throw new StoreUnavailableError(this.#context.owner.log);
    await readOn(this.#context, journal, outcome.sequence);
    journal.checkInvariant(journal.state);
    this.#needsBarrier = false;
    return true;
  }

  async #changesOf(requests: readonly TimerRequest[]): Promise<readonly TimerChange[]> {
    const changes: TimerChange[] = [];
    for (const request of requests) {
      if ('cancel' in request) {
        changes.push({ cancel: request.cancel });
        continue;
      }
      const { set: key, payload = null } = request;
      const atMs =
        'atMs' in request ? request.atMs : Math.ceil((await this.serverClock.latest()) + request.afterMs);
      if (!Number.isFinite(atMs)) throw new InvalidArgumentError(`timers.${key}`, 'must have a finite time');
      changes.push({ set: { key, id: this.#context.random.id(), atMs, payload } });
    }
    return changes;
  }

  #maybeSave(journal: JournalState<M, S, E>): void {
    const { snapshotEvery } = this.#context.definition;
    if (snapshotEvery === 0 || journal.sinceSnapshot < snapshotEvery || this.#isSaving) return;
    this.#isSaving = true;
    void this.#save(journal).finally(() => {
      this.#isSaving = false;
    });
  }

  /** Never rejects. The state cannot change meanwhile: a later state is another value. */
  async #save(journal: JournalState<M, S, E>): Promise<void> {
    // Also where it fails, the next attempt comes after as many further entries.
    journal.sinceSnapshot = 0;
    try {
      const outcome = await this.#snapshots.save(journal.snapshot());
      if (outcome !== 'saved') return this.#context.listener.onSnapshotFailed(outcome);
      await this.#snapshots.trim(this.#context.definition.keepsEntries);
    } catch (error) {
      this.#context.listener.onSnapshotFailed(describe(error));
    }
  }

  /** Records the quarantine for people, once. What cannot be recorded now is recorded at the next attempt. */
  async #quarantine(cause: QuarantineCause): Promise<OpenOutcome> {
    const { log, owner } = this.#context;
    const { quarantine: subject } = this.#subjects;
    try {
      const record = await log.readLast(owner.log, subject);
      const known = record === undefined ? undefined : decodeQuarantine(record);
      if (known?.sequence !== cause.sequence || known.detail !== cause.detail)
        await owner.write(quarantineRecord(subject, cause));
    } catch {
      // The event has the same content.
    }
    return { kind: 'quarantined', cause };
  }

  async #release(): Promise<void> {
    if (this.#isReleased) return;
    const { log, owner, listener } = this.#context;
    const { quarantine: subject } = this.#subjects;
    if ((await log.readLast(owner.log, subject)) !== undefined) {
      await log.purge(owner.log, { subject });
      listener.onReleased();
    }
    this.#isReleased = true;
  }
}
