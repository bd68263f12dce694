import { ActorKilledError } from '../errors.ts';
import type { ActorCell } from './cell.ts';
import { CellContext } from './context.ts';
import { causeOf, describeFailure } from '../actor/last-failure.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import { terminateIncarnation } from './termination.ts';

/*
 * How an incarnation of an actor ends, and how its life does. `stop`, `kill` and `fail` are what happens to it; what
 * follows from the latter two its supervisor decides, and carries out by `beginRestart` and `startNext`, `park` or
 * `beginEnd`.
 */

/** Ends this actor in an orderly way: the message in hand is finished, then its children stop, then itself. */
export function stop<M>(cell: ActorCell<M>): void {
  if (cell.state === 'stopping' || cell.state === 'stopped') return;
  if (cell.state === 'parked') return finalize(cell);
  const wasBusy = cell.inTurn || cell.state === 'busy';
  const restarting = cell.state === 'restarting';
  cell.state = 'stopping';
  if (restarting) {
    cell.parent?.supervisor.forgetRestart(cell as unknown as ActorCell);
    // Its incarnation has ended or is ending: only what is left of it must go.
    if (cell.termination !== undefined || cell.afterHandling !== undefined) return;
    return terminateIncarnation(cell, { type: 'post-stop' }, () => finalize(cell));
  }
  if (wasBusy)
    cell.afterHandling = () => terminateIncarnation(cell, { type: 'post-stop' }, () => finalize(cell));
  // Nearly always nothing of it needs time.
  else if (!cell.hasChildren && !cell.handlesSignals) finalize(cell);
  else terminateIncarnation(cell, { type: 'post-stop' }, () => finalize(cell));
}

/** Ends this actor at once: nothing is finished, results still to come are ignored. */
export function terminate<M>(cell: ActorCell<M>, reason: TerminationReason): void {
  if (cell.state === 'stopped') return;
  cell.state = 'stopping';
  cell.endReason = reason;
  abandonIncarnation(cell);
  finalize(cell);
}

/** Kills this incarnation: mailbox dropped, late results ignored; its supervisor decides what follows. */
export function kill<M>(cell: ActorCell<M>): void {
  if (!cell.alive || cell.state === 'restarting') return;
  if (cell.state === 'stopping') return terminate(cell, 'killed');
  cell.context.end('killed');
  cell.dropMailbox();
  reportEnd(cell, 'killed', new ActorKilledError(cell.path));
}

/** Ends this incarnation as a handler does that returns `stopped`; its supervisor decides what follows. */
export function stopItself<M>(cell: ActorCell<M>): void {
  if (cell.inTurn || cell.state === 'busy') cell.afterHandling = () => reportEnd(cell, 'stopped', undefined);
  else if (cell.state === 'running' || cell.state === 'starting') reportEnd(cell, 'stopped', undefined);
}

/** This incarnation failed. */
export function fail<M>(cell: ActorCell<M>, cause: unknown): void {
  if (cell.state === 'stopping') {
    // It is ending anyway; the cause must still be seen.
    cell.runtime.log.warn({ actor: cell.path, err: cause }, 'actor failed while stopping');
    cell.settled();
    return;
  }
  if (!cell.alive || cell.state === 'restarting') return;
  reportEnd(cell, 'failed', cause);
}

/** Asks the supervisor what follows now that this incarnation has ended. */
export function reportEnd<M>(
  cell: ActorCell<M>,
  outcome: 'stopped' | 'failed' | 'killed',
  cause: unknown,
): void {
  if (outcome !== 'stopped') {
    cell.lastFailure = describeFailure(cause, cell.runtime.clock.wallNow());
    cell.context.end(outcome, cause);
  }
  cell.afterHandling = undefined;
  cell.state = 'restarting';
  if (cell.parent === undefined) cell.runtime.rootFailed(cause);
  else cell.parent.supervisor.childEnded(cell as unknown as ActorCell, outcome, cause);
}

/** Ends this incarnation so that `startNext` can begin another one; `done` when nothing of it is left. */
export function beginRestart<M>(cell: ActorCell<M>, cause: unknown, done: () => void): void {
  const wasBusy =
    cell.inTurn || cell.afterHandling !== undefined || (cell.state === 'busy' && cell.context.active);
  cell.state = 'restarting';
  const wind = () =>
    terminateIncarnation(cell, { type: 'pre-restart', cause }, () => {
      // A stop that came while the restart was under way.
      if (cell.state === 'stopping') finalize(cell);
      else done();
    });
  if (wasBusy) cell.afterHandling = wind;
  else wind();
}

/** Makes what is left of the present incarnation void, at once. */
export function abandonIncarnation<M>(cell: ActorCell<M>): void {
  cell.termination = undefined;
  cell.afterHandling = undefined;
  for (const child of [...cell.children].toReversed()) terminate(child, 'killed');
  cell.context.end('killed');
  cell.unwatchAll();
}

/** Begins the next incarnation; the mailbox is kept. */
export function startNext<M>(cell: ActorCell<M>): void {
  cell.incarnation++;
  cell.termination = undefined;
  cell.forgetChildren();
  cell.context = new CellContext(cell);
  cell.state = 'starting';
  cell.start();
}

/** Stays down until its supervisor stops it. Its watchers learn that it failed. */
export function park<M>(cell: ActorCell<M>, cause: unknown): void {
  cell.state = 'restarting';
  terminateIncarnation(cell, { type: 'post-stop' }, () => {
    if (cell.state === 'stopping') return finalize(cell);
    cell.state = 'parked';
    cell.endReason = 'failed';
    cell.dropMailbox();
    const failure = failureOf(cell, cause);
    // Whoever asks later how it ended is told the same.
    cell.runtime.ended(cell as unknown as ActorCell, failure);
    cell.runtime.emit({ type: 'parked', path: cell.path, cause });
    cell.tellWatchers('failed', failure);
  });
}

/** Its life ends without a next incarnation. */
export function beginEnd<M>(cell: ActorCell<M>, reason: TerminationReason, cause: unknown): void {
  cell.endReason = reason;
  cell.state = 'stopping';
  terminateIncarnation(cell, { type: 'post-stop' }, () => finalize(cell, cause));
}

function finalize<M>(cell: ActorCell<M>, cause?: unknown): void {
  if (cell.state === 'stopped') return;
  cell.state = 'stopped';
  cell.context.end();
  cell.unwatchAll();
  cell.dropMailbox();
  const failure = failureOf(cell, cause);
  cell.runtime.ended(cell as unknown as ActorCell, failure);
  if (cell.parent !== undefined) cell.runtime.events.stopped(cell, cause);
  cell.tellWatchers(cell.endReason, failure);
  cell.parent?.supervisor.childGone(cell as unknown as ActorCell);
}

/** The failure as watchers see it; without an error given, the last remembered failure. */
function failureOf<M>(cell: ActorCell<M>, cause: unknown): FailureCause | undefined {
  if (cell.endReason !== 'failed' && cell.endReason !== 'killed') return undefined;
  if (cause !== undefined) return causeOf(cause);
  const { lastFailure } = cell;
  return lastFailure === undefined ? undefined : { code: lastFailure.code, message: lastFailure.text };
}
