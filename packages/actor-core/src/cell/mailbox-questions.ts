import { Envelope, type Refusable } from '../actor/envelope.ts';
import { empty } from '../mailbox/ring.ts';
import type { CellState } from './cell-state.ts';
import { handBackOf } from './hand-back.ts';

/**
 * Turns all messages in the mailbox into dead letters, or hands them back (`handBackTo`). Signals and timer messages
 * are discarded.
 */
export function dropMailbox<M>(cell: CellState<M>): void {
  const { mailbox } = cell;
  const handBack = handBackOf(cell);
  const left: unknown[] = [];
  mailbox.refuseSenders('no-such-actor');
  for (let item = mailbox.take(); item !== empty; item = mailbox.take()) {
    if (item instanceof Envelope && item.guard !== undefined) continue;
    if (handBack === undefined) cell.drop(item, 'no-such-actor');
    else left.push(item);
  }
  if (left.length > 0) handBack?.(left);
}

/** Removes the matching questions from the mailbox without handling them. */
export function withdraw<M>(
  cell: CellState<M>,
  matches: (ask: Refusable) => boolean,
  reason: 'deadlock' | 'expired',
): void {
  const isMeant = (item: unknown) => item instanceof Envelope && item.ask !== undefined && matches(item.ask);
  for (const item of cell.mailbox.takeWhere(isMeant)) cell.drop(item, reason);
}

/** True when the question is being handled, queued or stashed by this actor. */
export function holds<M>(cell: CellState<M>, ask: Refusable): boolean {
  const { reentrancy, stashed } = cell.context;
  if (cell.currentEnvelope?.ask === ask || reentrancy?.isHandlingQuestion(ask) === true) return true;
  const isIt = (item: unknown) => item instanceof Envelope && item.ask === ask;
  return cell.mailbox.has(isIt) || stashed.some(isIt);
}
