import type { ActorCell } from './cell.ts';
import { adoptWhileBusy, awaitNext } from './behaviour-transition.ts';
import { type CallChain, waitsIn } from '../actor/call-chain.ts';
import type { CellContext } from './context.ts';
import { fail } from './lifecycle.ts';
import { Envelope } from '../actor/envelope.ts';
import { type Handling, Reentrancy } from './reentrancy.ts';
import { empty } from '../mailbox/ring.ts';
import { enterTrace, isTracing } from '../actor/trace-context.ts';
import { refuseCycle, type Wait } from './deadlock-detection.ts';

/*
 * What an actor lets in while a handler of it awaits, and whom its handlings wait for: the shell around `Reentrancy`.
 */

/** Lets declared messages in while the handling at hand awaits. */
export function allowReentrancy<M>(cell: ActorCell<M>, accepts: (message: M) => boolean): void {
  const isBusy = cell.state === 'busy';
  if (!isBusy && !cell.inTurn) return;
  const { reentrancy } = cell.context;
  // One that was declared by a handling that then awaited nothing has no effect and none left.
  if (reentrancy !== undefined && (isBusy || reentrancy.declarer.handling === cell.processed)) return;
  const declarer = { handling: cell.processed, envelope: cell.currentEnvelope };
  cell.context.setReentrancy(new Reentrancy(accepts, declarer, cell.mailbox));
  if (isBusy) beginAwaiting(cell);
}

/** The handler in hand awaits from here on. */
export function beginAwaiting<M>(cell: ActorCell<M>): void {
  const { reentrancy, waits } = cell.context;
  if (reentrancy !== undefined) beginReentrancy(cell, reentrancy);
  // What this handling has asked, it may await from now on.
  for (let i = waits.length - 1; i >= 0; i--) {
    const wait = waits[i] as Wait;
    if (wait.chain?.handling !== cell.processed) break;
    refuseCycle(cell.runtime, wait);
  }
}

function beginReentrancy<M>(cell: ActorCell<M>, reentrancy: Reentrancy): void {
  // Left by an earlier handling that awaited nothing.
  if (reentrancy.declarer.handling !== cell.processed) return cell.context.setReentrancy(undefined);
  reentrancy.acceptWaiting();
  if (reentrancy.hasReady) cell.requestTurn();
}

/** True when the message was let in. */
export function offerReentrant<M>(cell: ActorCell<M>, item: unknown): boolean {
  const { reentrancy } = cell.context;
  if (reentrancy === undefined || !reentrancy.offer(item)) return false;
  cell.requestTurn();
  return true;
}

/** Does a handling of this actor wait for what this chain leads to? */
export function waitsFor<M>(cell: ActorCell<M>, chain: CallChain | undefined): boolean {
  if (chain === undefined) return false;
  const { reentrancy } = cell.context;
  return reentrancy === undefined
    ? waitsIn(chain, cell.address, cell.processed)
    : reentrancy.waitsFor(chain, cell.address);
}

/** Is that handling of this actor under way? Asked of one whose handler awaits. */
export function isHandling<M>(cell: ActorCell<M>, handling: number): boolean {
  const { reentrancy } = cell.context;
  return reentrancy === undefined ? cell.processed === handling : reentrancy.isUnderWay(handling);
}

/** The chain of a question that this actor asks now. */
export function callChain<M>(cell: ActorCell<M>): CallChain {
  const reentrancy = cell.state === 'busy' ? cell.context.reentrancy : undefined;
  const handling = reentrancy === undefined ? cell.processed : reentrancy.current.handling;
  return { node: cell.runtime.nodeId, uid: cell.uid, handling, up: cell.chain };
}

/** Handles what was let in. */
export function drainReentrant<M>(cell: ActorCell<M>, budget: number): void {
  const { context } = cell;
  const { reentrancy } = context;
  if (reentrancy === undefined) return;
  try {
    for (let handled = 0; handled < budget && cell.state === 'busy'; handled++) {
      const item = reentrancy.take();
      if (item === empty) break;
      const envelope = item instanceof Envelope ? item : undefined;
      if (envelope?.guard !== undefined && !envelope.guard.claim()) continue;
      if (envelope?.ask?.isOver === true) {
        cell.processed++;
        cell.expire(envelope);
        continue;
      }
      const hand = reentrancy.begin(++cell.processed, envelope);
      cell.currentEnvelope = envelope;
      if (isTracing) enterTrace(envelope?.trace);
      reentrancy.onStack = hand;
      const next = cell.onMessage((envelope === undefined ? item : envelope.message) as M, context);
      reentrancy.onStack = undefined;
      if (next !== undefined && !('kind' in next)) awaitNext(cell, next, hand);
      else {
        reentrancy.finish(hand);
        if (next !== undefined) adoptWhileBusy(cell, next);
      }
    }
  } catch (error) {
    cell.inTurn = false;
    if (cell.context === context && context.active) fail(cell, error);
    return;
  }
  cell.currentEnvelope = reentrancy.current.envelope;
  if (reentrancy.hasReady && cell.state === 'busy') cell.requestTurn();
  context.touch();
}

/** A handling has settled; `hand` is one that was let in. False while another one has not. */
export function finishHand<M>(
  cell: ActorCell<M>,
  context: CellContext<M>,
  hand: Handling | undefined,
): boolean {
  const { reentrancy } = context;
  if (reentrancy === undefined) return true;
  reentrancy.finish(hand ?? reentrancy.declarer);
  cell.currentEnvelope = reentrancy.current.envelope;
  if (!reentrancy.isSettled) return false;
  context.setReentrancy(undefined);
  return true;
}
