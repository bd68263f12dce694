/**
 * The election of one group's leader, as a pure core: Raft's terms, votes, pre-vote, check-quorum, stickiness and
 * transfer (Ongaro's thesis, 3.4, 9.6, 6.4.1, 3.10; etcd-io/raft), without Raft's log.
 *
 * Votes make leadership quick and stable; they are not what makes it safe. A node leads only after its lead record was
 * accepted by compare-and-set. The sequence of that record is the fence of every write. A vote that was given twice
 * therefore costs one failed election and nothing else.
 *
 * ```
 *             silence of the leader        a quorum would vote       a quorum voted          record accepted
 *   follower ───────────────▶ pre-candidate ──────────▶ candidate ─────────▶ chosen ─────────▶ leader
 *      ▲                         │                       │                    │                  │
 *      └──── no quorum in time ──┴───────────────────────┴── record refused ──┘                  │
 *      └──── newer term or lead record, no quorum of answers, own stall ─────────────────────────┘
 * ```
 */
import {
  drawElectionMs,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionState,
} from './election-state.ts';
import { abandon, depose, follow, lead } from './roles.ts';
import { quorumAnsweredMs, trustedUntilMs } from './trust-window.ts';
import { becomePreCandidate, campaign, takeAnswer, takePreVote, takeVote } from './voting.ts';

/** Takes one event in and returns what to do. Changes `state` in place. */
export function decideElection(
  state: ElectionState,
  event: ElectionEvent,
  nowMs: number,
): readonly ElectionEffect[] {
  const out: ElectionEffect[] = [];
  if (state.hasStopped) return out;
  switch (event.kind) {
    case 'tick':
      tick(state, out, nowMs);
      break;
    case 'received':
      receive(state, out, event, nowMs);
      break;
    case 'recorded':
      if (state.role === 'chosen') lead(state, out, event, nowMs);
      break;
    case 'not-recorded':
      state.term = Math.max(state.term, event.term);
      state.fence = Math.max(state.fence, event.fence);
      if (state.role === 'chosen') abandon(state, nowMs);
      break;
    case 'fenced':
      depose(state, out, 'fenced', nowMs);
      break;
    case 'connection':
      state.connected = event.connected;
      if (!event.connected || state.role === 'leader') break;
      // What the others sent meanwhile is lost.
      abandon(state, nowMs);
      break;
    case 'lag':
      state.lagMs = event.lagMs;
      if (event.lagMs > state.config.maxLagMs) depose(state, out, 'own-stall', nowMs);
      break;
    case 'voters':
      state.voters = event.voters;
      if (!event.voters.includes(state.node)) depose(state, out, 'not-a-voter', nowMs);
      break;
    case 'transfer':
      handOver(state, out, event.to, nowMs);
      break;
    case 'stop':
      depose(state, out, 'stopped', nowMs);
      state.hasStopped = true;
      break;
  }
  return out;
}

/** When the next `tick` is due. */
export function electionWakeAtMs(state: ElectionState): number {
  if (state.hasStopped) return Number.POSITIVE_INFINITY;
  if (state.role === 'leader') return state.heartbeatAtMs;
  return Math.max(state.electionAtMs, state.abstainsUntilMs);
}

/**
 * True while this node leads and no other node can have been elected: asked right before an act that no fence guards.
 */
export function mayAct(state: ElectionState, nowMs: number): boolean {
  if (state.role !== 'leader' || state.handsOverUntilMs !== undefined) return false;
  const { voters, node, answers, config } = state;
  return nowMs < trustedUntilMs(quorumAnsweredMs(voters, node, answers, nowMs), config.electionMinMs);
}

function tick(state: ElectionState, out: ElectionEffect[], nowMs: number): void {
  if (state.role === 'leader') return leadOn(state, out, nowMs);
  if (nowMs < electionWakeAtMs(state)) return;
  // No quorum answered in time, or the record could not be written.
  if (state.role !== 'follower') return abandon(state, nowMs);
  if (state.leader !== undefined) {
    state.leader = undefined;
    out.push({ kind: 'leader-changed', leader: undefined });
  }
  if (state.connected && state.lagMs <= state.config.maxLagMs) becomePreCandidate(state, out, nowMs);
  else state.electionAtMs = drawElectionMs(state, nowMs);
}

/** Sends a heartbeat, or steps down when no quorum answers (check-quorum). */
function leadOn(state: ElectionState, out: ElectionEffect[], nowMs: number): void {
  if (nowMs < state.heartbeatAtMs) return;
  const { voters, node, answers, config, term, fence } = state;
  const quorumMs = Math.max(state.ledSinceMs, quorumAnsweredMs(voters, node, answers, nowMs));
  if (nowMs - quorumMs > config.electionMinMs) return depose(state, out, 'no-quorum', nowMs);
  if (state.handsOverUntilMs !== undefined && nowMs >= state.handsOverUntilMs)
    state.handsOverUntilMs = undefined;
  state.heartbeatAtMs = nowMs + config.heartbeatMs;
  out.push({ kind: 'broadcast', message: { kind: 'heartbeat', term, fence, sentAtMs: nowMs } });
}

function receive(
  state: ElectionState,
  out: ElectionEffect[],
  { from, message }: Extract<ElectionEvent, { kind: 'received' }>,
  nowMs: number,
): void {
  if (from === state.node) return;
  if (message.kind === 'heartbeat') return takeHeartbeat(state, out, from, message, nowMs);
  // Everything else is among voters.
  if (!state.voters.includes(from) || !state.voters.includes(state.node)) return;
  switch (message.kind) {
    case 'pre-vote':
      return takePreVote(state, out, from, message.term, nowMs);
    case 'vote':
      return takeVote(state, out, from, message, nowMs);
    case 'pre-vote-answer':
    case 'vote-answer':
      return takeAnswer(state, out, from, message, nowMs);
    case 'heartbeat-answer':
      if (message.term > state.term) return outdated(state, out, message.term, nowMs);
      if (state.role === 'leader' && message.term === state.term)
        state.answers.set(from, Math.max(message.sentAtMs, state.answers.get(from) ?? 0));
      return;
    case 'take-over':
      // Only from the leader that this node follows.
      if (state.role === 'follower' && state.leader?.node === from && message.term === state.term)
        campaign(state, out, true, nowMs);
      return;
  }
}

/** A leader proves itself by its term and its fence; both only grow. */
function takeHeartbeat(
  state: ElectionState,
  out: ElectionEffect[],
  from: string,
  message: Extract<Parameters<typeof decideElection>[1], { kind: 'received' }>['message'] & {
    kind: 'heartbeat';
  },
  nowMs: number,
): void {
  const { term, fence, sentAtMs } = message;
  const isOutdated = term < state.term || fence < state.fence;
  if (!isOutdated) follow(state, out, { node: from, term, fence }, nowMs);
  if (state.voters.includes(state.node))
    out.push({ kind: 'send', to: from, message: { kind: 'heartbeat-answer', term: state.term, sentAtMs } });
}

function outdated(state: ElectionState, out: ElectionEffect[], term: number, nowMs: number): void {
  state.term = term;
  state.votedFor = undefined;
  depose(state, out, 'newer-term', nowMs);
}

/** The leader stops acting at once: its successor need not wait for its silence. */
function handOver(state: ElectionState, out: ElectionEffect[], to: string, nowMs: number): void {
  if (state.role !== 'leader' || to === state.node || !state.voters.includes(to)) return;
  state.handsOverUntilMs = nowMs + state.config.electionMinMs;
  out.push({ kind: 'send', to, message: { kind: 'take-over', term: state.term } });
}
