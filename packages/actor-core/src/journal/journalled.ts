import type { ActorContext, Behaviour, Next } from '../actor/actor-context.ts';
import { receive, setup, stopped } from '../actor/behaviour.ts';
import type { JournalEvent } from '../actor/runtime-event.ts';
import { NotStoredError, OutcomeUnknownError, QuarantinedError } from '../errors.ts';
import type { BlobBucket } from '../storage/blob/blob.ts';
import type { Log } from '../storage/log/log.ts';
import { describe, type EventOf, type EventSpecs } from './event-schemas.ts';
import {
  type Decision,
  type JournalDefinition,
  type ResolvedDefinition,
  resolveDefinition,
} from './journal-definition.ts';
import { type JournalOwner, subjectsOf } from './journal-owner.ts';
import { JournalSession, type OpenOutcome } from './journal-session.ts';
import { refuseMessage, reportJournal } from './report-journal.ts';
import type { DurableTimer } from './timers/timer-table.ts';

/** Where a journalled behaviour stores its events. */
export interface JournalSurroundings {
  /** The durable storage of the node: `node.storage`. */
  readonly storage: { readonly log: Log };
  /** An entity (`Entity`), or what `openJournal` returned. */
  readonly owner: JournalOwner;
  /** For snapshots of more than 256 KiB; without it they fail, with an event. */
  readonly blobs?: BlobBucket;
}

/** A message that the behaviour sends to itself. Only this module can create one. */
class Own {
  readonly what: 'opened' | 'retry' | 'due';

  constructor(what: 'opened' | 'retry' | 'due') {
    this.what = what;
  }
}

const opened = new Own('opened');
const retry = new Own('retry');
const due = new Own('due');
const retryKey = '$journal-retry';
const timerKey = '$journal-timers';
const firstRetryMs = 100;
const maxRetryMs = 10_000;
/** Clocks drift apart: the server is asked again at least this often while a timer waits. */
const maxSleepMs = 600_000;
/** Timers that fire in one turn, before the messages that wait get theirs. */
const firedAtOnce = 16;

/**
 * A behaviour whose state is made of stored events (event sourcing).
 *
 * - A message is answered after everything that it leads to is stored. The state changes at the same moment.
 * - A start, and each restart, recovers the state from the newest snapshot and the events after it. Messages wait
 *   meanwhile in the mailbox.
 * - While the store is away or full, each message is refused at once, and the actor lives. After a write with an
 *   unknown outcome it first finds out what was stored.
 * - Once another owner has the journal, the actor ends. The current message, of which nothing was stored, and the
 *   messages in the mailbox are handed over: those of an entity go to its new activation.
 * - Stored data that does not fit is quarantined: kept, reported, and no message is handled.
 *
 * @throws InvalidArgumentError for a definition that contradicts itself
 */
export function journalled<M, S, E extends EventSpecs>(
  definition: JournalDefinition<M, S, E>,
  surroundings: JournalSurroundings,
): Behaviour<M> {
  const resolved = resolveDefinition(definition);
  return setup<M>((context) => {
    const actor = new JournalledActor(resolved, surroundings, context);
    actor.begin();
    return receive<M>((message) =>
      message instanceof Own ? actor.handleOwn(message) : actor.handle(message),
    );
  });
}

type Phase =
  /** The state is not known yet, or the outcome of the last write. */
  | 'opening'
  | 'ready'
  | 'quarantined'
  /** Another owner has the journal. */
  | 'deposed';

/** One incarnation of a journalled actor: the shell around `JournalSession`. */
class JournalledActor<M, S, E extends EventSpecs> {
  readonly #definition: ResolvedDefinition<M, S, E>;
  readonly #context: ActorContext<M>;
  readonly #session: JournalSession<M, S, E>;
  readonly #entries: string;
  #phase: Phase = 'opening';
  /** The present attempt to open the session. */
  #opening: Promise<void> = Promise.resolve();
  #failures = 0;
  #trouble: unknown = undefined;
  #isSuspended = false;
  #isRecovered = false;

  constructor(
    definition: ResolvedDefinition<M, S, E>,
    { storage, owner, blobs }: JournalSurroundings,
    context: ActorContext<M>,
  ) {
    this.#definition = definition;
    this.#context = context;
    this.#entries = subjectsOf(owner).entries;
    const { clock, random } = context;
    this.#session = new JournalSession({
      log: storage.log,
      clock,
      random,
      owner,
      definition,
      blobs,
      listener: {
        onProgress: (entries, total) =>
          this.#report('recovering', 'a journal with many entries', { entries, total }),
        onBrokenSnapshot: (detail) => this.#report('snapshot-broken', detail),
        onSnapshotFailed: (detail) => this.#report('snapshot-failed', detail),
        onReleased: () => this.#report('released', 'the stored data is readable'),
      },
    });
  }

  begin(): void {
    this.#opening = this.#open();
  }

  handle(message: M): Next<M> | Promise<Next<M>> {
    return this.#phase === 'ready' ? this.#handleReady(message) : this.#handleLater(message);
  }

  async #handleLater(message: M): Promise<Next<M>> {
    await this.#opening;
    switch (this.#phase) {
      case 'ready':
        return this.#handleReady(message);
      case 'deposed':
        return this.#giveBack(message);
      case 'quarantined':
        return this.#refuse(message, 'quarantined', new QuarantinedError(this.#context.path, this.#cause()));
      default:
        return this.#refuse(message, 'not-stored', new NotStoredError(this.#context.path, this.#cause()));
    }
  }

  #handleReady(message: M): Next<M> | Promise<Next<M>> {
    this.#announceRecovery();
    const { journal } = this.#session;
    const decision = this.#definition.decide(journal.state, message, this.#context);
    if (decision === undefined) return undefined;
    if (isEmpty(decision)) return this.#finish(decision);
    return this.#store(decision, message);
  }

  handleOwn({ what }: Own): Next<M> | Promise<Next<M>> {
    if (what === 'due') return this.#phase === 'ready' ? this.#fireDue() : undefined;
    if (what === 'retry') this.#opening = this.#open();
    if (this.#phase === 'deposed') return stopped;
    if (this.#phase === 'ready') this.#announceRecovery();
    return undefined;
  }

  async #store(decision: Decision<S, EventOf<E>>, message?: M): Promise<Next<M>> {
    const outcome = await this.#session.store(decision.events ?? [], decision.timers ?? []);
    if (outcome === 'stored') {
      if ((decision.timers?.length ?? 0) > 0) this.#armTimers();
      return this.#finish(decision);
    }
    if (outcome === 'deposed') {
      this.#depose();
      return message === undefined ? stopped : this.#giveBack(message);
    }
    this.#trouble = outcome.error;
    const { path } = this.#context;
    if (outcome.kind === 'not-stored') {
      if (message !== undefined) this.#refuse(message, 'not-stored', new NotStoredError(path, this.#cause()));
      return undefined;
    }
    this.#suspend(outcome.error);
    if (message !== undefined)
      this.#refuse(message, 'outcome-unknown', new OutcomeUnknownError(path, this.#cause()));
    return undefined;
  }

  #finish(decision: Decision<S, EventOf<E>>): Next<M> {
    decision.afterwards?.(this.#session.journal.state);
    return decision.stops === true ? stopped : undefined;
  }

  /** Never rejects. Afterwards the phase is known. */
  async #open(): Promise<void> {
    if (this.#phase === 'ready' || this.#phase === 'deposed') return;
    try {
      const outcome = await this.#session.open();
      if (!this.#context.signal.aborted) this.#opened(outcome);
    } catch (error) {
      if (!this.#context.signal.aborted) this.#suspend(error);
    }
  }

  #opened(outcome: OpenOutcome): void {
    const { self } = this.#context;
    if (outcome.kind === 'deposed') this.#depose();
    else if (outcome.kind === 'quarantined') this.#quarantine(outcome.cause);
    else {
      this.#phase = 'ready';
      this.#failures = 0;
      if (this.#isSuspended) this.#report('resumed', 'the store confirms writes');
      this.#isSuspended = false;
    }
    // The rest is done in a turn of the actor.
    self.tell(opened as M);
  }

  #quarantine(cause: Extract<OpenOutcome, { kind: 'quarantined' }>['cause']): void {
    if (this.#phase !== 'quarantined') {
      const { sequence, excerpt } = cause;
      this.#report('quarantined', `${cause.reason}: ${cause.detail}`, { evidence: { sequence, excerpt } });
    }
    this.#phase = 'quarantined';
    this.#trouble = new Error(`${cause.reason}: ${cause.detail}`);
  }

  #suspend(error: unknown): void {
    this.#phase = 'opening';
    this.#trouble = error;
    if (!this.#isSuspended) this.#report('suspended', describe(error));
    this.#isSuspended = true;
    const { random } = this.#context;
    const longestMs = Math.min(maxRetryMs, firstRetryMs * 2 ** this.#failures++);
    this.#context.setTimer(retryKey, longestMs * (0.5 + random.next() / 2), retry as M);
  }

  #depose(): void {
    if (this.#phase !== 'deposed') this.#report('deposed', 'another owner writes the journal');
    this.#phase = 'deposed';
  }

  #giveBack(message: M): Next<M> {
    this.#context.stash(message);
    this.#context.unstashAll();
    return stopped;
  }

  #refuse(
    message: M,
    reason: 'not-stored' | 'outcome-unknown' | 'quarantined',
    error: NotStoredError | OutcomeUnknownError | QuarantinedError,
  ): undefined {
    refuseMessage(this.#context, message, reason, error);
    this.#definition.onRefused?.(message, error, this.#context);
  }

  #announceRecovery(): void {
    if (!this.#isRecovered) {
      this.#isRecovered = true;
      const { state, position } = this.#session.journal;
      this.#report('recovered', `${position.index} entries`, {
        entries: position.index,
        total: position.index,
      });
      this.#definition.onRecovered?.(state, this.#context);
    }
    this.#armTimers();
  }

  #armTimers(): void {
    const next = this.#session.journal.timers.next();
    if (next === undefined) return this.#context.cancelTimer(timerKey);
    const delayMs = next.atMs - this.#session.serverClock.earliest();
    this.#context.setTimer(timerKey, Math.min(Math.max(0, delayMs), maxSleepMs), due as M);
  }

  /** The server's clock decides what is due: the node's own may be wrong. */
  async #fireDue(): Promise<Next<M>> {
    let nowMs: number;
    try {
      nowMs = await this.#session.serverClock.ask();
    } catch {
      this.#context.setTimer(timerKey, firstRetryMs * 10, due as M);
      return undefined;
    }
    for (let fired = 0; fired < firedAtOnce && this.#phase === 'ready'; fired++) {
      const timer = this.#session.journal.timers.next();
      if (timer === undefined || timer.atMs > nowMs) break;
      const next = await this.#fire(timer);
      if (next !== undefined) return next;
    }
    if (this.#phase === 'ready') this.#armTimers();
    return undefined;
  }

  #fire(timer: DurableTimer): Promise<Next<M>> {
    const { onTimer } = this.#definition;
    const decision = onTimer?.(this.#session.journal.state, timer, this.#context);
    const { timers = [] } = decision ?? {};
    // The handler may set the same timer again.
    return this.#store({ ...decision, timers: [{ cancel: timer.key }, ...timers] });
  }

  #cause(): ErrorOptions {
    return { cause: this.#trouble };
  }

  #report(
    what: JournalEvent['what'],
    cause: string,
    more: Partial<Pick<JournalEvent, 'entries' | 'total' | 'evidence'>> = {},
  ): void {
    reportJournal(this.#context, { what, cause, journal: this.#entries, ...more });
  }
}

function isEmpty<S, E>({ events = [], timers = [] }: Decision<S, E>): boolean {
  return events.length === 0 && timers.length === 0;
}
