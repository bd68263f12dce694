import type { Role } from '../transport/roles.ts';
import type { MemberMetadata } from './member-metadata.ts';

/**
 * Which nodes are there, as this node sees them. It reports evidence with its age and decides nothing durable: another
 * node may see another state at the same moment.
 */
export interface Presence {
  /** Every known node, this one included, sorted by id. */
  members(): readonly MemberEvidence[];
  /** What is known of one node; undefined for a node that never announced itself, or is gone for more than 10 min. */
  member(node: string): MemberEvidence | undefined;
  /**
   * Calls `listener` when a node appears, changes state, or comes back with a newer incarnation. Returns the
   * unsubscriber.
   */
  onChange(listener: (member: MemberEvidence) => void): () => void;
  /** Asks every node for an announcement now. */
  poll(): void;
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
  /** Milliseconds since its last announcement arrived, by this node's clock. */
  readonly ageMs: number;
  /** Event-loop lag that the node reported last, milliseconds. */
  readonly lagMs: number;
  /** What the node states about itself; undefined for a node of release 0.3.0. */
  readonly metadata?: MemberMetadata | undefined;
  /** Another process that announces itself under this id in an older incarnation, and the age of that announcement. */
  readonly rival?: { readonly pid: number; readonly ageMs: number } | undefined;
}

/** `alive`: announced within 3 s · `unreachable`: silent for longer while the bus is up · `left`: announced its end. */
export type MemberState = 'alive' | 'unreachable' | 'left';
