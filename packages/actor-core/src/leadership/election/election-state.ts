import type { Random } from '../../random.ts';
import type { ElectionConfig } from './election-config.ts';
import type { ElectionMessage, Heartbeat, PrivateMessage } from './election-message.ts';

/**
 * - `follower`: follows a leader, or waits for one
 * - `pre-candidate`: asks whether it would win, and whether it hears itself, without changing anybody's term
 * - `candidate`: asks for votes
 * - `chosen`: may write the lead record; not a leader yet
 * - `leader`: its lead record was accepted
 */
export type ElectionRole = 'follower' | 'pre-candidate' | 'candidate' | 'chosen' | 'leader';

/**
 * Who decides about a candidate before it may write the lead record.
 *
 * - `voters`: a quorum of the recorded voters, who are also the only candidates
 * - `candidates`: nobody. A candidate writes the record when the leader has been silent for long enough.
 */
export type Electorate = 'voters' | 'candidates';

export type ElectionEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'received'; readonly from: string; readonly message: ElectionMessage }
  /** A heartbeat or a probe of this node came back from the bus. `sentAtMs`: by this node's clock. */
  | { readonly kind: 'echoed'; readonly sentAtMs: number }
  /** The newest lead record at the start. `isOver`: its writer is known to be gone, or there is no record. */
  | { readonly kind: 'known'; readonly term: number; readonly fence: number; readonly isOver: boolean }
  /** The lead record of this node was accepted. `term` is the record's. */
  | { readonly kind: 'recorded'; readonly term: number; readonly fence: number }
  /** The lead record was not written, or another one is there: `term` and `fence` of the newest that is known. */
  | { readonly kind: 'not-recorded'; readonly term: number; readonly fence: number }
  /** A write of this leader was refused, or a newer lead record was read. */
  | { readonly kind: 'fenced' }
  /** The log lost lead records that were accepted: fences known so far mean nothing any more. */
  | { readonly kind: 'log-lost' }
  /** The process with that incarnation, and all earlier ones of that node, have ended. */
  | { readonly kind: 'gone'; readonly node: string; readonly incarnation: number }
  | { readonly kind: 'connection'; readonly connected: boolean }
  /** Delay of this process's event loop. */
  | { readonly kind: 'lag'; readonly lagMs: number }
  /** The recorded voters changed. */
  | { readonly kind: 'voters'; readonly voters: readonly string[] }
  /** Hand the leadership to that candidate. */
  | { readonly kind: 'transfer'; readonly to: string }
  /** This node ends in an orderly way. */
  | { readonly kind: 'stop' };

export type ElectionEffect =
  | { readonly kind: 'send'; readonly to: string; readonly message: PrivateMessage }
  | { readonly kind: 'broadcast'; readonly message: Heartbeat }
  /** Publish a message to this node itself; then tell `echoed`. */
  | { readonly kind: 'probe'; readonly sentAtMs: number }
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

export type DeposedReason =
  | 'newer-term'
  | 'fenced'
  | 'log-lost'
  | 'no-quorum'
  | 'own-stall'
  | 'not-a-voter'
  | 'stopped';

export interface KnownLeader {
  readonly node: string;
  readonly incarnation: number;
  readonly term: number;
  readonly fence: number;
}

/** Everything one node knows of the election of one group. Changed in place by `decideElection`. */
export interface ElectionState {
  readonly node: string;
  readonly incarnation: number;
  readonly electorate: Electorate;
  readonly config: ElectionConfig;
  readonly random: Random;
  /** False for a node that only follows. */
  readonly isCandidate: boolean;
  /** Empty where the electorate is `candidates`. */
  voters: readonly string[];
  role: ElectionRole;
  /** Highest term seen. */
  term: number;
  /**
   * The newest vote. It outlives `term`, which falls when a leader with an older term and a newer lead record is
   * followed: a voter gives one vote in each term.
   */
  vote: { readonly term: number; readonly node: string };
  /** Who answered the questions of the present role with yes. */
  readonly granted: Set<string>;
  leader: KnownLeader | undefined;
  /** Highest fence seen: heartbeats with a lower one are outdated. */
  fence: number;
  /** Highest fence whose leader has ended: its late heartbeats are outdated too. */
  goneFence: number;
  /** When the leader's last heartbeat arrived. */
  heardAtMs: number;
  /** No heartbeat was accepted since: from the start, the last heartbeat or the end of the own leadership on. */
  quietSinceMs: number;
  /** When a follower campaigns, or a candidate gives up. */
  electionAtMs: number;
  /** Whether this follower has put its candidacy off for another candidate since it heard the last leader. */
  hasYielded: boolean;
  heartbeatAtMs: number;
  /** Questions that this node has asked in vain since it heard the last leader. */
  questions: number;
  /** When the question of a pre-candidate was sent first. */
  askedAtMs: number;
  /** See `trust-window.ts`; of a leader. */
  readonly answers: Map<string, number>;
  /** Newest message of this node that came back from the bus, by the time it was sent. */
  echoedAtMs: number;
  ledSinceMs: number;
  /** End of a transfer to another candidate. The leader does not act until then, and goes on if nobody took over. */
  handsOverUntilMs: number | undefined;
  /** To whom the leader hands over, by its own last heartbeat; empty for none. */
  successor: string;
  /**
   * No vote and no candidacy before: an earlier run of this process may have answered a heartbeat, and its leader
   * trusts that no other one is elected for `electionMinMs` after that. A second vote in a term is harmless: see
   * `election.ts`.
   */
  abstainsUntilMs: number;
  connected: boolean;
  lagMs: number;
  hasStopped: boolean;
}

export interface ElectionOptions {
  readonly node: string;
  readonly incarnation: number;
  readonly electorate: Electorate;
  readonly isCandidate: boolean;
  readonly voters: readonly string[];
  readonly config: ElectionConfig;
  readonly random: Random;
  /** Of the newest lead record, 0 for none. */
  readonly term?: number;
  readonly fence?: number;
}

export function createElection(options: ElectionOptions, nowMs: number): ElectionState {
  const { term = 0, fence = 0, ...given } = options;
  const state: ElectionState = {
    ...given,
    role: 'follower',
    term,
    vote: { term: 0, node: '' },
    granted: new Set(),
    leader: undefined,
    fence,
    goneFence: 0,
    heardAtMs: Number.NEGATIVE_INFINITY,
    quietSinceMs: nowMs,
    electionAtMs: 0,
    hasYielded: false,
    questions: 0,
    heartbeatAtMs: Number.POSITIVE_INFINITY,
    askedAtMs: Number.POSITIVE_INFINITY,
    answers: new Map(),
    echoedAtMs: Number.NEGATIVE_INFINITY,
    ledSinceMs: 0,
    handsOverUntilMs: undefined,
    successor: '',
    abstainsUntilMs: nowMs + given.config.electionMinMs,
    connected: true,
    lagMs: 0,
    hasStopped: false,
  };
  // A lone voter cannot vote twice, and candidates without voters give no votes.
  if (given.electorate === 'candidates' || isAlone(state)) state.abstainsUntilMs = nowMs;
  state.electionAtMs = isAlone(state) ? nowMs : drawElectionMs(state, nowMs);
  return state;
}

/** A random instant, so that candidates rarely campaign together. */
export function drawElectionMs({ config, random }: ElectionState, nowMs: number): number {
  return nowMs + config.electionMinMs + random.next() * (config.electionMaxMs - config.electionMinMs);
}

/**
 * When a question of a candidate counts as unanswered: the next one follows soon, for no leader is there. The wait
 * doubles with each question, because answers that take longer would never count.
 */
export function drawRetryMs({ config, random, questions }: ElectionState, nowMs: number): number {
  const waitMs = config.heartbeatMs * (2 + 3 * random.next()) * 2 ** Math.max(0, questions - 1);
  return nowMs + Math.min(waitMs, config.electionMaxMs);
}

/** May this node be elected? */
export function isEligible({ electorate, isCandidate, voters, node }: ElectionState): boolean {
  return isCandidate && (electorate === 'candidates' || voters.includes(node));
}

/** The only voter. */
export function isAlone({ voters, node }: ElectionState): boolean {
  return voters.length === 1 && voters[0] === node;
}
