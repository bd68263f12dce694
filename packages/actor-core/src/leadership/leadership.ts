import type { StoreUnavailableError } from '../errors.ts';
import type { Fence, FencedOutcome } from '../fence/fence.ts';
import type { BatchRecord } from '../storage/log/log.ts';

/**
 * Leadership of one group. A leader is the node that wrote the newest lead record in the log of the group. The sequence
 * of that record is the fencing token, and every durable write of the leader asserts it (DESIGN: Fence). Which node
 * tries to write the record, and when, concerns liveness only.
 *
 * A leader works through its `Tenure`. A decision takes the tenure under which it was made as an argument: when the
 * leadership is lost and regained in between, the new tenure is another one, and writes under the earlier one are
 * refused.
 */
export interface Leadership {
  /** Name of the group; its log is `controlStream(cell, group)`. */
  readonly group: string;
  /** The leader as far as this node knows, itself included; undefined while it knows of none. */
  current(): LeaderInfo | undefined;
  /** This node's own tenure, from the moment its lead record was accepted until it is deposed or resigns. */
  tenure(): Tenure | undefined;
  /** What this node is in the group now. */
  state(): GroupState;
  /**
   * Calls `listener` when the answer of `current`, `tenure` or `state` has changed, with the known leader. A listener
   * that throws is logged and disturbs nobody. Returns the unsubscriber.
   */
  onChange(listener: (leader: LeaderInfo | undefined) => void): () => void;
  /** Why this node's last operation on the log of the group failed; undefined after a success. */
  trouble(): StoreUnavailableError | undefined;
  /**
   * When this node, since its start, last found that the log of the group was lost or rolled back, in milliseconds of
   * its wall clock. What was acknowledged before may be gone.
   */
  lostAtMs(): number | undefined;
  /**
   * Hands this node's leadership to another candidate. This node does not act until the outcome is known.
   *
   * @returns `refused` where this node does not lead, hands over already, or `to` cannot lead; `not-taken` where `to`
   *   did not take over in time
   */
  transfer(to: string): Promise<TransferOutcome>;
  /** Gives up leadership if held, says so to the other candidates, and stops campaigning. */
  resign(): Promise<void>;
}

/**
 * - `leading`: this node leads and may act
 * - `suspended`: this node leads, but may not act: JetStream confirms no write, or another node may have replaced it
 * - `following`: another node leads
 * - `vacant`: this node knows of no leader
 */
export type GroupState = 'leading' | 'suspended' | 'following' | 'vacant';

/** What became of a transfer: see `Leadership.transfer`. */
export type TransferOutcome = 'transferred' | 'refused' | 'not-taken';

/** One leadership of this node, from its lead record to its end. */
export interface Tenure {
  /** Leadership period; there is at most one leader in each. */
  readonly term: number;
  /** The lead record, which every durable write asserts. */
  readonly fence: Fence;
  /** Aborted when the tenure ends. The reason is an error that says why. */
  readonly signal: AbortSignal;
  /**
   * Whether no other node can have been elected, as far as time tells. Ask right before an act that no fence guards. A
   * process that stands still between the question and the act is stopped only by the receivers, which refuse an
   * older fence.
   */
  isTrusted(): boolean;
  /** `isTrusted`, and the last operation on the log was confirmed. Begin nothing new while it is false. */
  mayAct(): boolean;
  /**
   * A durable write under this tenure's fence to subjects of the group's log: all records or none. Writes of one tenure
   * are accepted in the order of the calls; those that wait together are committed together.
   *
   * @returns `deposed` for every write after the end of the tenure; the tenure has ended when this outcome is reported
   * @throws StoreUnavailableError the outcome is unknown
   * @throws MessageTooLargeError nothing was written
   * @throws InvalidArgumentError for a record on the subject of the lead record
   */
  write(...records: readonly BatchRecord[]): Promise<FencedOutcome>;
}

/** The leader of a group, and its term. */
export interface LeaderInfo {
  /** Id of the node that leads. */
  readonly node: string;
  /** Incarnation of that node. */
  readonly nodeIncarnation: number;
  /** Leadership period; there is at most one leader in each. */
  readonly term: number;
  /** Sequence of the lead record: the fencing token. */
  readonly fence: number;
}
