import type { ActorCell } from './actor-cell.ts';
import { adoptWhileBusy, awaitNext } from './becoming.ts';
import { type CallChain, waitsIn } from './call-chain.ts';
import type { CellContext } from './cell-context.ts';
import { fail } from './ending.ts';
import { Envelope } from './envelope.ts';
import { type InHand, Reentry } from './reentry.ts';
import { empty } from './ring.ts';
import { enterTrace, isTracing } from './trace-context.ts';
import { refuseCircle, type Wait } from './wait-graph.ts';

/*
 * What an actor lets in while a handler of it awaits, and whom its handlings wait for: the shell around `Reentry`.
 */

/** Lets declared messages in while the handling at hand awaits. */
export function admit<M>(cell: ActorCell<M>, accepts: (message: M) => boolean): void {
  const isBusy = cell.state === 'busy';
  if (!isBusy && !cell.inTurn) return;
  const { reentry } = cell.context;
  // One that was declared by a handling that then awaited nothing has no effect and none left.
  if (reentry !== undefined && (isBusy || reentry.declarer.handling === cell.processed)) return;
  const declarer = { handling: cell.processed, envelope: cell.inHand };
  cell.context.setReentry(new Reentry(accepts, declarer, cell.mailbox));
  if (isBusy) beginAdmission(cell);
}

/** The handler in hand awaits from here on. */
export function beginAdmission<M>(cell: ActorCell<M>): void {
  const { reentry, waits } = cell.context;
  if (reentry !== undefined) beginReentry(cell, reentry);
  // What this handling has asked, it may await from now on.
  for (let i = waits.length - 1; i >= 0; i--) {
    const wait = waits[i] as Wait;
    if (wait.chain?.handling !== cell.processed) break;
    refuseCircle(cell.runtime, wait);
  }
}

function beginReentry<M>(cell: ActorCell<M>, reentry: Reentry): void {
  // Left by an earlier handling that awaited nothing.
  if (reentry.declarer.handling !== cell.processed) return cell.context.setReentry(undefined);
  reentry.admitWaiting();
  if (reentry.hasReady) cell.requestTurn();
}

/** True when the message was let in. */
export function letIn<M>(cell: ActorCell<M>, item: unknown): boolean {
  const { reentry } = cell.context;
  if (reentry === undefined || !reentry.offer(item)) return false;
  cell.requestTurn();
  return true;
}

/** Does a handling of this actor wait for what this chain leads to? */
export function waitsFor<M>(cell: ActorCell<M>, chain: CallChain | undefined): boolean {
  if (chain === undefined) return false;
  const { reentry } = cell.context;
  return reentry === undefined
    ? waitsIn(chain, cell.address, cell.processed)
    : reentry.waitsFor(chain, cell.address);
}

/** Is that handling of this actor under way? Asked of one whose handler awaits. */
export function isHandling<M>(cell: ActorCell<M>, handling: number): boolean {
  const { reentry } = cell.context;
  return reentry === undefined ? cell.processed === handling : reentry.isUnderWay(handling);
}

/** The chain of a question that this actor asks now. */
export function callChain<M>(cell: ActorCell<M>): CallChain {
  const reentry = cell.state === 'busy' ? cell.context.reentry : undefined;
  const handling = reentry === undefined ? cell.processed : reentry.current.handling;
  return { node: cell.runtime.nodeId, uid: cell.uid, handling, up: cell.chain };
}

/** Handles what was let in. */
export function drainAdmitted<M>(cell: ActorCell<M>, budget: number): void {
  const { context } = cell;
  const { reentry } = context;
  if (reentry === undefined) return;
  try {
    for (let handled = 0; handled < budget && cell.state === 'busy'; handled++) {
      const item = reentry.take();
      if (item === empty) break;
      const envelope = item instanceof Envelope ? item : undefined;
      if (envelope?.guard !== undefined && !envelope.guard.claim()) continue;
      if (envelope?.ask?.isOver === true) {
        cell.processed++;
        cell.expire(envelope);
        continue;
      }
      const hand = reentry.begin(++cell.processed, envelope);
      cell.inHand = envelope;
      if (isTracing) enterTrace(envelope?.trace);
      reentry.onStack = hand;
      const next = cell.onMessage((envelope === undefined ? item : envelope.message) as M, context);
      reentry.onStack = undefined;
      if (next !== undefined && !('kind' in next)) awaitNext(cell, next, hand);
      else {
        reentry.finish(hand);
        if (next !== undefined) adoptWhileBusy(cell, next);
      }
    }
  } catch (error) {
    cell.inTurn = false;
    if (cell.context === context && context.active) fail(cell, error);
    return;
  }
  cell.inHand = reentry.current.envelope;
  if (reentry.hasReady && cell.state === 'busy') cell.requestTurn();
  context.touch();
}

/** A handling has settled; `hand` is one that was let in. False while another one has not. */
export function finishHand<M>(
  cell: ActorCell<M>,
  context: CellContext<M>,
  hand: InHand | undefined,
): boolean {
  const { reentry } = context;
  if (reentry === undefined) return true;
  reentry.finish(hand ?? reentry.declarer);
  cell.inHand = reentry.current.envelope;
  if (!reentry.isSettled) return false;
  context.setReentry(undefined);
  return true;
}
