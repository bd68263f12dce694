import { ActorKilledError } from '../errors.ts';
import { Supervisor } from '../supervision/supervisor.ts';
import { noRestarts, type RestartHistory } from '../supervision/restart-intensity.ts';
import type { ActorAddress, ActorRef } from './actor-ref.ts';
import type { ActorSnapshot } from './actor-system.ts';
import type { Behaviour, MessageHandler, Next, SignalHandler } from './behaviour.ts';
import { type CallChain, waitsIn } from './call-chain.ts';
import { CellContext } from './cell-context.ts';
import { Envelope } from './envelope.ts';
import { LocalRef } from './local-ref.ts';
import { createMailbox } from './create-mailbox.ts';
import { type Mailbox, takeDisplaced } from './mailbox.ts';
import type { Props } from './props.ts';
import { empty } from './ring.ts';
import { type InHand, Reentry } from './reentry.ts';
import type { Runtime } from './runtime.ts';
import type { DeadLetterReason } from './runtime-event.ts';
import type { Signal, TerminationReason } from './signal.ts';
import { enterTrace, isTracing } from './trace-context.ts';
import type { AwaitingSender } from './waiting-room.ts';
import { refKey, Watch } from './watch.ts';
import { WatchList } from './watch-list.ts';

/** Messages one turn handles at most before the other actors and the event loop get theirs. */
const drainBudget = 64;

export type CellState = ActorSnapshot['state'] | 'stopped';

interface FailureRecord {
  readonly last: string | undefined;
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
  private context: CellContext<M>;
  private onMessage: MessageHandler<M> = dropMessage;
  private onSignal: SignalHandler<M> | undefined = undefined;
  private scheduled = false;
  /** A handler of this actor is on the stack. */
  private inTurn = false;
  /** What waits for the handler in hand, on the stack or asynchronous, to finish. */
  private afterBusy: (() => void) | undefined = undefined;
  /** The end of this incarnation that is under way; a newer one makes it void. */
  private windDown: object | undefined = undefined;
  private ownSupervisor: Supervisor | undefined = undefined;
  private watchList: WatchList | undefined = undefined;
  /** Most never fail. */
  private failures: FailureRecord | undefined = undefined;
  /** Who waits for the message in hand. */
  private chain: CallChain | undefined = undefined;

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

  get lastFailure(): string | undefined {
    return this.failures?.last;
  }

  /** This child's restarts that still count; kept here for its supervisor. */
  get restartHistory(): RestartHistory {
    return this.failures?.restarts ?? noRestarts;
  }

  set restartHistory(restarts: RestartHistory) {
    this.failures = { last: this.failures?.last, restarts };
  }

  get supervisor(): Supervisor {
    return (this.ownSupervisor ??= new Supervisor(this as unknown as ActorCell));
  }

  get hasChildren(): boolean {
    return this.ownSupervisor !== undefined;
  }

  get children(): Iterable<ActorCell> {
    return this.ownSupervisor === undefined ? [] : this.ownSupervisor.children();
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
      if (this.letIn(item)) return true;
      // Its handler awaits what would follow from this very question.
      if (item instanceof Envelope && this.waitsFor(item.ask?.chain)) return this.drop(item, 'deadlock');
    }
    const offer = this.mailbox.offer(item, control);
    if (offer === 'full') return this.drop(item, 'mailbox-full');
    if (offer === 'dropped') return this.drop(item, 'dropped');
    if (offer === 'displaced') this.drop(takeDisplaced(), 'dropped');
    if (!this.scheduled) this.schedule();
    return true;
  }

  /** As `deliver`, for a sender that learns when its message is in the mailbox, or that it never will be. */
  deliverOrWait(item: unknown, sender: AwaitingSender): void {
    if (!this.alive) return this.runtime.deadLetter(this.address, 'no-such-actor', sender);
    const offer = this.mailbox.offerOrWait(item, sender);
    if (offer === 'waiting') return;
    if (offer === 'full') return this.runtime.deadLetter(this.address, 'mailbox-full', sender);
    if (offer === 'dropped') return this.runtime.deadLetter(this.address, 'dropped', sender);
    if (offer === 'displaced') this.drop(takeDisplaced(), 'dropped');
    sender.accepted();
    if (!this.scheduled) this.schedule();
  }

  /** The chain of a question that this actor asks now. */
  callChain(): CallChain {
    const reentry = this.state === 'busy' ? this.context.reentry : undefined;
    const handling = reentry === undefined ? this.processed : reentry.current.handling;
    return { node: this.runtime.nodeId, uid: this.uid, handling, up: this.chain };
  }

  /** Lets declared messages in while the handling at hand awaits. */
  admit(accepts: (message: M) => boolean): void {
    const isBusy = this.state === 'busy';
    if (!isBusy && !this.inTurn) return;
    const { reentry } = this.context;
    // One that was declared by a handling that then awaited nothing has no effect and none left.
    if (reentry !== undefined && (isBusy || reentry.declarer.handling === this.processed)) return;
    const declarer = { handling: this.processed, chain: this.chain };
    this.context.setReentry(new Reentry(accepts, declarer, this.mailbox));
    if (isBusy) this.beginReentry();
  }

  private beginReentry(): void {
    const { reentry } = this.context;
    if (reentry === undefined) return;
    // Left by an earlier handling that awaited nothing.
    if (reentry.declarer.handling !== this.processed) return this.context.setReentry(undefined);
    reentry.admitWaiting();
    if (reentry.hasReady && !this.scheduled) this.scheduleTurn();
  }

  private letIn(item: unknown): boolean {
    const { reentry } = this.context;
    if (reentry === undefined || !reentry.offer(item)) return false;
    if (!this.scheduled) this.scheduleTurn();
    return true;
  }

  private waitsFor(chain: CallChain | undefined): boolean {
    if (chain === undefined) return false;
    const { reentry } = this.context;
    return reentry === undefined
      ? waitsIn(chain, this.address, this.processed)
      : reentry.waitsFor(chain, this.address);
  }

  /** Returns messages to the front of the mailbox. */
  putBack(messages: readonly unknown[]): void {
    this.mailbox.putBack(messages);
    if (!this.scheduled) this.schedule();
  }

  /** Delivers past the bound what the runtime owes the actor. */
  force(envelope: Envelope): void {
    if (!this.alive) return;
    if (this.state === 'busy' && this.letIn(envelope)) return;
    this.mailbox.force(envelope);
    if (!this.scheduled) this.schedule();
  }

  start(): void {
    this.schedule();
  }

  /** Ends this actor in an orderly way: the message in hand is finished, then its children stop, then itself. */
  stop(): void {
    if (this.state === 'stopping' || this.state === 'stopped') return;
    if (this.state === 'parked') return this.finalize();
    const wasBusy = this.inTurn || this.state === 'busy';
    const restarting = this.state === 'restarting';
    this.state = 'stopping';
    if (restarting) {
      this.parent?.supervisor.forgetRestart(this as unknown as ActorCell);
      // Its incarnation has ended or is ending: only what is left of it must go.
      if (this.windDown !== undefined || this.afterBusy !== undefined) return;
      return this.endIncarnation({ type: 'post-stop' }, () => this.finalize());
    }
    if (wasBusy) this.afterBusy = () => this.endIncarnation({ type: 'post-stop' }, () => this.finalize());
    // Nearly always nothing of it needs time.
    else if (this.ownSupervisor === undefined && this.onSignal === undefined) this.finalize();
    else this.endIncarnation({ type: 'post-stop' }, () => this.finalize());
  }

  /** Ends this actor at once: nothing is finished, results still to come are ignored. */
  terminate(reason: TerminationReason): void {
    if (this.state === 'stopped') return;
    this.state = 'stopping';
    this.endReason = reason;
    this.abandonIncarnation();
    this.finalize();
  }

  /** Kills this incarnation: mailbox dropped, late results ignored; its supervisor decides what follows. */
  kill(): void {
    if (!this.alive || this.state === 'restarting') return;
    if (this.state === 'stopping') return this.terminate('killed');
    this.context.end();
    this.dropMailbox();
    this.end('killed', new ActorKilledError(this.path));
  }

  /** Ends this incarnation as a handler does that returns `stopped`; its supervisor decides what follows. */
  stopItself(): void {
    if (this.inTurn || this.state === 'busy') this.afterBusy = () => this.end('stopped', undefined);
    else if (this.state === 'running' || this.state === 'starting') this.end('stopped', undefined);
  }

  /** This incarnation failed. */
  fail(cause: unknown): void {
    if (this.state === 'stopping') {
      // It is ending anyway; the cause must still be seen.
      this.runtime.log.warn({ actor: this.path, err: cause }, 'actor failed while stopping');
      this.settled();
      return;
    }
    if (!this.alive || this.state === 'restarting') return;
    this.end('failed', cause);
  }

  /** Ends this incarnation so that `startNext` can begin another one; `done` when nothing of it is left. */
  beginRestart(cause: unknown, done: () => void): void {
    const wasBusy =
      this.inTurn || this.afterBusy !== undefined || (this.state === 'busy' && this.context.active);
    this.state = 'restarting';
    const wind = () => this.endIncarnation({ type: 'pre-restart', cause }, done);
    if (wasBusy) this.afterBusy = wind;
    else wind();
  }

  /** Makes what is left of the present incarnation void, at once. */
  abandonIncarnation(): void {
    this.windDown = undefined;
    this.afterBusy = undefined;
    for (const child of [...this.children].toReversed()) child.terminate('killed');
    this.context.end();
    this.watchList?.unwatchAll();
  }

  /** Begins the next incarnation; the mailbox is kept. */
  startNext(): void {
    this.incarnation++;
    this.windDown = undefined;
    // No child is left, and a new supervisor has restarted nobody yet.
    this.ownSupervisor = undefined;
    this.context = new CellContext(this);
    this.state = 'starting';
    this.schedule();
  }

  /** Stays down until its supervisor stops it. Its watchers learn that it failed. */
  park(cause: unknown): void {
    this.state = 'restarting';
    this.endIncarnation({ type: 'post-stop' }, () => {
      if (this.state === 'stopping') return this.finalize();
      this.state = 'parked';
      this.dropMailbox();
      this.runtime.emit({ type: 'parked', path: this.path, cause });
      this.watchList?.tell('failed');
    });
  }

  /** Its life ends without a next incarnation. */
  beginEnd(reason: TerminationReason): void {
    this.endReason = reason;
    this.state = 'stopping';
    this.endIncarnation({ type: 'post-stop' }, () => this.finalize());
  }

  /** Who watches it and whom it watches. */
  get watches(): WatchList {
    return (this.watchList ??= new WatchList());
  }

  watch(target: ActorRef<never>): void {
    const key = refKey(target);
    if (this.watches.isWatching(key)) return;
    const watch = new Watch(this as unknown as ActorCell, target, key);
    this.watches.add(watch);
    this.runtime.watch(watch, target.address);
  }

  snapshot(messagesPerSecond: number | undefined): ActorSnapshot {
    return {
      path: this.path,
      uid: this.uid,
      parentUid: this.parent?.parent === undefined ? undefined : this.parent.uid,
      incarnation: this.incarnation,
      state: this.state === 'stopped' ? 'stopping' : this.state,
      mailboxDepth: this.mailbox.depth,
      processed: this.processed,
      messagesPerSecond,
      restarts: this.incarnation - 1,
      lastFailure: this.lastFailure,
    };
  }

  private schedule(): void {
    if (this.state === 'running' || this.state === 'starting') this.scheduleTurn();
  }

  private scheduleTurn(): void {
    this.scheduled = true;
    const { scheduler } = this.runtime;
    if (scheduler.scheduleRun === undefined) scheduler.schedule(() => this.run());
    else scheduler.scheduleRun(this);
  }

  /** Takes one turn: called by the scheduler. */
  run(): void {
    this.scheduled = false;
    this.inTurn = true;
    if (this.state === 'starting') this.begin();
    if (this.state === 'running') this.drain();
    else if (this.state === 'busy') this.drainAdmitted();
    this.inTurn = false;
    if (isTracing) enterTrace(undefined);
    if (this.afterBusy !== undefined && this.state !== 'busy') this.settled();
    else if (this.mailbox.depth === 0) this.mailbox.rest();
    else if (!this.scheduled) this.schedule();
  }

  private drain(): void {
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
          if (item.trace !== undefined || entered) {
            enterTrace(item.trace);
            entered = true;
          }
          this.chain = item.ask?.chain;
          next =
            item.signal === undefined ? this.onMessage(item.message as M, context) : this.receiveSignal(item);
        } else {
          if (this.chain !== undefined) this.chain = undefined;
          if (entered) enterTrace(undefined);
          next = this.onMessage(item as M, context);
        }
        if (next !== undefined) this.become(next);
        // The handler may have ended its own incarnation, by a stop, a kill or an escalation.
        if (this.state !== 'running' || this.context !== context) break;
      }
    } catch (error) {
      this.inTurn = false;
      if (this.context === context && context.active) this.fail(error);
    }
    context.touch();
  }

  /** Handles what the handling that is awaited lets in. */
  private drainAdmitted(): void {
    const { context } = this;
    const { reentry } = context;
    if (reentry === undefined) return;
    try {
      for (let handled = 0; handled < drainBudget && this.state === 'busy'; handled++) {
        const item = reentry.take();
        if (item === empty) break;
        const envelope = item instanceof Envelope ? item : undefined;
        if (envelope?.guard !== undefined && !envelope.guard.claim()) continue;
        const hand = reentry.begin(++this.processed, envelope?.ask?.chain);
        this.chain = hand.chain;
        if (isTracing) enterTrace(envelope?.trace);
        reentry.onStack = hand;
        const next = this.onMessage((envelope === undefined ? item : envelope.message) as M, context);
        reentry.onStack = undefined;
        if (next !== undefined && !('kind' in next)) this.awaitNext(next, hand);
        else {
          reentry.finish(hand);
          if (next !== undefined) this.adoptWhileBusy(next);
        }
      }
    } catch (error) {
      this.inTurn = false;
      if (this.context === context && context.active) this.fail(error);
      return;
    }
    this.chain = reentry.current.chain;
    if (reentry.hasReady && this.state === 'busy' && !this.scheduled) this.scheduleTurn();
    context.touch();
  }

  private adoptWhileBusy(next: Behaviour<M>): void {
    if (next.kind === 'stopped') this.stopItself();
    else this.adopt(next);
  }

  /** Runs the recipe: the first behaviour of this incarnation. */
  private begin(): void {
    const { context } = this;
    this.state = 'running';
    if (isTracing) enterTrace(undefined);
    try {
      this.become(this.props.create());
    } catch (error) {
      this.inTurn = false;
      if (context.active) this.fail(error);
    }
  }

  private become(next: Behaviour<M> | Promise<Next<M>>): void {
    if ('kind' in next) this.adopt(next);
    else this.close(next);
  }

  private adopt(next: Behaviour<M>): void {
    let behaviour = next;
    for (;;) {
      switch (behaviour.kind) {
        case 'receive':
          this.onMessage = behaviour.onMessage;
          this.onSignal = behaviour.onSignal;
          return;
        case 'setup':
          behaviour = behaviour.create(this.context);
          continue;
        case 'same':
          return;
        case 'unhandled':
          this.runtime.emit({ type: 'unhandled', path: this.path });
          return;
        case 'stopped':
          if (this.context.active && this.state === 'running') this.end('stopped', undefined);
          return;
      }
    }
  }

  /** Nothing is handled until the promise settles. */
  private close(promise: Promise<Next<M>>): void {
    if (this.state === 'running') this.state = 'busy';
    this.beginReentry();
    this.awaitNext(promise, undefined);
  }

  /** `hand`: what was let in while another handling is awaited. */
  private awaitNext(promise: Promise<Next<M>>, hand: InHand | undefined): void {
    const { context } = this;
    void promise.then(
      (next) => this.reopen(context, next, hand),
      (error: unknown) => this.reopenFailed(context, error),
    );
  }

  /** One of several handlings has settled. False while another one has not. */
  private lastInHand(context: CellContext<M>, hand: InHand | undefined): boolean {
    const { reentry } = context;
    if (reentry === undefined) return true;
    reentry.finish(hand ?? reentry.declarer);
    this.chain = reentry.current.chain;
    if (!reentry.isSettled) return false;
    context.setReentry(undefined);
    return true;
  }

  private reopen(context: CellContext<M>, next: Next<M>, hand: InHand | undefined): void {
    // The late result of an incarnation that has ended.
    if (!context.active) return;
    const isLast = this.lastInHand(context, hand);
    if (this.state === 'busy' && isLast) this.state = 'running';
    try {
      if (!isLast) {
        if (next !== undefined && this.state === 'busy') this.adoptWhileBusy(next);
        return;
      }
      if (next !== undefined && this.state === 'running') this.adopt(next);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.settled();
  }

  private reopenFailed(context: CellContext<M>, error: unknown): void {
    if (!context.active) return;
    if (this.state === 'busy') this.state = 'running';
    if (this.state === 'restarting') this.settled();
    else this.fail(error);
  }

  private settled(): void {
    const { afterBusy } = this;
    this.afterBusy = undefined;
    if (afterBusy !== undefined) afterBusy();
    else if (!this.scheduled && this.mailbox.depth > 0) this.schedule();
  }

  private receiveSignal(envelope: Envelope): Next<M> | Promise<Next<M>> {
    const watch = envelope.guard as Watch;
    this.watchList?.done(watch);
    return this.onSignal?.(envelope.signal as Signal, this.context);
  }

  private end(outcome: 'stopped' | 'failed' | 'killed', cause: unknown): void {
    if (outcome !== 'stopped') {
      this.failures = { last: describe(cause), restarts: this.restartHistory };
      this.context.end();
    }
    this.afterBusy = undefined;
    this.state = 'restarting';
    if (this.parent === undefined) this.runtime.rootFailed(cause);
    else this.parent.supervisor.childEnded(this as unknown as ActorCell, outcome, cause);
  }

  /** Children in reverse order, then the signal, then the incarnation itself; `done` once nothing is left. */
  private endIncarnation(signal: Signal, done: () => void): void {
    const token = {};
    this.windDown = token;
    const finish = () => {
      if (this.windDown !== token) return;
      this.windDown = undefined;
      this.context.end();
      this.watchList?.unwatchAll();
      // A stop that came while a restart was under way.
      if (this.state === 'stopping' && signal.type === 'pre-restart') this.finalize();
      else done();
    };
    const signalThenFinish = () => {
      if (this.windDown !== token) return;
      const result = this.lastSignal(signal);
      if (result === undefined) finish();
      else result.then(finish, finish);
    };
    if (this.ownSupervisor === undefined) signalThenFinish();
    else this.ownSupervisor.stopAll(signalThenFinish);
  }

  private lastSignal(signal: Signal): Promise<unknown> | undefined {
    const { onSignal } = this;
    this.onMessage = dropMessage;
    this.onSignal = undefined;
    if (onSignal === undefined) return undefined;
    const failed = (err: unknown) =>
      this.runtime.log.warn({ actor: this.path, signal: signal.type, err }, 'signal handler failed');
    try {
      const result = onSignal(signal, this.context);
      if (result === undefined || 'kind' in result) return undefined;
      return result.then(undefined, failed);
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  private finalize(): void {
    if (this.state === 'stopped') return;
    this.state = 'stopped';
    this.context.end();
    this.watchList?.unwatchAll();
    this.dropMailbox();
    this.runtime.ended(this as unknown as ActorCell);
    if (this.parent !== undefined) this.runtime.events.stopped(this);
    this.watchList?.tell(this.endReason);
    this.parent?.supervisor.childGone(this as unknown as ActorCell);
  }

  private dropMailbox(): void {
    this.mailbox.refuseSenders('no-such-actor');
    for (let item = this.mailbox.take(); item !== empty; item = this.mailbox.take()) {
      if (item instanceof Envelope && item.guard !== undefined) continue;
      this.drop(item, 'no-such-actor');
    }
  }

  private drop(item: unknown, reason: DeadLetterReason): false {
    this.runtime.deadLetter(this.address, reason, item instanceof Envelope ? item.ask : undefined);
    return false;
  }
}

function dropMessage(): undefined {
  return undefined;
}

function describe(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}
