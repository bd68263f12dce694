import type { ActorCell } from './actor-cell.ts';
import type { ActorSnapshot } from './actor-system.ts';

/** What `inspect` shows of an actor. */
export function snapshotOf(cell: ActorCell, messagesPerSecond: number | undefined): ActorSnapshot {
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
