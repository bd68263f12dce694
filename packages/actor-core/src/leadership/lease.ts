import type { StoreUnavailableError } from '../errors.ts';

/**
 * Leadership of one group, based on a lead record in the group's own stream. The sequence of the record is the fencing
 * token; every durable write of the leader asserts it (DESIGN: Fence). A leader renews its lease by announcements on
 * core NATS, not by rewriting the record.
 */
export interface Leadership {
  /** Name of the group; its stream is `controlStream(cell, group)`. */
  readonly group: string;
  /** The leader as far as this node knows; undefined while it knows of none. */
  current(): LeaderInfo | undefined;
  /** Whether this node may act as leader: it wrote the newest record it knows of, and its lease has not run out. */
  isLeader(): boolean;
  /** Calls `listener` at each change of leader, as far as this node knows. Returns the unsubscriber. */
  onChange(listener: (leader: LeaderInfo | undefined) => void): () => void;
  /**
   * A durable write under this node's fence, to a subject of the group's stream.
   *
   * @throws FenceRejectedError deposed: `isLeader` is already false when this rejects
   * @throws StoreUnavailableError the write may or may not have happened
   */
  append(subject: string, payload: Uint8Array): Promise<{ sequence: number }>;
  /** Why this node's last attempt to read or write the lead record failed; undefined after a success. */
  trouble(): StoreUnavailableError | undefined;
  /** Gives up leadership if held, and stops campaigning. */
  resign(): Promise<void>;
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
