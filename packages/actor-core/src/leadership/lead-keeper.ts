import type { Timer } from '../clock.ts';
import { StoreUnavailableError } from '../errors.ts';
import type { LocalNode } from '../membership/local-node.ts';
import type { MemberEvidence } from '../membership/presence.ts';
import type { ElectionEvent, ElectionState } from './election/election-state.ts';
import { electionStep } from './election-trace.ts';
import type { LeadLog } from './lead-log.ts';
import { decideTake, type LeadRecord } from './lead-record.ts';
import type { OwnTenure } from './own-tenure.ts';

/** Time between two checks of a leader that its lead record is still the newest one. */
const checkMs = 500;
/** A check that takes longer than this shows that JetStream is away. */
const slowCheckMs = 1_500;
/** Pause after the first look at the start that failed. It doubles with each further one. */
const lookMs = 500;
const mostLookMs = 4_000;

/** What a `LeadKeeper` works with. */
export interface LeadKeeperOptions {
  readonly node: LocalNode;
  readonly group: string;
  readonly log: LeadLog;
  /** Subject of an empty record that only asserts the fence. */
  readonly assertionSubject: string;
  readonly election: ElectionState;
  /** Reports an outcome to the election. */
  readonly take: (event: ElectionEvent) => void;
  /** Whether this node still leads in that tenure. */
  readonly holds: (tenure: OwnTenure) => boolean;
  /** A check or a write has ended: whether the leader may act may have changed. */
  readonly onChecked: () => void;
}

/** Reads, takes and checks the lead record of one group, and keeps why the log of the group cannot be used. */
export class LeadKeeper {
  readonly #options: LeadKeeperOptions;
  readonly #node: LocalNode;
  readonly #log: LeadLog;
  #isTaking = false;
  #lookTimer: Timer | undefined = undefined;
  #checkAtMs = 0;
  /** Start of the check on its way. */
  #checkSinceMs: number | undefined = undefined;
  #readTrouble: StoreUnavailableError | undefined = undefined;
  #writeTrouble: StoreUnavailableError | undefined = undefined;
  #lostAtMs: number | undefined = undefined;

  constructor(options: LeadKeeperOptions) {
    this.#options = options;
    this.#node = options.node;
    this.#log = options.log;
  }

  /** Why the log cannot be used, as far as the last read and the last write show. */
  get trouble(): StoreUnavailableError | undefined {
    return this.#writeTrouble ?? this.#readTrouble;
  }

  /** When the log was last found lost or rolled back, by the wall clock. */
  get lostAtMs(): number | undefined {
    return this.#lostAtMs;
  }

  /** Whether the log answers, and has all that this node knows of. */
  get isHealthy(): boolean {
    const sinceMs = this.#checkSinceMs;
    const isSlow = sinceMs !== undefined && this.#node.clock.now() - sinceMs > slowCheckMs;
    return this.trouble === undefined && !isSlow && !this.#log.isShort;
  }

  /** Another leader is known: the trouble of an own attempt is over. */
  forgetWriteTrouble(): void {
    this.#writeTrouble = undefined;
  }

  /**
   * Makes the log of the group where there is none, and reads the lead record at the start, so that the first silence
   * is counted against the right leader. Where voters decide, they are recorded in that log. While no voters are
   * known, no node campaigns and reads the log again, so this read is repeated.
   */
  async lookAround(pauseMs: number = lookMs): Promise<void> {
    let nextMs = mostLookMs;
    try {
      const newest = await this.#read();
      const known = { term: newest?.term ?? 0, fence: newest?.sequence ?? 0 };
      this.#options.take({ kind: 'known', ...known, isOver: newest === undefined || this.#isOver(newest) });
    } catch {
      // Noted.
      nextMs = pauseMs;
    }
    if (this.#isLogWanted())
      this.#lookTimer = this.#node.clock.setTimer(nextMs, () => {
        if (this.#isLogWanted()) void this.lookAround(Math.min(2 * nextMs, mostLookMs));
      });
  }

  /** Does the election wait for what is in the log, because no voter and no leader is known? */
  #isLogWanted(): boolean {
    const { electorate, voters, leader, hasStopped } = this.#options.election;
    return electorate === 'voters' && voters.length === 0 && leader === undefined && !hasStopped;
  }

  /** Ends the looks at the start. */
  close(): void {
    this.#lookTimer?.cancel();
  }

  /** Writes the lead record if the newest one allows it. Only one such write is on its way. */
  async record(wanted: number): Promise<void> {
    if (this.#isTaking) return;
    this.#isTaking = true;
    const known = { term: 0, fence: 0 };
    const { clock } = this.#node;
    const sinceMs = clock.now();
    try {
      const newest = await this.#read();
      const { fence } = this.#options.election;
      const decision = decideTake({ fence, term: wanted }, newest, (record) => this.#isOver(record));
      this.#trace({ record: decision.do, readMs: clock.now() - sinceMs });
      if (decision.do === 'examine') await this.#examine();
      if (decision.do === 'wait') Object.assign(known, { term: decision.term, fence: decision.fence });
      // A leader may have been heard during the read.
      if (decision.do === 'take' && this.#options.election.role === 'chosen') {
        const taken = await this.#log.take(decision.after, decision.term);
        this.#trace({ record: taken === undefined ? 'lost' : 'taken', tookMs: clock.now() - sinceMs });
        if (taken !== undefined) return this.#noteTaken(decision.term, taken.sequence);
        Object.assign(known, await this.#readKnown());
      }
    } catch (error) {
      this.#trace({ record: 'failed', tookMs: clock.now() - sinceMs, cause: String((error as Error).cause) });
      this.#noteTrouble(error, 'written');
    } finally {
      this.#isTaking = false;
    }
    this.#options.take({ kind: 'not-recorded', ...known });
  }

  #trace(fields: object): void {
    this.#node.log.debug({ group: this.#options.group, ...fields }, electionStep);
  }

  #noteTaken(term: number, fence: number): void {
    this.#writeTrouble = undefined;
    this.#options.take({ kind: 'recorded', term, fence });
  }

  /** A leader asks from time to time whether its lead record is still the newest one, and whether the log answers. */
  maybeCheck(tenure: OwnTenure): void {
    if (this.#node.clock.now() < this.#checkAtMs) return;
    this.#checkAtMs = Number.POSITIVE_INFINITY;
    this.#checkSinceMs = this.#node.clock.now();
    void this.#check(tenure);
  }

  async #check(tenure: OwnTenure): Promise<void> {
    try {
      const newest = await this.#read();
      if (this.#options.holds(tenure)) await this.#compare(newest);
      // A log that answers reads may still refuse writes.
      if (this.#writeTrouble !== undefined && !tenure.signal.aborted)
        await tenure.write({ subject: this.#options.assertionSubject, payload: new Uint8Array(0) });
    } catch {
      // Noted.
    }
    this.#checkSinceMs = undefined;
    this.#checkAtMs = this.#node.clock.now() + checkMs;
    this.#options.onChecked();
  }

  async #compare(newest: LeadRecord | undefined): Promise<void> {
    const { fence } = this.#options.election;
    if (newest !== undefined && newest.sequence > fence) {
      this.#options.take({ kind: 'fenced' });
      this.#options.take({ kind: 'not-recorded', term: newest.term, fence: newest.sequence });
    } else if (newest?.sequence !== fence) await this.#examine();
    // The log was rolled back, and has issued the fence again.
    else if (!this.#log.isOwn(newest)) this.#noteLoss();
    else this.#log.noteComplete();
  }

  /** The log lacks a lead record that this node knows of. */
  async #examine(): Promise<void> {
    if (await this.#log.hasLost()) this.#noteLoss();
  }

  #noteLoss(): void {
    this.#lostAtMs = this.#node.clock.wallNow();
    this.#node.log.error(
      { group: this.#options.group, log: this.#log.name, fence: this.#options.election.fence },
      'the log of the group was lost or rolled back: what was acknowledged before may be gone',
    );
    this.#options.take({ kind: 'log-lost' });
  }

  async #read(): Promise<LeadRecord | undefined> {
    try {
      const newest = await this.#log.newest();
      this.#readTrouble = undefined;
      if (newest !== undefined && newest.sequence >= this.#options.election.fence) this.#log.noteComplete();
      return newest;
    } catch (error) {
      this.#noteTrouble(error, 'read');
      throw error;
    }
  }

  async #readKnown(): Promise<{ readonly term: number; readonly fence: number }> {
    const newest = await this.#read();
    return { term: newest?.term ?? 0, fence: newest?.sequence ?? 0 };
  }

  /** Has the process that wrote the record ended, or was it this candidacy? */
  #isOver(record: LeadRecord): boolean {
    const { nodeId, incarnation, presence } = this.#node;
    if (record.leader === nodeId) return this.#log.isOwn(record) || record.incarnation !== incarnation;
    const member = presence.member(record.leader);
    return member !== undefined && endedOf(member) >= record.incarnation;
  }

  noteWrite(error: unknown): void {
    if (error === undefined) this.#writeTrouble = undefined;
    else if (error instanceof StoreUnavailableError) this.#noteTrouble(error, 'written');
    this.#options.onChecked();
  }

  /**
   * Logs a full or missing store, or an unreadable record, once. An unreachable store is expected to recover by itself.
   */
  #noteTrouble(err: unknown, what: 'read' | 'written'): void {
    const before = this.trouble?.code;
    const known = err instanceof StoreUnavailableError ? err : undefined;
    if (what === 'read') this.#readTrouble = known;
    else this.#writeTrouble = known;
    const passes = known?.code === 'store-unavailable' || (known !== undefined && known.code === before);
    this.#node.log[passes ? 'debug' : 'error'](
      { group: this.#options.group, code: known?.code, err },
      `the log of the group cannot be ${what}`,
    );
  }
}

/** Highest incarnation of the node that has ended. */
export function endedOf({ state, incarnation }: MemberEvidence): number {
  return state === 'left' ? incarnation : incarnation - 1;
}
