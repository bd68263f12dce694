import { causeOf, describeFailure } from '../actor/last-failure.ts';
import type { ChildOutcome } from '../actor/child.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import { ActorKilledError } from '../errors.ts';
import type { CellState, Termination } from './cell-state.ts';
import { decideLifecycle, type LifecycleEffect, type LifecycleEvent } from './decide-lifecycle.ts';
import { terminateIncarnation } from './termination.ts';

/*
 * The shell around `decideLifecycle`. The first functions are events from outside of the supervision tree; the last
 * ones are what a supervisor decided.
 */

/** Ends this actor in order: the current message is finished, then its children stop, then the actor itself. */
export function stop<M>(cell: CellState<M>): void {
  apply(cell, 'stop', undefined, undefined);
}

/** Ends this actor at once: nothing is finished, late results are ignored. */
export function terminate<M>(cell: CellState<M>, reason: TerminationReason): void {
  if (cell.state === 'stopped') return;
  cell.endReason = reason;
  apply(cell, 'terminate', undefined, undefined);
}

/** Kills this incarnation: mailbox dropped, late results ignored. Its supervisor decides what follows. */
export function kill<M>(cell: CellState<M>): void {
  if (cell.state === 'stopping') cell.endReason = 'killed';
  apply(cell, 'kill', undefined, undefined);
}

/** Ends this incarnation as a behaviour does that returns `stopped`, after the current handler. */
export function stopItself<M>(cell: CellState<M>): void {
  apply(cell, 'stop-self', undefined, undefined);
}

/** The behaviour returned `stopped`. */
export function returnedStopped<M>(cell: CellState<M>): void {
  apply(cell, 'returned-stopped', undefined, undefined);
}

/** This incarnation failed. Its supervisor decides what follows. */
export function fail<M>(cell: CellState<M>, cause: unknown): void {
  apply(cell, 'fail', cause, undefined);
}

/** The current handler has finished: continues with what waited for that. True when something did. */
export function continueAfterHandling<M>(cell: CellState<M>): boolean {
  const { afterHandling } = cell;
  if (afterHandling === undefined) return false;
  cell.afterHandling = undefined;
  if (afterHandling === 'returned-stopped') returnedStopped(cell);
  else terminateIncarnation(cell, afterHandling, terminated);
  return true;
}

/** Ends this incarnation so that `startNext` can follow; `done` is called when nothing of it is left. */
export function beginRestart<M>(cell: CellState<M>, cause: unknown, done: () => void): void {
  apply(cell, 'restart', cause, done);
}

/** Starts the next incarnation; the mailbox is kept. */
export function startNext<M>(cell: CellState<M>): void {
  apply(cell, 'start', undefined, undefined);
}

/** Keeps the actor down until its supervisor stops it. Its watchers are told that it failed. */
export function park<M>(cell: CellState<M>, cause: unknown): void {
  apply(cell, 'park', cause, undefined);
}

/** Ends the actor; no other incarnation follows. */
export function end<M>(cell: CellState<M>, reason: TerminationReason, cause: unknown): void {
  cell.endReason = reason;
  apply(cell, 'end', cause, undefined);
}

/** Discards what is left of the incarnation, at once. */
export function abandonIncarnation<M>(cell: CellState<M>): void {
  cell.termination = undefined;
  cell.afterHandling = undefined;
  for (const child of [...cell.children].toReversed()) child.terminate('killed');
  cell.context.end('killed');
  cell.unwatchAll();
}

function apply<M>(
  cell: CellState<M>,
  event: LifecycleEvent,
  cause: unknown,
  done: (() => void) | undefined,
): void {
  const { state, effects } = decideLifecycle(cell, event);
  cell.state = state;
  // An indexed loop: an iterator would be allocated for each stop.
  for (let i = 0; i < effects.length; i++) {
    perform(cell, effects[i] as LifecycleEffect, cause, done);
    // An effect runs code of the application, which may have ended the actor meanwhile.
    if (cell.state !== state) return;
  }
}

function perform<M>(
  cell: CellState<M>,
  effect: LifecycleEffect,
  cause: unknown,
  done: (() => void) | undefined,
): void {
  switch (effect) {
    case 'terminate-to-end':
      return terminateIncarnation(cell, { purpose: 'end', cause, done }, terminated);
    case 'terminate-to-restart':
      return terminateIncarnation(cell, { purpose: 'restart', cause, done }, terminated);
    case 'terminate-to-park':
      return terminateIncarnation(cell, { purpose: 'park', cause, done }, terminated);
    case 'terminate-to-end-later':
      cell.afterHandling = { purpose: 'end', cause, done };
      return;
    case 'terminate-to-restart-later':
      cell.afterHandling = { purpose: 'restart', cause, done };
      return;
    case 'report-stopped':
      return report(cell, 'stopped', undefined);
    case 'report-stopped-later':
      cell.afterHandling = 'returned-stopped';
      return;
    case 'report-failed':
      return report(cell, 'failed', cause);
    case 'report-killed':
      return report(cell, 'killed', new ActorKilledError(cell.path));
    case 'leave-restart':
      return cell.parent?.supervisor.forgetRestart(cell);
    case 'end-context':
      return cell.context.end('killed');
    case 'drop-mailbox':
      return cell.dropMailbox();
    case 'abandon-incarnation':
      return abandonIncarnation(cell);
    case 'log-failure':
      cell.node.log.warn({ actor: cell.path, err: cause }, 'actor failed while stopping');
      return cell.settled();
    case 'begin-incarnation':
      return beginIncarnation(cell);
    case 'restart-ready':
      return done?.();
    case 'announce-parked':
      return announceParked(cell, cause);
    case 'announce-end':
      return announceEnd(cell, cause);
  }
}

function terminated<M>(cell: CellState<M>, { purpose, cause, done }: Termination): void {
  apply(cell, terminationEvents[purpose], cause, done);
}

const terminationEvents = {
  end: 'terminated-to-end',
  restart: 'terminated-to-restart',
  park: 'terminated-to-park',
} as const;

/** Asks the supervisor what follows now that this incarnation has ended. */
function report<M>(cell: CellState<M>, outcome: ChildOutcome, cause: unknown): void {
  if (outcome !== 'stopped') {
    cell.lastFailure = describeFailure(cause, cell.node.clock.wallNow());
    cell.context.end(outcome, cause);
    // A listener of the context's signal has ended the actor meanwhile.
    if (cell.state !== 'restarting') return;
  }
  cell.afterHandling = undefined;
  if (cell.parent !== undefined) return cell.parent.supervisor.childEnded(cell, outcome, cause);
  // The root has no supervisor: the system stops it in order.
  cell.state = 'running';
  cell.node.actors.rootFailed(cause);
}

function beginIncarnation<M>(cell: CellState<M>): void {
  cell.incarnation++;
  cell.termination = undefined;
  cell.forgetChildren();
  cell.renewContext();
  cell.start();
}

function announceParked<M>(cell: CellState<M>, cause: unknown): void {
  cell.endReason = 'failed';
  cell.dropMailbox();
  const failure = failureOf(cell, cause);
  // A later watch on this actor gets the same reason and cause.
  cell.node.actors.ended(cell, 'failed', failure);
  cell.node.events.emit({ type: 'parked', path: cell.path, cause });
  cell.notifyWatchers('failed', failure);
}

function announceEnd<M>(cell: CellState<M>, cause: unknown): void {
  const { node, parent } = cell;
  cell.context.end();
  cell.unwatchAll();
  cell.dropMailbox();
  const failure = failureOf(cell, cause);
  node.actors.ended(cell, cell.endReason, failure);
  if (parent !== undefined) node.events.stopped(cell, cause);
  cell.notifyWatchers(cell.endReason, failure);
  parent?.supervisor.childGone(cell);
}

/** The failure as watchers see it; without a cause, the last recorded failure. */
function failureOf<M>(cell: CellState<M>, cause: unknown): FailureCause | undefined {
  if (cell.endReason !== 'failed' && cell.endReason !== 'killed') return undefined;
  if (cause !== undefined) return causeOf(cause);
  const { lastFailure } = cell;
  return lastFailure === undefined ? undefined : { code: lastFailure.code, message: lastFailure.text };
}
