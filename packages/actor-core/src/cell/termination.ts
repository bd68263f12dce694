import type { Signal } from '../actor/signal.ts';
import type { CellState, Termination } from './cell-state.ts';

const postStop: Signal = { type: 'post-stop' };

/**
 * Ends the present incarnation: its children in reverse start order, then its last signal, then its context. Calls
 * `terminated` once nothing of it is left. A termination that begins later, or an abandoned incarnation, makes this
 * termination void.
 */
export function terminateIncarnation<M>(
  cell: CellState<M>,
  termination: Termination,
  terminated: (cell: CellState<M>, termination: Termination) => void,
): void {
  cell.termination = termination;
  const finish = () => {
    if (cell.termination !== termination) return;
    cell.termination = undefined;
    cell.context.end();
    cell.unwatchAll();
    terminated(cell, termination);
  };
  const signalThenFinish = () => {
    if (cell.termination !== termination) return;
    const result = sendLastSignal(cell, termination);
    if (result === undefined) finish();
    else result.then(finish, finish);
  };
  if (cell.hasChildren) cell.supervisor.stopAll(signalThenFinish);
  else signalThenFinish();
}

/**
 * The last thing this incarnation handles. A failure of the handler is logged, since no supervisor decides about it any
 * more.
 */
function sendLastSignal<M>(
  cell: CellState<M>,
  { purpose, cause }: Termination,
): Promise<unknown> | undefined {
  const onSignal = cell.removeHandlers();
  if (onSignal === undefined) return undefined;
  const signal: Signal = purpose === 'restart' ? { type: 'pre-restart', cause } : postStop;
  const failed = (err: unknown) =>
    cell.node.log.warn({ actor: cell.path, signal: signal.type, err }, 'signal handler failed');
  try {
    const result = onSignal(signal, cell.context);
    if (result === undefined || 'kind' in result) return undefined;
    return result.then(undefined, failed);
  } catch (error) {
    failed(error);
    return undefined;
  }
}
