/**
 * How long a leader may act without a durable write.
 *
 * A voter that answered a heartbeat refuses its vote to others for `electionMinMs` after it received that heartbeat.
 * The heartbeat was received after it was sent. A leader whose newest heartbeat with a quorum of answers was sent at
 * `t` can therefore have no successor before `t + electionMinMs`. The factor leaves room for clocks that run at
 * different speeds.
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
  const sent = voters
    .map((voter) => (voter === self ? nowMs : (answers.get(voter) ?? Number.NEGATIVE_INFINITY)))
    .toSorted((a, b) => b - a);
  return sent[quorumOf(voters) - 1] ?? Number.NEGATIVE_INFINITY;
}

/** Instant after which the leader must not act. */
export function trustedUntilMs(quorumMs: number, electionMinMs: number): number {
  return quorumMs + safety * electionMinMs;
}
