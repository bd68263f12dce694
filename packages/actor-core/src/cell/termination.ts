import type { ActorCell } from './cell.ts';
import type { Signal } from '../actor/signal.ts';

/**
 * Ends the present incarnation: its children in reverse order, then the signal, then the incarnation itself; `done`
 * once nothing of it is left. One that begins later makes it void.
 */
export function terminateIncarnation<M>(cell: ActorCell<M>, signal: Signal, done: () => void): void {
  const token = {};
  cell.termination = token;
  const finish = () => {
    if (cell.termination !== token) return;
    cell.termination = undefined;
    cell.context.end();
    cell.unwatchAll();
    done();
  };
  const signalThenFinish = () => {
    if (cell.termination !== token) return;
    const result = lastSignal(cell, signal);
    if (result === undefined) finish();
    else result.then(finish, finish);
  };
  if (cell.hasChildren) cell.supervisor.stopAll(signalThenFinish);
  else signalThenFinish();
}

/** The last thing this incarnation handles; a failure of it is logged, since nobody is left to supervise it. */
function lastSignal<M>(cell: ActorCell<M>, signal: Signal): Promise<unknown> | undefined {
  const onSignal = cell.silence();
  if (onSignal === undefined) return undefined;
  const failed = (err: unknown) =>
    cell.runtime.log.warn({ actor: cell.path, signal: signal.type, err }, 'signal handler failed');
  try {
    const result = onSignal(signal, cell.context);
    if (result === undefined || 'kind' in result) return undefined;
    return result.then(undefined, failed);
  } catch (error) {
    failed(error);
    return undefined;
  }
}
