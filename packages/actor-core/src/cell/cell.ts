import type { ActorAddress, ActorRef } from '../actor/actor-ref.ts';
import type { MessageHandler, SignalHandler } from '../actor/actor-context.ts';
import type { BlockedSender } from '../actor/blocked-sender.ts';
import type { CallChain } from '../actor/call-chain.ts';
import type { ActorState, RestartHistory } from '../actor/child.ts';
import { Envelope, type Refusable } from '../actor/envelope.ts';
import { causeOf, type LastFailure } from '../actor/last-failure.ts';
import type { LocalActor } from '../actor/local-actor.ts';
import type { NodePorts } from '../actor/node-ports.ts';
import type { Props } from '../actor/actor-context.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import type { TableSizes } from '../actor/table-sizes.ts';
import { enterTrace, isTracing } from '../actor/trace-context.ts';
import type { Wait } from '../actor/waiting-actor.ts';
import type { Watcher } from '../actor/watcher.ts';
import { createMailbox } from '../mailbox/create-mailbox.ts';
import { type Mailbox, takeDisplaced } from '../mailbox/mailbox.ts';
import { noRestarts } from '../supervision/restart-intensity.ts';
import { Supervisor } from '../supervision/supervisor.ts';
import { begin, dropMessage } from './behaviour-transition.ts';
import type { AfterHandling, CellState, IncarnationContext, Termination } from './cell-state.ts';
import { CellContext } from './context.ts';
import { requireProps } from './create-props.ts';
import { isHandling, offerReentrant, waitsFor } from './handling.ts';
import * as lifecycle from './lifecycle.ts';
import { LocalRef } from './local-ref.ts';
import * as questions from './mailbox-questions.ts';
import { handleMessages, handleReentrant } from './turn.ts';
import { WatchList } from './watch-list.ts';

interface FailureRecord {
  readonly last: LastFailure | undefined;
  readonly restarts: RestartHistory;
}

/**
 * One actor: its mailbox, its present incarnation and its state. Turns, behaviour transitions, reentrancy and lifecycle
 * are functions in files of their own; this class holds what they work on and delivers messages.
 *
 * Its private methods are static, since a private instance method costs 8 bytes in every actor.
 */
export class ActorCell<M = never> implements CellState<M> {
  readonly node: NodePorts;
  readonly parent: ActorCell | undefined;
  readonly key: string | number;
  readonly uid: number;
  readonly props: Props<M>;
  readonly ref: LocalRef<M>;
  readonly mailbox: Mailbox;
  state: ActorState = 'starting';
  incarnation = 1;
  processed = 0;
  endReason: TerminationReason = 'stopped';
  context: IncarnationContext<M>;
  onMessage: MessageHandler<M> = dropMessage;
  onSignal: SignalHandler<M> | undefined = undefined;
  inTurn = false;
  afterHandling: AfterHandling | undefined = undefined;
  termination: Termination | undefined = undefined;
  currentEnvelope: Envelope | undefined = undefined;
  #isScheduled = false;
  #ownSupervisor: Supervisor<ActorCell> | undefined = undefined;
  #watchList: WatchList | undefined = undefined;
  /** Undefined for an actor that never failed, as most never do. */
  #failures: FailureRecord | undefined = undefined;

  constructor(node: NodePorts, parent: ActorCell | undefined, key: string | number, props: Props<M>) {
    this.node = node;
    this.parent = parent;
    this.key = key;
    this.uid = node.actors.nextUid();
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
      node: this.node.nodeId,
      nodeIncarnation: this.node.incarnation,
      path: this.path,
      uid: this.uid,
    };
  }

  get owner(): LocalActor {
    return this;
  }

  get isRoot(): boolean {
    return this.parent === undefined;
  }

  get lastFailure(): LastFailure | undefined {
    return this.#failures?.last;
  }

  set lastFailure(last: LastFailure | undefined) {
    this.#failures = { last, restarts: this.restartHistory };
  }

  get restartHistory(): RestartHistory {
    return this.#failures?.restarts ?? noRestarts;
  }

  set restartHistory(restarts: RestartHistory) {
    this.#failures = { last: this.#failures?.last, restarts };
  }

  get supervisor(): Supervisor<ActorCell> {
    return (this.#ownSupervisor ??= new Supervisor<ActorCell>(
      this,
      this.node,
      (key, props) => new ActorCell(this.node, this as unknown as ActorCell, key, props),
    ));
  }

  spawn<C>(props: Props<C>, name?: string): ActorRef<C> {
    requireProps(props as unknown as Props<never>);
    return this.supervisor.spawn(props, name);
  }

  get hasChildren(): boolean {
    return this.#ownSupervisor !== undefined;
  }

  forgetChildren(): void {
    this.#ownSupervisor = undefined;
  }

  removeHandlers(): SignalHandler<M> | undefined {
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

  get alive(): boolean {
    return this.state !== 'stopped' && this.state !== 'parked';
  }

  get ended(): boolean {
    return this.state === 'stopped';
  }

  get isUp(): boolean {
    return this.state === 'running' || this.state === 'busy' || this.state === 'starting';
  }

  get isBusy(): boolean {
    return this.state === 'busy';
  }

  deliver(item: unknown, control: boolean): boolean {
    if (this.state === 'stopped' || this.state === 'parked') return this.drop(item, 'no-such-actor');
    if (this.state === 'busy') {
      if (offerReentrant(this, item)) return true;
      // The current handler awaits what depends on this question.
      if (item instanceof Envelope && waitsFor(this, item.ask?.chain)) return this.drop(item, 'deadlock');
    }
    const offer = this.mailbox.offer(item, control);
    if (offer === 'full') return this.drop(item, 'mailbox-full');
    if (offer === 'dropped') return this.drop(item, 'dropped');
    if (offer === 'displaced') this.drop(takeDisplaced(), 'dropped');
    if (!this.#isScheduled) ActorCell.#schedule(this);
    return true;
  }

  deliverOrWait(item: unknown, sender: BlockedSender): void {
    if (!this.alive) return ActorCell.#deadLetter(this, item, 'no-such-actor', sender);
    if (this.state === 'busy' && offerReentrant(this, item)) return sender.accepted();
    const offer = this.mailbox.offerOrWait(item, sender);
    if (offer === 'waiting') return;
    if (offer === 'full') return ActorCell.#deadLetter(this, item, 'mailbox-full', sender);
    if (offer === 'dropped') return ActorCell.#deadLetter(this, item, 'dropped', sender);
    if (offer === 'displaced') this.drop(takeDisplaced(), 'dropped');
    sender.accepted();
    if (!this.#isScheduled) ActorCell.#schedule(this);
  }

  putBack(messages: readonly unknown[]): void {
    this.mailbox.putBack(messages);
    if (!this.#isScheduled) ActorCell.#schedule(this);
  }

  force(envelope: Envelope): void {
    if (!this.alive) return;
    if (this.state === 'busy' && offerReentrant(this, envelope)) return;
    this.mailbox.force(envelope);
    if (!this.#isScheduled) ActorCell.#schedule(this);
  }

  start(): void {
    ActorCell.#schedule(this);
  }

  stopChild(child: ActorCell, done?: () => void): void {
    this.supervisor.stop(child, done);
  }

  unparkChild(child: ActorCell): ActorRef<never> {
    return this.supervisor.unpark(child);
  }

  recreate(): ActorCell<M> {
    return new ActorCell(this.node, this.parent, this.key, this.props);
  }

  stop(): void {
    lifecycle.stop(this);
  }

  kill(): void {
    lifecycle.kill(this);
  }

  fail(cause: unknown): void {
    lifecycle.fail(this, cause);
  }

  stopItself(): void {
    lifecycle.stopItself(this);
  }

  terminate(reason: TerminationReason): void {
    lifecycle.terminate(this, reason);
  }

  beginRestart(cause: unknown, done: () => void): void {
    lifecycle.beginRestart(this, cause, done);
  }

  abandonIncarnation(): void {
    lifecycle.abandonIncarnation(this);
  }

  startNext(): void {
    lifecycle.startNext(this);
  }

  park(cause: unknown): void {
    lifecycle.park(this, cause);
  }

  end(reason: TerminationReason, cause: unknown): void {
    lifecycle.end(this, reason, cause);
  }

  markFailed(): void {
    this.endReason = 'failed';
  }

  renewContext(): void {
    this.context = new CellContext(this);
  }

  failLinked(incarnation: number, error: Error): void {
    if (this.isUp && this.incarnation === incarnation && this.context.active) lifecycle.fail(this, error);
  }

  get watches(): WatchList {
    return (this.#watchList ??= new WatchList());
  }

  unwatchAll(): void {
    this.#watchList?.unwatchAll();
  }

  addWatcher(watcher: Watcher): void {
    this.watches.addWatcher(watcher);
  }

  removeWatcher(watcher: Watcher): void {
    this.watches.removeWatcher(watcher);
  }

  get presentIncarnation(): number {
    return this.context.active ? this.incarnation : this.incarnation + 1;
  }

  incarnationEnded(reason: TerminationReason, cause: unknown): void {
    if (this.#watchList === undefined) return;
    this.#watchList.incarnationEnded(reason, cause === undefined ? undefined : causeOf(cause));
  }

  notifyWatchers(reason: TerminationReason, cause: FailureCause | undefined): void {
    this.#watchList?.notify(reason, cause);
  }

  /** Adds the sizes of the tables of this actor. */
  addSizes(to: TableSizes): void {
    to.messages += this.mailbox.depth;
    this.#watchList?.addSizes(to);
    this.context.addSizes(to);
    this.#ownSupervisor?.addSizes(to);
  }

  requestTurn(): void {
    if (!this.#isScheduled) ActorCell.#scheduleTurn(this);
  }

  static #schedule<M>(cell: ActorCell<M>): void {
    if (cell.state === 'running' || cell.state === 'starting') ActorCell.#scheduleTurn(cell);
  }

  static #scheduleTurn<M>(cell: ActorCell<M>): void {
    cell.#isScheduled = true;
    const { scheduler } = cell.node;
    if (scheduler.scheduleRun === undefined) scheduler.schedule(() => cell.run());
    else scheduler.scheduleRun(cell);
  }

  /** Takes one turn: called by the scheduler. */
  run(): void {
    this.#isScheduled = false;
    this.inTurn = true;
    if (this.state === 'starting') begin(this);
    if (this.state === 'running') handleMessages(this);
    else if (this.state === 'busy') handleReentrant(this);
    this.inTurn = false;
    if (isTracing) enterTrace(undefined);
    if (this.afterHandling !== undefined && this.state !== 'busy') this.settled();
    else if (this.mailbox.depth === 0) this.mailbox.rest();
    else if (!this.#isScheduled) ActorCell.#schedule(this);
  }

  settled(): void {
    if (lifecycle.continueAfterHandling(this)) return;
    if (!this.#isScheduled && this.mailbox.depth > 0) ActorCell.#schedule(this);
  }

  dropMailbox(): void {
    questions.dropMailbox(this);
  }

  get waits(): readonly Wait[] {
    return this.context.waits;
  }

  isHandling(handling: number): boolean {
    return isHandling(this, handling);
  }

  waitsFor(chain: CallChain | undefined): boolean {
    return waitsFor(this, chain);
  }

  withdraw(matches: (ask: Refusable) => boolean, reason: 'deadlock' | 'expired'): void {
    questions.withdraw(this, matches, reason);
  }

  holds(ask: Refusable): boolean {
    return questions.holds(this, ask);
  }

  expire(question: Envelope): void {
    this.processed--;
    ActorCell.#deadLetter(this, question, 'expired', undefined);
  }

  drop(item: unknown, reason: DeadLetterReason): false {
    ActorCell.#deadLetter(this, item, reason, item instanceof Envelope ? item.ask : undefined);
    return false;
  }

  static #deadLetter<M>(
    cell: ActorCell<M>,
    item: unknown,
    reason: DeadLetterReason,
    waiting: Refusable | undefined,
  ): void {
    const message = item instanceof Envelope ? item.message : item;
    cell.node.events.deadLetter(cell.address, reason, waiting, undefined, message);
  }
}
