import { DeathPactError } from '../errors.ts';
import { Supervisor } from '../supervision/supervisor.ts';
import { noRestarts, type RestartHistory } from '../supervision/restart-intensity.ts';
import type { ActorAddress } from '../actor/actor-ref.ts';
import type { ActorSnapshot } from '../actor/actor-system.ts';
import { drainReentrant, offerReentrant, waitsFor } from './handling.ts';
import { become, begin } from './behaviour-transition.ts';
import { type MessageHandler, type Next, type SignalHandler, unhandled } from '../actor/behaviour.ts';
import type { CallChain } from '../actor/call-chain.ts';
import { CellContext } from './context.ts';
import { fail } from './lifecycle.ts';
import { Envelope, type Refusable } from '../actor/envelope.ts';
import { causeOf, type LastFailure } from '../actor/last-failure.ts';
import { LocalRef } from '../system/local-ref.ts';
import { createMailbox } from '../mailbox/create-mailbox.ts';
import { type Mailbox, takeDisplaced } from '../mailbox/mailbox.ts';
import type { Props } from '../actor/props.ts';
import { empty } from '../mailbox/ring.ts';
import type { Runtime } from '../system/runtime.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { FailureCause, Signal, TerminationReason } from '../actor/signal.ts';
import type { TableSizes } from '../actor/table-sizes.ts';
import { enterTrace, isTracing } from '../actor/trace-context.ts';
import type { AwaitingSender } from '../mailbox/blocked-senders.ts';
import type { Watch, Watcher } from './watch.ts';
import { WatchList } from './watch-list.ts';

/** Messages one turn handles at most before the other actors and the event loop get theirs. */
const drainBudget = 64;

export type CellState = ActorSnapshot['state'] | 'stopped';

interface FailureRecord {
  readonly last: LastFailure | undefined;
  readonly restarts: RestartHistory;
}

/**
 * One actor: its mailbox, its present incarnation and where it is in its life.
 *
 * ```
 * starting → running ⇄ busy → stopping → stopped
 *     ↑         └──────┴──→ restarting ─┐→ parked
 *     └─────────────────────────────────┘
 * ```
 */
export class ActorCell<M = never> {
  readonly runtime: Runtime;
  readonly parent: ActorCell | undefined;
  /** Its name among its siblings; a number stands for the generated name `$number`. */
  readonly key: string | number;
  readonly uid: number;
  readonly props: Props<M>;
  readonly ref: LocalRef<M>;
  readonly mailbox: Mailbox;
  state: CellState = 'starting';
  incarnation = 1;
  processed = 0;
  /** How its life ends, once it does. */
  endReason: TerminationReason = 'stopped';
  context: CellContext<M>;
  onMessage: MessageHandler<M> = dropMessage;
  onSignal: SignalHandler<M> | undefined = undefined;
  #scheduled = false;
  /** A handler of this actor is on the stack. */
  inTurn = false;
  /** What waits for the handler in hand, on the stack or asynchronous, to finish. */
  afterHandling: (() => void) | undefined = undefined;
  /** The end of this incarnation that is under way; a newer one makes it void. */
  termination: object | undefined = undefined;
  #ownSupervisor: Supervisor | undefined = undefined;
  #watchList: WatchList | undefined = undefined;
  /** Most never fail. */
  #failures: FailureRecord | undefined = undefined;
  /** The message in hand where it came with more than itself; none between turns. */
  currentEnvelope: Envelope | undefined = undefined;

  constructor(runtime: Runtime, parent: ActorCell | undefined, key: string | number, props: Props<M>) {
    this.runtime = runtime;
    this.parent = parent;
    this.key = key;
    this.uid = runtime.nextUid();
    this.props = props;
    this.mailbox = createMailbox(props.mailbox);
    this.ref = new LocalRef(this);
    this.context = new CellContext(this);
  }

  get name(): string {
    return typeof this.key === 'number' ? `$${this.key}` : this.key;
  }

  get path(): string {
    return this.parent === undefined || this.parent.parent === undefined
      ? this.name
      : `${this.parent.path}/${this.name}`;
  }

  get address(): ActorAddress {
    return {
      node: this.runtime.nodeId,
      nodeIncarnation: this.runtime.incarnation,
      path: this.path,
      uid: this.uid,
    };
  }

  get lastFailure(): LastFailure | undefined {
    return this.#failures?.last;
  }

  set lastFailure(last: LastFailure | undefined) {
    this.#failures = { last, restarts: this.restartHistory };
  }

  /** This child's restarts that still count; kept here for its supervisor. */
  get restartHistory(): RestartHistory {
    return this.#failures?.restarts ?? noRestarts;
  }

  set restartHistory(restarts: RestartHistory) {
    this.#failures = { last: this.#failures?.last, restarts };
  }

  get supervisor(): Supervisor {
    return (this.#ownSupervisor ??= new Supervisor(this as unknown as ActorCell));
  }

  get hasChildren(): boolean {
    return this.#ownSupervisor !== undefined;
  }

  /** Of an incarnation that has ended: none is left, and a new supervisor has restarted nobody yet. */
  forgetChildren(): void {
    this.#ownSupervisor = undefined;
  }

  /** Takes the handlers away for good; the one for signals is still owed the last of them. */
  silence(): SignalHandler<M> | undefined {
    const { onSignal } = this;
    this.onMessage = dropMessage;
    this.onSignal = undefined;
    return onSignal;
  }

  get handlesSignals(): boolean {
    return this.onSignal !== undefined;
  }

  get children(): Iterable<ActorCell> {
    return this.#ownSupervisor === undefined ? [] : this.#ownSupervisor.children();
  }

  /** False once its life is over, or parked. */
  get alive(): boolean {
    return this.state !== 'stopped' && this.state !== 'parked';
  }

  /** Its life is over. */
  get ended(): boolean {
    return this.state === 'stopped';
  }

  /** Puts a message (or an `Envelope`) into the mailbox. False when it became a dead letter. */
  deliver(item: unknown, control: boolean): boolean {
    if (this.state === 'stopped' || this.state === 'parked') return this.drop(item, 'no-such-actor');
    if (this.state === 'busy') {
      if (offerReentrant(this, item)) return true;
      // Its handler awaits what would follow from this very question.
      if (item instanceof Envelope && waitsFor(this, item.ask?.chain)) return this.drop(item, 'deadlock');
    }
    const offer = this.mailbox.offer(item, control);
    if (offer === 'full') return this.drop(item, 'mailbox-full');
    if (offer === 'dropped') return this.drop(item, 'dropped');
    if (offer === 'displaced') this.drop(takeDisplaced(), 'dropped');
    if (!this.#scheduled) this.#schedule();
    return true;
  }

  /** As `deliver`, for a sender that learns when its message is in the mailbox, or that it never will be. */
  deliverOrWait(item: unknown, sender: AwaitingSender): void {
    if (!this.alive) return this.#dropOf(item, 'no-such-actor', sender);
    if (this.state === 'busy' && offerReentrant(this, item)) return sender.accepted();
    const offer = this.mailbox.offerOrWait(item, sender);
    if (offer === 'waiting') return;
    if (offer === 'full') return this.#dropOf(item, 'mailbox-full', sender);
    if (offer === 'dropped') return this.#dropOf(item, 'dropped', sender);
    if (offer === 'displaced') this.drop(takeDisplaced(), 'dropped');
    sender.accepted();
    if (!this.#scheduled) this.#schedule();
  }

  /** Returns messages to the front of the mailbox. */
  putBack(messages: readonly unknown[]): void {
    this.mailbox.putBack(messages);
    if (!this.#scheduled) this.#schedule();
  }

  /** Delivers past the bound what the runtime owes the actor. */
  force(envelope: Envelope): void {
    if (!this.alive) return;
    if (this.state === 'busy' && offerReentrant(this, envelope)) return;
    this.mailbox.force(envelope);
    if (!this.#scheduled) this.#schedule();
  }

  start(): void {
    this.#schedule();
  }

  /** Who watches it and whom it watches. */
  get watches(): WatchList {
    return (this.#watchList ??= new WatchList());
  }

  unwatchAll(): void {
    this.#watchList?.unwatchAll();
  }

  /** Told once its life is over. */
  addWatcher(watcher: Watcher): void {
    this.watches.addWatcher(watcher);
  }

  removeWatcher(watcher: Watcher): void {
    this.watches.removeWatcher(watcher);
  }

  /** Which incarnation lives, or is the next to. */
  get presentIncarnation(): number {
    return this.context.active ? this.incarnation : this.incarnation + 1;
  }

  incarnationEnded(reason: TerminationReason, cause: unknown): void {
    if (this.#watchList === undefined) return;
    this.#watchList.incarnationEnded(reason, cause === undefined ? undefined : causeOf(cause));
  }

  tellWatchers(reason: TerminationReason, cause: FailureCause | undefined): void {
    this.#watchList?.tell(reason, cause);
  }

  /** Adds what it holds to a count of all tables. */
  addSizes(to: TableSizes): void {
    to.messages += this.mailbox.depth;
    this.#watchList?.addSizes(to);
    this.context.addSizes(to);
    this.#ownSupervisor?.addSizes(to);
  }

  /** Has a turn taken even while its handler awaits. */
  requestTurn(): void {
    if (!this.#scheduled) this.#scheduleTurn();
  }

  #schedule(): void {
    if (this.state === 'running' || this.state === 'starting') this.#scheduleTurn();
  }

  #scheduleTurn(): void {
    this.#scheduled = true;
    const { scheduler } = this.runtime;
    if (scheduler.scheduleRun === undefined) scheduler.schedule(() => this.run());
    else scheduler.scheduleRun(this);
  }

  /** Takes one turn: called by the scheduler. */
  run(): void {
    this.#scheduled = false;
    this.inTurn = true;
    if (this.state === 'starting') begin(this);
    if (this.state === 'running') this.#drain();
    else if (this.state === 'busy') drainReentrant(this, drainBudget);
    this.inTurn = false;
    if (isTracing) enterTrace(undefined);
    if (this.afterHandling !== undefined && this.state !== 'busy') this.settled();
    else if (this.mailbox.depth === 0) this.mailbox.rest();
    else if (!this.#scheduled) this.#schedule();
  }

  #drain(): void {
    const { mailbox, context } = this;
    let handled = 0;
    // Some trace may be set; a local one costs the messages without any nothing.
    let entered = isTracing;
    try {
      while (handled < drainBudget) {
        const item = mailbox.take();
        if (item === empty) break;
        handled++;
        this.processed++;
        let next: Next<M> | Promise<Next<M>>;
        if (item instanceof Envelope) {
          if (item.guard !== undefined && !item.guard.claim()) continue;
          if (item.ask?.isOver === true) {
            this.expire(item);
            continue;
          }
          if (item.trace !== undefined || entered) {
            enterTrace(item.trace);
            entered = true;
          }
          this.currentEnvelope = item;
          next =
            item.signal === undefined
              ? this.onMessage(item.message as M, context)
              : this.#receiveSignal(item);
        } else {
          if (this.currentEnvelope !== undefined) this.currentEnvelope = undefined;
          if (entered) enterTrace(undefined);
          next = this.onMessage(item as M, context);
        }
        if (next !== undefined) become(this, next);
        // The handler may have ended its own incarnation, by a stop, a kill or an escalation.
        if (this.state !== 'running' || this.context !== context) break;
      }
    } catch (error) {
      this.inTurn = false;
      if (this.context === context && context.active) fail(this, error);
    }
    if (this.currentEnvelope !== undefined && this.state !== 'busy') this.currentEnvelope = undefined;
    context.touch();
  }

  /** Who waits for the message in hand. */
  get chain(): CallChain | undefined {
    return this.currentEnvelope?.ask?.chain;
  }

  /** Nothing is in hand any more. */
  settled(): void {
    const { afterHandling } = this;
    this.afterHandling = undefined;
    if (afterHandling !== undefined) afterHandling();
    else if (!this.#scheduled && this.mailbox.depth > 0) this.#schedule();
  }

  #receiveSignal(envelope: Envelope): Next<M> | Promise<Next<M>> {
    const watch = envelope.guard as Watch;
    this.#watchList?.done(watch);
    const signal = envelope.signal as Signal;
    const next = this.onSignal === undefined ? unhandled : this.onSignal(signal, this.context);
    // Who watches and does not listen depends on the other one without knowing: never silently.
    if (next === unhandled && signal.type === 'terminated')
      throw new DeathPactError(signal.ref.address, signal.reason, {
        cause: signal.cause?.error ?? signal.cause,
      });
    return next;
  }

  /** What still waits becomes dead letters. */
  dropMailbox(): void {
    this.mailbox.refuseSenders('no-such-actor');
    for (let item = this.mailbox.take(); item !== empty; item = this.mailbox.take()) {
      if (item instanceof Envelope && item.guard !== undefined) continue;
      this.drop(item, 'no-such-actor');
    }
  }

  /** Removes the matching questions from the mailbox without handling them. */
  takeBack(matches: (ask: Refusable) => boolean, reason: 'deadlock' | 'expired'): void {
    const isMeant = (item: unknown) =>
      item instanceof Envelope && item.ask !== undefined && matches(item.ask);
    for (const item of this.mailbox.takeWhere(isMeant)) this.drop(item, reason);
  }

  /** Does the answer to that question wait for the current handler: is it being handled, queued or stashed here? */
  holds(ask: Refusable): boolean {
    const { reentrancy } = this.context;
    if (this.currentEnvelope?.ask === ask || reentrancy?.isHandlingQuestion(ask) === true) return true;
    const isIt = (item: unknown) => item instanceof Envelope && item.ask === ask;
    return this.mailbox.has(isIt) || this.context.stashed.some(isIt);
  }

  /** A question whose asker no longer waits is not started. */
  expire(question: Envelope): void {
    this.processed--;
    this.#dropOf(question, 'expired', undefined);
  }

  /** Reports a message as a dead letter; a waiting asker gets the error. */
  drop(item: unknown, reason: DeadLetterReason): false {
    this.#dropOf(item, reason, item instanceof Envelope ? item.ask : undefined);
    return false;
  }

  #dropOf(item: unknown, reason: DeadLetterReason, waiting: Refusable | undefined): void {
    const message = item instanceof Envelope ? item.message : item;
    this.runtime.deadLetter(this.address, reason, waiting, undefined, message);
  }
}

/** What an actor without a behaviour does with a message. */
export function dropMessage(): undefined {
  return undefined;
}
