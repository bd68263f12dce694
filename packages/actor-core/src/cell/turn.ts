import { unhandled } from '../actor/behaviour.ts';
import type { Next } from '../actor/actor-context.ts';
import { Envelope } from '../actor/envelope.ts';
import type { Signal } from '../actor/signal.ts';
import { enterTrace, isTracing } from '../actor/trace-context.ts';
import { DeathPactError } from '../errors.ts';
import { empty } from '../mailbox/ring.ts';
import { awaitNext, become, becomeWhileBusy } from './behaviour-transition.ts';
import type { CellState } from './cell-state.ts';
import { fail } from './lifecycle.ts';
import type { Watch } from './watch.ts';

/** Most messages that one turn handles, before other actors and the event loop get their time. */
const turnBudget = 64;

/** Handles messages of the mailbox, up to the budget of one turn. */
export function handleMessages<M>(cell: CellState<M>): void {
  const { mailbox, context } = cell;
  let handled = 0;
  // A trace may be set already. Kept in a local variable, so that messages without a trace cost nothing.
  let entered = isTracing;
  try {
    while (handled < turnBudget) {
      const item = mailbox.take();
      if (item === empty) break;
      handled++;
      cell.processed++;
      let next: Next<M> | Promise<Next<M>>;
      if (item instanceof Envelope) {
        if (item.guard !== undefined && !item.guard.claim()) continue;
        if (item.ask?.isOver === true) {
          cell.expire(item);
          continue;
        }
        if (item.trace !== undefined || entered) {
          enterTrace(item.trace);
          entered = true;
        }
        cell.currentEnvelope = item;
        next =
          item.signal === undefined
            ? cell.onMessage(item.message as M, context)
            : handleSignal(cell, item, item.signal);
      } else {
        if (cell.currentEnvelope !== undefined) cell.currentEnvelope = undefined;
        if (entered) enterTrace(undefined);
        next = cell.onMessage(item as M, context);
      }
      if (next !== undefined) become(cell, next);
      // The handler may have ended its own incarnation, by a stop, a kill or an escalation.
      if (cell.state !== 'running' || cell.context !== context) break;
    }
  } catch (error) {
    cell.inTurn = false;
    if (cell.context === context && context.active) fail(cell, error);
  }
  if (cell.currentEnvelope !== undefined && cell.state !== 'busy') cell.currentEnvelope = undefined;
  context.touch();
}

function handleSignal<M>(cell: CellState<M>, envelope: Envelope, signal: Signal): Next<M> | Promise<Next<M>> {
  cell.watches.done(envelope.guard as Watch);
  const next = cell.onSignal === undefined ? unhandled : cell.onSignal(signal, cell.context);
  // An actor that watches another one and handles no signals depends on it: the end must not pass unnoticed.
  if (next === unhandled && signal.type === 'terminated')
    throw new DeathPactError(signal.ref.address, signal.reason, {
      cause: signal.cause?.error ?? signal.cause,
    });
  return next;
}

/** Handles reentrant messages while a handler awaits its promise, up to the budget of one turn. */
export function handleReentrant<M>(cell: CellState<M>): void {
  const { context } = cell;
  const { reentrancy } = context;
  if (reentrancy === undefined) return;
  try {
    for (let handled = 0; handled < turnBudget && cell.state === 'busy'; handled++) {
      const item = reentrancy.take();
      if (item === empty) break;
      const envelope = item instanceof Envelope ? item : undefined;
      if (envelope?.guard !== undefined && !envelope.guard.claim()) continue;
      if (envelope?.ask?.isOver === true) {
        cell.processed++;
        cell.expire(envelope);
        continue;
      }
      const handling = reentrancy.begin(++cell.processed, envelope);
      cell.currentEnvelope = envelope;
      if (isTracing) enterTrace(envelope?.trace);
      reentrancy.onStack = handling;
      const next = cell.onMessage((envelope === undefined ? item : envelope.message) as M, context);
      reentrancy.onStack = undefined;
      if (next !== undefined && !('kind' in next)) awaitNext(cell, next, handling);
      else {
        reentrancy.finish(handling);
        if (next !== undefined) becomeWhileBusy(cell, next);
      }
    }
  } catch (error) {
    cell.inTurn = false;
    if (cell.context === context && context.active) fail(cell, error);
    return;
  }
  cell.currentEnvelope = reentrancy.current.envelope;
  if (reentrancy.hasAccepted && cell.state === 'busy') cell.requestTurn();
  context.touch();
}
