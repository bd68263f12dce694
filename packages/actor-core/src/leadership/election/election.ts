/**
 * The election of one group's leader, as a pure core: Raft's terms, votes, pre-vote, check-quorum, stickiness and
 * transfer (Ongaro's thesis, 3.4, 9.6, 6.4.1, 3.10; etcd-io/raft), without Raft's log.
 *
 * Votes make leadership quick and stable; they are not what makes it safe. A node leads only after its lead record was
 * accepted by compare-and-set. The sequence of that record is the fence of every write. A vote that was given twice
 * therefore costs one failed election and nothing else. A group may also do without voters: see `Electorate`.
 *
 * ```
 *             silence of the leader     hears itself, a quorum would vote     a quorum voted          record accepted
 *   follower ───────────────▶ pre-candidate ──────────────────▶ candidate ─────────▶ chosen ─────────▶ leader
 *      ▲                         │                                  │                 │                  │
 *      └───────── a leader, or no quorum in time ───────────────────┴─ record refused ┘                  │
 *      └───────── newer record, no quorum of answers, own stall, log lost ───────────────────────────────┘
 * ```
 */
import { campaign, decideSilence, takeEcho, takeKnown } from './candidacy.ts';
import type { Heartbeat } from './election-message.ts';
import { type ElectionEffect, type ElectionEvent, type ElectionState, isAlone } from './election-state.ts';
import { abandon, depose, follow, forget, lead, retryLater } from './roles.ts';
import { quorumAnsweredMs } from './trust-window.ts';
import { takeAnswer, takePreVote, takeVote } from './voting.ts';

/**
 * Longest silences after which a follower that hears only outdated heartbeats believes them. They are outdated by a
 * fence that nobody announces any more, because the log that had issued it was lost.
 */
const forgottenAfterElections = 4;

/** Takes one event in and returns what to do. Changes `state` in place. */
export function decideElection(
  state: ElectionState,
  event: ElectionEvent,
  nowMs: number,
): readonly ElectionEffect[] {
  const out: ElectionEffect[] = [];
  if (state.hasStopped) {
    if (event.kind === 'recorded') sayGoodbye(state, out, event, nowMs);
    return out;
  }
  switch (event.kind) {
    case 'tick':
      tick(state, out, nowMs);
      break;
    case 'received':
      receive(state, out, event, nowMs);
      break;
    case 'echoed':
      takeEcho(state, out, event, nowMs);
      break;
    case 'known':
      takeKnown(state, event, nowMs);
      break;
    case 'recorded':
      // A leader that was heard meanwhile has an older record, unless its fence is higher.
      if (event.fence > state.fence) lead(state, out, event, nowMs);
      else if (state.role === 'chosen') abandon(state, nowMs);
      break;
    case 'not-recorded':
      takeNotRecorded(state, event, nowMs);
      break;
    case 'fenced':
      depose(state, out, 'fenced', nowMs);
      break;
    case 'log-lost':
      state.fence = 0;
      state.goneFence = 0;
      depose(state, out, 'log-lost', nowMs);
      break;
    case 'gone':
      if (isLedBy(state, event)) forget(state, out, state.leader?.fence ?? 0, nowMs);
      break;
    case 'connection':
      takeConnection(state, event.connected, nowMs);
      break;
    case 'lag':
      takeLag(state, out, event.lagMs, nowMs);
      break;
    case 'voters':
      takeVoters(state, out, event.voters, nowMs);
      break;
    case 'transfer':
      handOver(state, out, event.to, nowMs);
      break;
    case 'stop':
      if (state.role === 'leader') sayGoodbye(state, out, state, nowMs);
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

function tick(state: ElectionState, out: ElectionEffect[], nowMs: number): void {
  if (state.role === 'leader') return leadOn(state, out, nowMs);
  if (nowMs >= electionWakeAtMs(state)) decideSilence(state, out, nowMs);
}

/** Sends a heartbeat, or steps down when no quorum answers (check-quorum). */
function leadOn(state: ElectionState, out: ElectionEffect[], nowMs: number): void {
  if (nowMs < state.heartbeatAtMs) return;
  if (hasLostQuorum(state, nowMs)) return depose(state, out, 'no-quorum', nowMs);
  if (state.handsOverUntilMs !== undefined && nowMs >= state.handsOverUntilMs) goOn(state, nowMs);
  state.heartbeatAtMs = nowMs + state.config.heartbeatMs;
  out.push({ kind: 'broadcast', message: heartbeat(state, state, false, nowMs) });
}

/** Nobody took over. Whoever answered or heard the heartbeats so far may still vote for the successor. */
function goOn(state: ElectionState, nowMs: number): void {
  state.handsOverUntilMs = undefined;
  state.successor = '';
  state.answers.clear();
  state.echoedAtMs = Number.NEGATIVE_INFINITY;
  state.ledSinceMs = nowMs;
}

/** A leader that does not hear itself cannot judge whether the voters answer: it is not trusted, and goes on. */
function hasLostQuorum(state: ElectionState, nowMs: number): boolean {
  const { electorate, voters, node, answers, config, ledSinceMs, echoedAtMs } = state;
  if (electorate === 'candidates' || nowMs - echoedAtMs > config.electionMinMs) return false;
  const quorumMs = Math.max(ledSinceMs, quorumAnsweredMs(voters, node, answers, nowMs));
  return nowMs - quorumMs > config.electionMinMs;
}

function receive(
  state: ElectionState,
  out: ElectionEffect[],
  { from, message }: Extract<ElectionEvent, { kind: 'received' }>,
  nowMs: number,
): void {
  if (message.kind === 'heartbeat') return takeHeartbeat(state, out, from, message, nowMs);
  if (from === state.node) return;
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
      if (state.role === 'leader' && message.term === state.term && message.sentAtMs >= state.ledSinceMs)
        state.answers.set(from, Math.max(message.sentAtMs, state.answers.get(from) ?? 0));
      return;
  }
}

/** A leader proves itself by its term and its fence; both only grow. */
function takeHeartbeat(
  state: ElectionState,
  out: ElectionEffect[],
  from: string,
  message: Heartbeat,
  nowMs: number,
): void {
  const { term, fence, incarnation, isResigning, handsOverTo, sentAtMs } = message;
  // Its own. Another process with the id of this node has another fence.
  if (from === state.node && state.role === 'leader' && fence === state.fence) {
    if (sentAtMs >= state.ledSinceMs) takeEcho(state, out, message, nowMs);
    return;
  }
  if (!isOutdated(state, message, nowMs)) {
    follow(state, out, { node: from, incarnation, term, fence }, nowMs);
    if (isResigning) forget(state, out, fence, nowMs);
    state.successor = handsOverTo;
    if (handsOverTo === state.node) campaign(state, out, true, nowMs);
  } else if (isResigning && fence >= state.fence && state.role !== 'leader') {
    // Its term is outdated by a vote that this node gave meanwhile, and the leader has ended all the same.
    forget(state, out, fence, nowMs);
  }
  if (state.voters.includes(state.node) && from !== state.node)
    out.push({ kind: 'send', to: from, message: { kind: 'heartbeat-answer', term: state.term, sentAtMs } });
}

/** Another candidate was first, and has the time of an election to be heard; or the log could not be used. */
function takeNotRecorded(
  state: ElectionState,
  { term, fence }: { readonly term: number; readonly fence: number },
  nowMs: number,
): void {
  const isTaken = fence > state.fence;
  state.term = Math.max(state.term, term);
  state.fence = Math.max(state.fence, fence);
  if (state.role !== 'chosen') return;
  if (isTaken) abandon(state, nowMs);
  else retryLater(state, nowMs);
}

function isOutdated(state: ElectionState, { term, fence }: Heartbeat, nowMs: number): boolean {
  // Without votes a term is only a number in the record, and a candidate that lost has raised none.
  const isOlderTerm = state.electorate === 'voters' && term < state.term;
  const isOlder = fence < state.fence || fence <= state.goneFence || isOlderTerm;
  if (!isOlder || state.role === 'leader') return isOlder;
  return nowMs - state.quietSinceMs <= forgottenAfterElections * state.config.electionMaxMs;
}

function isLedBy(
  { leader, node }: ElectionState,
  gone: { readonly node: string; readonly incarnation: number },
): boolean {
  if (leader === undefined || leader.node === node) return false;
  return leader.node === gone.node && leader.incarnation <= gone.incarnation;
}

/**
 * This process stood still. As a leader it resigns, so that a healthier voter may lead at once. Without another voter a
 * stalled leader is better than none. A candidacy goes on: where the whole machine stands still for moments, all
 * candidates do.
 */
function takeLag(state: ElectionState, out: ElectionEffect[], lagMs: number, nowMs: number): void {
  state.lagMs = lagMs;
  if (state.role !== 'leader' || lagMs <= state.config.maxLagMs || state.voters.length <= 1) return;
  sayGoodbye(state, out, state, nowMs);
  depose(state, out, 'own-stall', nowMs);
}

function takeConnection(state: ElectionState, connected: boolean, nowMs: number): void {
  state.connected = connected;
  if (!connected) return;
  // What the others sent meanwhile is lost, so their silence counts from now.
  if (state.role === 'leader') state.heartbeatAtMs = nowMs;
  else if (state.role !== 'chosen') abandon(state, nowMs);
}

function takeVoters(
  state: ElectionState,
  out: ElectionEffect[],
  voters: readonly string[],
  nowMs: number,
): void {
  state.voters = voters;
  // New voters have had no heartbeat to answer yet.
  if (state.role === 'leader') state.ledSinceMs = nowMs;
  if (!voters.includes(state.node)) depose(state, out, 'not-a-voter', nowMs);
  if (!isAlone(state) || state.leader !== undefined) return;
  // A lone voter cannot vote twice, and has nobody to wait for.
  state.abstainsUntilMs = nowMs;
  if (state.role === 'follower') state.electionAtMs = nowMs;
}

function outdated(state: ElectionState, out: ElectionEffect[], term: number, nowMs: number): void {
  state.term = term;
  depose(state, out, 'newer-term', nowMs);
}

/** The leader stops acting at once: its successor need not wait for its silence. */
function handOver(state: ElectionState, out: ElectionEffect[], to: string, nowMs: number): void {
  if (state.role !== 'leader' || to === state.node || to === '') return;
  if (state.electorate === 'voters' && !state.voters.includes(to)) return;
  state.handsOverUntilMs = nowMs + state.config.electionMinMs;
  state.successor = to;
  state.heartbeatAtMs = nowMs;
  leadOn(state, out, nowMs);
}

function sayGoodbye(
  state: ElectionState,
  out: ElectionEffect[],
  ended: { readonly term: number; readonly fence: number },
  nowMs: number,
): void {
  out.push({ kind: 'broadcast', message: heartbeat(state, ended, true, nowMs) });
}

function heartbeat(
  { incarnation, successor: handsOverTo }: ElectionState,
  { term, fence }: { readonly term: number; readonly fence: number },
  isResigning: boolean,
  nowMs: number,
): Heartbeat {
  return { kind: 'heartbeat', term, fence, incarnation, isResigning, handsOverTo, sentAtMs: nowMs };
}
