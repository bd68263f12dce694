import type { LocalActor } from '../actor/local-actor.ts';
import type { ActorSnapshot } from '../actor/actor-system.ts';
import type { HandlingRates } from './handling-rates.ts';

/** One actor as `inspect` shows it. */
function snapshotOf(cell: LocalActor, messagesPerSecond: number | undefined): ActorSnapshot {
  return {
    path: cell.path,
    uid: cell.uid,
    parentUid: cell.parent?.parent === undefined ? undefined : cell.parent.uid,
    incarnation: cell.incarnation,
    state: cell.state === 'stopped' ? 'stopping' : cell.state,
    mailboxDepth: cell.mailbox.depth,
    mailboxCapacity: cell.mailbox.capacity,
    processed: cell.processed,
    messagesPerSecond,
    restarts: cell.incarnation - 1,
    lastFailure: cell.lastFailure?.text,
    lastFailureCode: cell.lastFailure?.code,
    lastFailureAtMs: cell.lastFailure?.atMs,
  };
}

/** All actors below an actor, each before its children. */
export function snapshotsBelow(cell: LocalActor, rates: HandlingRates, nowMs: number): ActorSnapshot[] {
  const found: ActorSnapshot[] = [];
  const visit = ({ children }: LocalActor) => {
    for (const child of children) {
      found.push(snapshotOf(child, rates.sample(child, nowMs)));
      visit(child);
    }
  };
  visit(cell);
  return found;
}
