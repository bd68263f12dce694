import type { ActorContext } from '../actor/actor-context.ts';
import type { MessageHandler, SignalHandler } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { ActorState, Child, ChildOutcome, ChildOwner } from '../actor/child.ts';
import type { Envelope, Guard } from '../actor/envelope.ts';
import type { LocalActor } from '../actor/local-actor.ts';
import type { NodePorts } from '../actor/node-ports.ts';
import type { Props } from '../actor/actor-context.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import type { TableSizes } from '../actor/table-sizes.ts';
import type { Wait } from '../actor/waiting-actor.ts';
import type { LastFailure } from '../actor/last-failure.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import type { Reentrancy } from './reentrancy.ts';
import type { WatchList } from './watch-list.ts';

/** The context of one incarnation, as the functions that work on a cell see it. */
export interface IncarnationContext<M> extends ActorContext<M>, Guard {
  /** False once the incarnation has ended. */
  readonly active: boolean;
  /** Which messages are handled while the current handler awaits its promise; undefined for none. */
  readonly reentrancy: Reentrancy | undefined;
  readonly waits: readonly Wait[];
  /** Messages or envelopes. */
  readonly stashed: readonly unknown[];
  setReentrancy(reentrancy: Reentrancy | undefined): void;
  /** Records a question that a handler has asked. */
  noteWait(wait: Wait): void;
  /** Messages were handled: the receive timeout starts again. */
  touch(): void;
  addSizes(to: TableSizes): void;
  /** Ends the incarnation: aborts its signal, cancels its timers, discards its late results. */
  end(reason?: TerminationReason, cause?: unknown): void;
}

/** The end of an incarnation under way: children, last signal, context. Another termination replaces it. */
export interface Termination {
  /** What follows when nothing of the incarnation is left. */
  readonly purpose: 'end' | 'restart' | 'park';
  readonly cause: unknown;
  /** Called when the incarnation is ready to be restarted. */
  readonly done: (() => void) | undefined;
}

/** What follows once the current handler has finished: a termination, or the end that the actor asked for itself. */
export type AfterHandling = Termination | 'returned-stopped';

/** What the end of an incarnation needs of its children. */
interface ChildrenEnd {
  /** Stops all children in reverse start order. */
  stopAll(done: () => void): void;
}

/** What a cell reports to the supervisor of its parent. */
interface ParentSupervisor {
  childEnded(child: Child, outcome: ChildOutcome, cause: unknown): void;
  childGone(child: Child): void;
  forgetRestart(child: Child): void;
}

/**
 * The state of one actor, as the functions for its turns, behaviour transitions, reentrancy and lifecycle see it.
 * `ActorCell` implements it; an interface keeps these functions free of import cycles.
 */
export interface CellState<M = never> extends LocalActor, ChildOwner {
  readonly node: NodePorts;
  readonly parent: (LocalActor & { readonly supervisor: ParentSupervisor }) | undefined;
  readonly ref: ActorRef<M>;
  readonly props: Props<M>;
  readonly mailbox: Mailbox;
  state: ActorState;
  incarnation: number;
  processed: number;
  /** How the actor ends, once it does. */
  endReason: TerminationReason;
  context: IncarnationContext<M>;
  onMessage: MessageHandler<M>;
  onSignal: SignalHandler<M> | undefined;
  /** True while a handler of this actor is on the stack. */
  inTurn: boolean;
  /** What follows when the current handler, on the stack or asynchronous, has finished. */
  afterHandling: AfterHandling | undefined;
  termination: Termination | undefined;
  currentEnvelope: Envelope | undefined;
  lastFailure: LastFailure | undefined;
  /** The children; created with the first child. */
  readonly supervisor: ChildrenEnd;
  readonly watches: WatchList;
  /** True when the behaviour handles signals. */
  readonly handlesSignals: boolean;
  /** Starts a child. */
  spawn<C>(props: Props<C>, name?: string): ActorRef<C>;
  /** Creates the context of the next incarnation. */
  renewContext(): void;
  /** Removes the supervisor of the ended incarnation; a new one has no restarts counted yet. */
  forgetChildren(): void;
  /** Removes the handlers and returns the one for signals, which still gets the last signal. */
  removeHandlers(): SignalHandler<M> | undefined;
  unwatchAll(): void;
  notifyWatchers(reason: TerminationReason, cause: FailureCause | undefined): void;
  /** The incarnation has ended: notifies its links and watchers. */
  incarnationEnded(reason: TerminationReason, cause: unknown): void;
  /** Schedules a turn also while a handler awaits its promise. */
  requestTurn(): void;
  /** Continues after the current handler has finished. */
  settled(): void;
  /** Delivers a signal or a timer message past the bound of the mailbox. */
  force(envelope: Envelope): void;
  /** Returns messages to the front of the mailbox. */
  putBack(messages: readonly unknown[]): void;
  /** Drops a question whose asker no longer waits, instead of starting it. */
  expire(question: Envelope): void;
  /** Turns all messages in the mailbox into dead letters. */
  dropMailbox(): void;
}
