import { type CallChain, waitsIn } from '../actor/call-chain.ts';
import type { CellState, IncarnationContext } from './cell-state.ts';
import { refuseCycle } from './deadlock-detection.ts';
import { type Handling, Reentrancy } from './reentrancy.ts';

/*
 * Which messages an actor handles at present, and which other messages it accepts meanwhile: the functions that join
 * `Reentrancy` to the state of a cell.
 */

/** Lets the accepted messages be handled while the current handler awaits its promise. */
export function allowReentrancy<M>(cell: CellState<M>, accepts: (message: M) => boolean): void {
  const isBusy = cell.state === 'busy';
  if (!isBusy && !cell.inTurn) return;
  const { reentrancy } = cell.context;
  // A declaration by an earlier handler that then awaited nothing has no effect any more.
  if (reentrancy !== undefined && (isBusy || reentrancy.declarer.number === cell.processed)) return;
  const declarer = { number: cell.processed, envelope: cell.currentEnvelope };
  cell.context.setReentrancy(new Reentrancy(accepts, declarer, cell.mailbox));
  if (isBusy) beginAwaiting(cell);
}

/** The current handler awaits its promise from here on. */
export function beginAwaiting<M>(cell: CellState<M>): void {
  const { reentrancy, waits } = cell.context;
  if (reentrancy !== undefined) openReentrancy(cell, reentrancy);
  // The handler may await the answers to the questions that it has asked.
  for (let i = waits.length - 1; i >= 0; i--) {
    const wait = waits[i];
    if (wait?.chain?.handling !== cell.processed) break;
    refuseCycle(cell.node.actors, wait);
  }
}

function openReentrancy<M>(cell: CellState<M>, reentrancy: Reentrancy): void {
  // Declared by an earlier handler that awaited nothing.
  if (reentrancy.declarer.number !== cell.processed) return cell.context.setReentrancy(undefined);
  reentrancy.acceptWaiting();
  if (reentrancy.hasAccepted) cell.requestTurn();
}

/** Offers a message to the reentrancy of a busy actor. True when it was accepted. */
export function offerReentrant<M>(cell: CellState<M>, item: unknown): boolean {
  const { reentrancy } = cell.context;
  if (reentrancy === undefined || !reentrancy.offer(item)) return false;
  cell.requestTurn();
  return true;
}

/** True when a current handling of this actor is part of the call chain. */
export function waitsFor<M>(cell: CellState<M>, chain: CallChain | undefined): boolean {
  if (chain === undefined) return false;
  const { reentrancy } = cell.context;
  return reentrancy === undefined
    ? waitsIn(chain, cell.address, cell.processed)
    : reentrancy.waitsFor(chain, cell.address);
}

/** True when the message with this number is being handled. Valid for a busy actor. */
export function isHandling<M>(cell: CellState<M>, number: number): boolean {
  const { reentrancy } = cell.context;
  return reentrancy === undefined ? cell.processed === number : reentrancy.isHandling(number);
}

/** The call chain of a question that this actor asks now. */
export function callChain<M>(cell: CellState<M>): CallChain {
  const reentrancy = cell.state === 'busy' ? cell.context.reentrancy : undefined;
  const handling = reentrancy === undefined ? cell.processed : reentrancy.current.number;
  return { node: cell.node.nodeId, uid: cell.uid, handling, up: cell.currentEnvelope?.ask?.chain };
}

/**
 * A handling has settled; without `handling` it is the one that is not reentrant. False while another handling is
 * under way.
 */
export function finishHandling<M>(
  cell: CellState<M>,
  context: IncarnationContext<M>,
  handling: Handling | undefined,
): boolean {
  const { reentrancy } = context;
  if (reentrancy === undefined) return true;
  reentrancy.finish(handling ?? reentrancy.declarer);
  cell.currentEnvelope = reentrancy.current.envelope;
  if (!reentrancy.isSettled) return false;
  context.setReentrancy(undefined);
  return true;
}
