/**
 * What members send each other.
 *
 * A member's record (incarnation, refutation, metadata, left) is believed only from that member itself: NATS pins the
 * sender's id to the subject. Everybody else may only spread *rumours* about it: suspicions of exactly the version that
 * the receiver knows, and hints that a newer version exists, after which the receiver asks the member itself.
 */

/** Version of a member's own record. Compared by incarnation, then refutation. */
export interface Version {
  /** Of the process. Larger than that of every earlier process with this id. */
  readonly incarnation: number;
  /** Raised by the member to refute a suspicion; starts at 0 in every incarnation. */
  readonly refutation: number;
}

/** A member's statement about itself. */
export interface SelfClaim extends Version {
  /** Raised with each change of the metadata; starts at 1. */
  readonly metadataVersion: number;
  /** Longest recent delay of the event loop in milliseconds. */
  readonly lagMs: number;
  /** Present where the receiver does not have this version. */
  readonly metadata?: Uint8Array | undefined;
}

/** What a member that is not the subject may say. `alive` is a hint only. */
export interface Rumour extends Version {
  readonly node: string;
  readonly status: 'alive' | 'suspect' | 'unreachable' | 'left';
  /** The member that first suspected it; confirmations are counted by accuser. */
  readonly accuser: string;
}

/** One line of a member list in anti-entropy. */
export type DigestEntry = Omit<Rumour, 'accuser'> & { readonly metadataVersion: number };

export type SwimMessage =
  /** Asks for an acknowledgement. `metadataVersion`: what the sender has of the receiver, 0 for nothing. */
  | { readonly kind: 'ping'; readonly sequence: number; readonly metadataVersion: number }
  | { readonly kind: 'ack'; readonly sequence: number }
  /** Asks the receiver to ping `target` and to tell the outcome under `sequence`. */
  | { readonly kind: 'ping-request'; readonly sequence: number; readonly target: string }
  /** The target of a ping request acknowledged. */
  | { readonly kind: 'relayed-ack'; readonly sequence: number; readonly target: string }
  /** The target of a ping request did not acknowledge in time: the path to the asker works. */
  | { readonly kind: 'nack'; readonly sequence: number; readonly target: string }
  | { readonly kind: 'gossip' }
  /** Anti-entropy, first step: the sum over the sender's member list. */
  | { readonly kind: 'sync'; readonly hash: number }
  /** Second step after a different sum: the list itself. `isReply`: no further answer is expected. */
  | { readonly kind: 'digest'; readonly entries: readonly DigestEntry[]; readonly isReply: boolean }
  /** To everybody, at start, after a refutation and after a change of the metadata. */
  | { readonly kind: 'announce'; readonly isJoining: boolean }
  /** To everybody: this member ends in an orderly way. */
  | { readonly kind: 'leave' }
  /** From a member to itself, through NATS: proves that NATS carries this member's messages. */
  | { readonly kind: 'echo'; readonly sentAtMs: number };

/** A message with what every message carries. */
export interface SwimEnvelope {
  readonly self: SelfClaim;
  readonly rumours: readonly Rumour[];
  readonly message: SwimMessage;
}

/** Negative: `a` is older. */
export function compareVersions(a: Version, b: Version): number {
  return a.incarnation - b.incarnation || a.refutation - b.refutation;
}
