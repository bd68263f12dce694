import type { Role } from '../transport/roles.ts';

/**
 * Who is there, by heartbeat: each node announces itself once a second and at every change. It reports
 * evidence with its age and decides nothing durable; the failure detector and the view replace it later.
 */
export interface Presence {
  /** Every node heard of and not forgotten, this one included, sorted by id. */
  members(): readonly MemberEvidence[];
  /** What is known of one node; undefined when it was never heard of, or is forgotten. */
  member(node: string): MemberEvidence | undefined;
  /** A node appeared, changed state, or came back with a newer incarnation. Returns the unsubscriber. */
  onChange(listener: (member: MemberEvidence) => void): () => void;
  /** Asks everyone to announce now; used at start. */
  poll(): void;
}

/** What this node knows of another one, and how old that is. */
export interface MemberEvidence {
  /** Id of the node. */
  readonly node: string;
  readonly roles: readonly Role[];
  /** Process id on its machine. */
  readonly pid: number;
  /** The newest life of it that was heard of. */
  readonly incarnation: number;
  readonly state: MemberState;
  /** Milliseconds since the last announcement was heard, by this node's clock. */
  readonly ageMs: number;
  /** The member's own event-loop lag, milliseconds, as it last reported. */
  readonly lagMs: number;
  /** Another process that announces itself under this id in an older incarnation, and the age of its last announcement. */
  readonly rival?: { readonly pid: number; readonly ageMs: number } | undefined;
}

/** `alive`: heard within 3 s · `unreachable`: silent for longer while the bus is up · `left`: said goodbye. */
export type MemberState = 'alive' | 'unreachable' | 'left';
