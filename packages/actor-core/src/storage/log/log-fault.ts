/** What goes wrong with one operation on a log in memory. */
export type LogFault =
  /** Nothing is done and no reply comes: the log has no leader, or the node cannot reach it. */
  | 'away'
  /** The operation is done and its reply is lost. */
  | 'reply-lost'
  /** An append is done a moment after its caller stopped waiting for the reply. */
  | 'late'
  /** An append is answered with "check in flight" (10164) although no other write is there. */
  | 'check-in-flight'
  /** An append is refused because the disk is full. */
  | 'full'
  /**
   * A read of the newest record is answered with the one before it, and a page lacks the newest records of the log, as
   * on a replica that lags behind.
   */
  | 'stale-read'
  /** An announcement to a follower is lost. */
  | 'announcement-lost';

/** Time after which an append with the fault `late` is done. */
export const lateMs = 60;

/**
 * One operation of one node. `announce`: a record on its way to a follower; `pull` and `settle`: of a queue's tasks.
 */
export interface LogOperation {
  readonly node: string;
  readonly log: string;
  readonly kind: 'ensure' | 'append' | 'read' | 'remove' | 'follow' | 'announce' | 'pull' | 'settle';
  /** Whether an append is a batch, which gets more time. */
  readonly isBatch?: boolean;
}

/** Decides whether an operation goes wrong; undefined where it does not. */
export type LogFaults = (operation: LogOperation) => LogFault | undefined;
