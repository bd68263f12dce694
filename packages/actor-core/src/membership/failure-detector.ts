import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Role } from '../transport/roles.ts';
import type { Subjects } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';
import type { MemberMetadata } from './member-metadata.ts';
import type { Evidence, MemberTable } from './member-table.ts';

/**
 * Finds out which nodes are there. It exchanges messages with the other nodes and reports what it learns as evidence;
 * the presence table decides what that means for the state of a member. One detector is one file in this folder; which
 * one a node uses is chosen where the node is put together (`node/assemble-node.ts`).
 */
export interface FailureDetector {
  /** Begins to send and to receive. */
  start(): void;
  /** Asks every node for an announcement now. */
  poll(): void;
  /** Announces that this node leaves, and ends. Further calls do nothing. */
  close(): void;
}

/** Makes the detector of one node. */
export type CreateFailureDetector = (surroundings: DetectorSurroundings) => FailureDetector;

/** What a failure detector works with. */
export interface DetectorSurroundings {
  readonly node: string;
  readonly incarnation: number;
  readonly pid: number;
  readonly roles: readonly Role[];
  /** What the node states about itself to the others. */
  readonly metadata: MemberMetadata;
  readonly transport: Transport;
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly log: Logger;
  /** True for an observer, which publishes nothing. */
  readonly isSilent: boolean;
  /** What is known of all nodes at this moment. */
  readonly members: () => MemberTable;
  /** Takes over what the detector has found out. */
  readonly report: (evidence: Evidence) => void;
  /** A newer process announced itself under this node's id. */
  readonly onReplaced: (newer: { readonly pid: number; readonly incarnation: number }) => void;
}
