import type { MemberState } from '../membership/presence.ts';
import type { LeaderInfo } from './lease.ts';

/** What a node knows about the leadership of a group. */
export interface LeadershipState {
  readonly self: string;
  readonly incarnation: number;
  /** False for nodes that only follow. */
  readonly isCandidate: boolean;
  readonly leaseMs: number;
  readonly role: 'follower' | 'candidate' | 'leader' | 'resigned';
  /** Newest record known of. */
  readonly lead: LeaderInfo | undefined;
  /** The leader was heard within its lease. */
  readonly isHeard: boolean;
  /** As leader: nothing suggests that the record has been replaced unnoticed. */
  readonly isConfirmed: boolean;
  /** Instant at which this node looks at the record and maybe campaigns. */
  readonly electionAtMs: number;
  /** Instant of the next heartbeat of a leader. */
  readonly announceAtMs: number;
  readonly lastTickMs: number;
  readonly disconnectedAtMs: number | undefined;
  /** A read or a write is under way. */
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
      readonly type: 'heard';
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
  /** What `current` or `isLeader` answers has changed. */
  | { readonly type: 'changed' };

export interface LeadershipStep {
  readonly state: LeadershipState;
  readonly effects: readonly LeadershipEffect[];
}
