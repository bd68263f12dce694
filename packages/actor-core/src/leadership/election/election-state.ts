import type { Random } from '../../random.ts';
import type { ElectionConfig } from './election-config.ts';
import type { ElectionMessage } from './election-message.ts';

/**
 * - `follower`: follows a leader, or waits for one
 * - `pre-candidate`: asks whether it would win, without changing anybody's term
 * - `candidate`: asks for votes
 * - `chosen`: has a quorum of votes and writes the lead record; not a leader yet
 * - `leader`: its lead record was accepted
 */
export type ElectionRole = 'follower' | 'pre-candidate' | 'candidate' | 'chosen' | 'leader';

export type ElectionEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'received'; readonly from: string; readonly message: ElectionMessage }
  /** The lead record of this node was accepted. `term` is the record's. */
  | { readonly kind: 'recorded'; readonly term: number; readonly fence: number }
  /** The lead record was not written, or another one is there: `term` and `fence` of the newest that is known. */
  | { readonly kind: 'not-recorded'; readonly term: number; readonly fence: number }
  /** A write of this leader was refused: a newer lead record exists. */
  | { readonly kind: 'fenced' }
  | { readonly kind: 'connection'; readonly connected: boolean }
  /** Delay of this process's event loop. */
  | { readonly kind: 'lag'; readonly lagMs: number }
  /** The recorded voters changed. */
  | { readonly kind: 'voters'; readonly voters: readonly string[] }
  /** Hand the leadership to that voter. */
  | { readonly kind: 'transfer'; readonly to: string }
  /** This node ends in an orderly way. */
  | { readonly kind: 'stop' };

export type ElectionEffect =
  | { readonly kind: 'send'; readonly to: string; readonly message: ElectionMessage }
  | { readonly kind: 'broadcast'; readonly message: ElectionMessage }
  /**
   * Write the lead record by compare-and-set, with this term or a higher one; then tell `recorded` or `not-recorded`.
   */
  | { readonly kind: 'record'; readonly term: number }
  /** This node leads from now on. */
  | { readonly kind: 'elected'; readonly term: number; readonly fence: number }
  /** This node leads no more. */
  | { readonly kind: 'deposed'; readonly reason: DeposedReason }
  /** The known leader changed; undefined while none is known. */
  | { readonly kind: 'leader-changed'; readonly leader: KnownLeader | undefined };

export type DeposedReason = 'newer-term' | 'fenced' | 'no-quorum' | 'own-stall' | 'not-a-voter' | 'stopped';

export interface KnownLeader {
  readonly node: string;
  readonly term: number;
  readonly fence: number;
}

/** Everything one node knows of the election of one group. Changed in place by `decideElection`. */
export interface ElectionState {
  readonly node: string;
  readonly config: ElectionConfig;
  readonly random: Random;
  voters: readonly string[];
  role: ElectionRole;
  /** Highest term seen. */
  term: number;
  votedFor: string | undefined;
  /** Who answered the questions of the present role with yes. */
  readonly granted: Set<string>;
  leader: KnownLeader | undefined;
  /** Highest fence seen: heartbeats with a lower one are outdated. */
  fence: number;
  /** When the leader's last heartbeat arrived. */
  heardAtMs: number;
  /** When a follower campaigns, or a candidate gives up. */
  electionAtMs: number;
  heartbeatAtMs: number;
  /** See `trust-window.ts`; of a leader. */
  readonly answers: Map<string, number>;
  ledSinceMs: number;
  /** End of a transfer to another voter. The leader does not act until then, and continues if no voter took over. */
  handsOverUntilMs: number | undefined;
  /** No vote and no candidacy before: an earlier run of this process may have voted in this term. */
  readonly abstainsUntilMs: number;
  connected: boolean;
  lagMs: number;
  hasStopped: boolean;
}

export interface ElectionOptions {
  readonly node: string;
  readonly voters: readonly string[];
  readonly config: ElectionConfig;
  readonly random: Random;
  /** Of the newest lead record, 0 for none. */
  readonly term?: number;
  readonly fence?: number;
}

export function createElection(options: ElectionOptions, nowMs: number): ElectionState {
  const { node, voters, config, random, term = 0, fence = 0 } = options;
  // A lone voter cannot vote twice.
  const isAlone = voters.length === 1 && voters[0] === node;
  const state: ElectionState = {
    node,
    config,
    random,
    voters,
    role: 'follower',
    term,
    votedFor: undefined,
    granted: new Set(),
    leader: undefined,
    fence,
    heardAtMs: Number.NEGATIVE_INFINITY,
    electionAtMs: 0,
    heartbeatAtMs: Number.POSITIVE_INFINITY,
    answers: new Map(),
    ledSinceMs: 0,
    handsOverUntilMs: undefined,
    abstainsUntilMs: isAlone ? nowMs : nowMs + config.electionMaxMs,
    connected: true,
    lagMs: 0,
    hasStopped: false,
  };
  state.electionAtMs = isAlone ? nowMs : drawElectionMs(state, nowMs);
  return state;
}

/** A random instant, so that voters rarely campaign together. */
export function drawElectionMs({ config, random }: ElectionState, nowMs: number): number {
  return nowMs + config.electionMinMs + random.next() * (config.electionMaxMs - config.electionMinMs);
}

export function isVoter({ voters, node }: ElectionState): boolean {
  return voters.includes(node);
}
