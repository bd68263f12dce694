import type { StoreUnavailableError } from '../errors.ts';

/**
 * Leadership of one group, by a lead record in the group's own stream. The record's sequence is the fencing
 * token; every durable write of the leader asserts it (DESIGN: Fence). Holding it is announced on core NATS and
 * never by rewriting the record. Raft-style election replaces how a candidate is chosen behind this interface.
 */
export interface Leadership {
  /** Which group; its stream is `CTL_{cell}_G_{group}`. */
  readonly group: string;
  /** Who leads, as far as this node knows; `undefined` while nobody is known to. */
  current(): LeaderInfo | undefined;
  /** True while this node may act: it holds the newest record it knows of and its lease has not run out. */
  isLeader(): boolean;
  /** Tells each change of who leads, as far as this node knows. Returns the unsubscriber. */
  onChange(listener: (leader: LeaderInfo | undefined) => void): () => void;
  /**
   * A durable write under this node's fence, to a subject of the group's stream.
   *
   * @throws FenceRejectedError deposed: leadership is already dropped when this rejects
   * @throws StoreUnavailableError outcome unknown
   */
  append(subject: string, payload: Uint8Array): Promise<{ sequence: number }>;
  /** Why the lead record could not be read or written at the last attempt of this node; undefined after a success. */
  trouble(): StoreUnavailableError | undefined;
  /** Gives up leadership, if held, and stops campaigning. */
  resign(): Promise<void>;
}

/** Who leads, and in which period. */
export interface LeaderInfo {
  /** Id of the node that leads. */
  readonly node: string;
  /** Which life of it. */
  readonly nodeIncarnation: number;
  /** Leadership period: one leader at most in each. */
  readonly term: number;
  /** Sequence of the lead record: the fencing token. */
  readonly fence: number;
}
