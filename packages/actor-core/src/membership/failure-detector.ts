import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import type { Subjects } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';
import type { MemberFacts } from './member-facts.ts';
import type { MemberState } from './presence.ts';
import type { SwimConfig } from './swim/swim-config.ts';

/**
 * Finds out which nodes are there. It exchanges messages with the other nodes and reports what it learns. One detector
 * is one file in this folder; which one a node uses is chosen where the node is put together (`node/assemble-node.ts`).
 */
export interface FailureDetector {
  /** Begins to send and to receive. */
  start(): void;
  /** Asks every node for a sign of life now. */
  poll(): void;
  /** Recent lag of this process's event loop, milliseconds. */
  readonly ownLagMs: number;
  /** Every other node that is known. */
  members(): readonly KnownMember[];
  /** What is known of one other node. */
  member(node: string): KnownMember | undefined;
  /** Forgets a node, unless a later incarnation of it is known. */
  forget(node: string, incarnation: number): void;
  /** Announces that this node leaves, and ends. Further calls do nothing. */
  close(): void;
}

/** What a failure detector knows of another node. */
export interface KnownMember {
  readonly node: string;
  readonly incarnation: number;
  readonly facts: MemberFacts;
  readonly state: MemberState;
  /** A probe was lost; the node is `alive` until the suspicion ends. */
  readonly isSuspect: boolean;
  /** Delay of its main loop, milliseconds. */
  readonly lagMs: number;
  /** The process lives, and its main loop is blocked. */
  readonly isStalled: boolean;
  /** Clock milliseconds of its last message. */
  readonly heardAtMs: number;
  /** Another process under the same id in an older incarnation, whose announcement came after this incarnation's. */
  readonly rival?: { readonly pid: number; readonly heardAtMs: number } | undefined;
}

/** Makes the detector of one node. */
export type CreateFailureDetector = (surroundings: DetectorSurroundings) => FailureDetector;

/** What a failure detector works with. */
export interface DetectorSurroundings {
  readonly node: string;
  readonly incarnation: number;
  readonly facts: MemberFacts;
  readonly transport: Transport;
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly config: SwimConfig;
  /** Whether another thread answers for this process when its main loop is blocked. */
  readonly hasPulse: () => boolean;
  /** A node appeared, or what is known of it changed. */
  readonly onChange: (member: KnownMember) => void;
  /** A newer process announced itself under this node's id. */
  readonly onReplaced: (newer: { readonly pid: number; readonly incarnation: number }) => void;
  /** See the effect `outdated` of `decideSwim`. */
  readonly onOutdated: (claim: {
    readonly incarnation: number;
    readonly witnesses: number;
    readonly others: number;
  }) => void;
}
