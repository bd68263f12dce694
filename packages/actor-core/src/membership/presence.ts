import type { Role } from '../transport/roles.ts';
import type { MemberMetadata } from './member-metadata.ts';

/**
 * Which nodes are there, as this node sees them. It reports evidence with its age and decides nothing durable: another
 * node may see another state at the same moment.
 */
export interface Presence {
  /** Every known node, this one included, sorted by id. */
  members(): readonly MemberEvidence[];
  /** What is known of one node; undefined for a node that was never heard, or is gone for more than 10 min. */
  member(node: string): MemberEvidence | undefined;
  /**
   * Calls `listener` when a node appears, comes back with a newer incarnation, changes its metadata, or changes one of
   * `state`, `isSuspect` and `isStalled`. A listener that throws affects no other one. Returns the unsubscriber.
   */
  onChange(listener: (member: MemberEvidence) => void): () => void;
  /** Asks every node for a sign of life now. */
  poll(): void;
  /**
   * Forgets a node that has ended, unless a later incarnation of it is known. For the part of the program that decides
   * who belongs to the cluster.
   */
  forget(node: string, incarnation: number): void;
}

/** What this node knows of another one, and how old that is. */
export interface MemberEvidence {
  /** Id of the node. */
  readonly node: string;
  readonly roles: readonly Role[];
  /** Process id on its machine. */
  readonly pid: number;
  /** Its newest known incarnation. */
  readonly incarnation: number;
  readonly state: MemberState;
  /** A probe of the node was lost and the suspicion has not ended; its state still is `alive`. */
  readonly isSuspect: boolean;
  /** The process lives, and its main loop has been blocked for longer than the profile allows. */
  readonly isStalled: boolean;
  /** Milliseconds since its last message arrived, by this node's clock. In large clusters a member is heard rarely. */
  readonly ageMs: number;
  /** Event-loop lag that the node reported last, milliseconds. */
  readonly lagMs: number;
  /** What the node states about itself; undefined for a node of release 0.3.0. */
  readonly metadata?: MemberMetadata | undefined;
  /** Another process that announces itself under this id in an older incarnation, and the age of that announcement. */
  readonly rival?: { readonly pid: number; readonly ageMs: number } | undefined;
}

/**
 * `alive`: answers probes, or has refuted the suspicion of others · `unreachable`: neither this node nor others reach
 * it while the bus works; evidence, not proof of its end · `left`: announced its end.
 */
export type MemberState = 'alive' | 'unreachable' | 'left';
