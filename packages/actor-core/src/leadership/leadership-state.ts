import type { MemberState } from '../membership/presence.ts';
import type { LeaderInfo } from './leadership.ts';

/** What a node knows about the leadership of a group. */
export interface LeadershipState {
  readonly self: string;
  readonly incarnation: number;
  /** False for nodes that only follow. */
  readonly isCandidate: boolean;
  readonly leaseMs: number;
  readonly role: 'follower' | 'candidate' | 'leader' | 'resigned';
  /** The newest known leadership. */
  readonly lead: LeaderInfo | undefined;
  /** An announcement of the leader arrived within its lease. */
  readonly isAnnounced: boolean;
  /** As leader: nothing suggests that another node has replaced the record. */
  readonly isConfirmed: boolean;
  /** Instant at which this node reads the record, and campaigns where the record allows it. */
  readonly electionAtMs: number;
  /** Instant of the next heartbeat of a leader. */
  readonly announceAtMs: number;
  readonly lastTickMs: number;
  readonly disconnectedAtMs: number | undefined;
  /** A read or a write of the record is under way. */
  readonly isBusy: boolean;
}

export interface LeadRecord {
  readonly leader: string;
  readonly incarnation: number;
  readonly term: number;
  readonly sequence: number;
}

export type LeadershipEvent =
  | { readonly type: 'tick' }
  | {
      readonly type: 'announced';
      readonly from: string;
      readonly incarnation: number;
      readonly term: number;
      readonly fence: number;
      readonly isResigning: boolean;
    }
  | { readonly type: 'read'; readonly record: LeadRecord | undefined }
  | { readonly type: 'read-failed' }
  | { readonly type: 'won'; readonly term: number; readonly fence: number }
  | { readonly type: 'lost' }
  /** The write may or may not have happened. */
  | { readonly type: 'unknown' }
  | {
      readonly type: 'member';
      readonly node: string;
      readonly state: MemberState;
      readonly incarnation: number;
    }
  | { readonly type: 'connection'; readonly isConnected: boolean }
  | { readonly type: 'rejected'; readonly fence: number }
  | { readonly type: 'resign' };

export type LeadershipEffect =
  | { readonly type: 'read' }
  | { readonly type: 'campaign'; readonly term: number; readonly expectedSequence: number }
  | {
      readonly type: 'announce';
      readonly term: number;
      readonly fence: number;
      readonly isResigning: boolean;
    }
  /** The answer of `current` or `isLeader` has changed. */
  | { readonly type: 'changed' };

export interface LeadershipStep {
  readonly state: LeadershipState;
  readonly effects: readonly LeadershipEffect[];
}
