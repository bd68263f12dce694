import type { ElectionState } from './election-state.ts';

/**
 * How long a leader may act without a durable write.
 *
 * A voter that answered a heartbeat refuses its vote to others for `electionMinMs` after it received that heartbeat.
 * The heartbeat was received after it was sent. A leader whose newest heartbeat with a quorum of answers was sent at
 * `t` can therefore have no successor before `t + electionMinMs`. The factor leaves room for clocks that run at
 * different speeds.
 *
 * Without voters a candidate keeps still for `electionMinMs` after a heartbeat. There, and with a lone voter, the bus
 * itself is the witness: a heartbeat counts from the moment that it came back to its sender. A heartbeat that NATS did
 * not take, behind a connection that only seems to be there, does not count.
 *
 * The window protects only what happens now. A process that stands still between the check and the act is stopped by
 * the fence and by the terms that receivers remember, not by this window.
 */
const safety = 0.8;

/** Newest heartbeat, by the time it was sent, that each voter answered. */
export type Answers = ReadonlyMap<string, number>;

/** Number of voters that decide. */
export function quorumOf(voters: readonly string[]): number {
  return Math.floor(voters.length / 2) + 1;
}

/**
 * When the newest heartbeat was sent that a quorum of voters has answered; minus infinity where there is none. The
 * leader itself counts as having answered `nowMs`.
 */
export function quorumAnsweredMs(
  voters: readonly string[],
  self: string,
  answers: Answers,
  nowMs: number,
): number {
  const sentMs = (voter: string): number =>
    voter === self ? nowMs : (answers.get(voter) ?? Number.NEGATIVE_INFINITY);
  const quorum = quorumOf(voters);
  let answeredMs = Number.NEGATIVE_INFINITY;
  // Asked before every act of a leader: five voters are compared without a list of them.
  for (const voter of voters) {
    const atMs = sentMs(voter);
    if (atMs <= answeredMs) continue;
    let count = 0;
    for (const other of voters) if (sentMs(other) >= atMs) count++;
    if (count >= quorum) answeredMs = atMs;
  }
  return answeredMs;
}

/**
 * True while this node leads and no other node can have been elected: asked right before an act that no fence guards.
 */
export function isTrusted(state: ElectionState, nowMs: number): boolean {
  if (state.role !== 'leader' || state.handsOverUntilMs !== undefined) return false;
  return nowMs < trustedUntilMs(state, nowMs);
}

/** Instant after which the leader must not act. */
function trustedUntilMs(state: ElectionState, nowMs: number): number {
  const { electorate, voters, node, answers, echoedAtMs, config } = state;
  const answeredMs = electorate === 'candidates' ? nowMs : quorumAnsweredMs(voters, node, answers, nowMs);
  return Math.min(answeredMs, echoedAtMs) + safety * config.electionMinMs;
}
