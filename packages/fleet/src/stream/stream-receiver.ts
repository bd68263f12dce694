/**
 * The receiving end of the inner stream: delivers lines 1, 2, 3 … in order, each exactly once, or ends with the reason
 * why it cannot.
 *
 * Messages arrive in the order sent; a gap means loss, never reordering, so lines after a gap are dropped and requested
 * again (go-back-N from the sender's replay buffer). Credit is absolute and follows the consumer: `windowLines` beyond
 * the lines that the consumer took, renewed when half is used and at least every `grantIntervalMs` as sign of life.
 * Silence counts only while the bus is connected; after a reconnect the stream is resumed at once. Silence gets a grace
 * at most once between two messages of the sender, so neither a process that stalls again and again nor a bus that
 * flaps can hide a lost sender.
 *
 * Failure cases: sender silent → `host-lost` · bus disconnected too long → `bus-unavailable` · deadline → `deadline` ·
 * repeated resumes without progress → `replay-lost` · the sender's own `fail`, after its last line.
 */
import type { FleetConfig } from '../config.ts';
import type { PassedHeaders } from '../protocol/passed-headers.ts';
import type { FailureCode, SessionMessage } from '../protocol/session-message.ts';

/** Input of the receiver. Messages of other streams must not be passed in. */
export type ReceiverEvent =
  | SessionMessage
  /** The consumer took lines with `count` numbers in all (the sum of the `count`s of the `deliver` effects). */
  | { readonly kind: 'consumed'; readonly count: number }
  | { readonly kind: 'bus'; readonly connected: boolean }
  /** Presence shows that the incarnation of the serving node has ended. */
  | { readonly kind: 'host-gone'; readonly message: string }
  /** The consumer does not want the stream any more. */
  | { readonly kind: 'cancel'; readonly reason: string }
  /** `receiverWakeAtMs` is reached. */
  | { readonly kind: 'tick' };

export type ReceiverEffect =
  | {
      readonly kind: 'head';
      readonly status: number;
      readonly contentType: string;
      readonly headers?: PassedHeaders | undefined;
      readonly foreign?: boolean | undefined;
    }
  | { readonly kind: 'deliver'; readonly lines: readonly string[]; readonly count: number }
  /** Control lane, to the job. */
  | { readonly kind: 'grant'; readonly through: number; readonly received: number }
  | { readonly kind: 'resume'; readonly from: number }
  | { readonly kind: 'cancel'; readonly reason: string }
  /** The last effect: nothing follows. */
  | { readonly kind: 'finished'; readonly outcome: ReceiverOutcome };

export type ReceiverOutcome =
  | { readonly kind: 'end' }
  | Extract<SessionMessage, { kind: 'refused' }>
  | {
      readonly kind: 'failed';
      readonly code: FailureCode | 'host-lost' | 'bus-unavailable';
      readonly message: string;
    };

/** State of one receiving end. Owned by its caller, changed in place by `decideReceive` alone. */
export interface ReceiverState {
  readonly config: FleetConfig;
  readonly deadlineAtMs: number;
  /** Number of the next line to deliver; all lower ones have arrived. */
  next: number;
  consumedThrough: number;
  grantedThrough: number;
  grantedAtMs: number;
  /** True once a message of the sender has arrived. */
  answered: boolean;
  /** Start of the sender's silence: its last message, or later if this end could not receive meanwhile. */
  silentSinceMs: number;
  /** Arrival of the sender's last message, or the start. */
  lastMessageAtMs: number;
  /** A grace for a stall of this process was given during this silence; reset by the next message. */
  stallGraceGiven: boolean;
  /** Instant at which this end first learnt that the request is inside Ollama. */
  insideAtMs: number | undefined;
  headKnown: boolean;
  /** Pieces of a long line that is not complete yet. */
  pieces: string[];
  pieceUnits: number;
  connected: boolean;
  connectionChangedAtMs: number;
  /** True from a reconnect to the first message after it. */
  reconnecting: boolean;
  /** Instant at which missing lines are requested; undefined while no line is missing. */
  resumeAtMs: number | undefined;
  /** Number of `resume` requests since the last progress. */
  resumes: number;
  finished: boolean;
}

/** The credit that goes into the `open` is `config.windowLines`. */
export function createReceiver(deadlineAtMs: number, config: FleetConfig, nowMs: number): ReceiverState {
  return {
    config,
    deadlineAtMs,
    next: 1,
    consumedThrough: 0,
    grantedThrough: config.windowLines,
    grantedAtMs: nowMs,
    answered: false,
    silentSinceMs: nowMs,
    lastMessageAtMs: nowMs,
    stallGraceGiven: false,
    insideAtMs: undefined,
    headKnown: false,
    pieces: [],
    pieceUnits: 0,
    connected: true,
    connectionChangedAtMs: nowMs,
    reconnecting: false,
    resumeAtMs: undefined,
    resumes: 0,
    finished: false,
  };
}

/** When the next `tick` is due, by the same clock as `nowMs`. */
export function receiverWakeAtMs(state: ReceiverState): number {
  const { config, deadlineAtMs } = state;
  if (!state.connected) return Math.min(deadlineAtMs, state.connectionChangedAtMs + config.busPatienceMs);
  return Math.min(
    deadlineAtMs,
    silentAtMs(state),
    state.grantedAtMs + config.grantIntervalMs,
    state.resumeAtMs ?? Number.POSITIVE_INFINITY,
  );
}

/** Handles one event; the effects are to be performed in order. After `finished` every event is ignored. */
export function decideReceive(state: ReceiverState, event: ReceiverEvent, nowMs: number): ReceiverEffect[] {
  const effects: ReceiverEffect[] = [];
  if (state.finished) return effects;
  switch (event.kind) {
    case 'consumed':
      state.consumedThrough += event.count;
      maybeGrant(state, nowMs, effects);
      return effects;
    case 'bus':
      connectionChanged(state, event.connected, nowMs, effects);
      return effects;
    case 'host-gone':
      abandon(state, 'host-lost', event.message, effects);
      return effects;
    case 'cancel':
      abandon(state, 'cancelled', event.reason, effects);
      return effects;
    case 'tick':
      tick(state, nowMs, effects);
      return effects;
    default:
      state.answered = true;
      state.silentSinceMs = nowMs;
      state.lastMessageAtMs = nowMs;
      state.stallGraceGiven = false;
      state.reconnecting = false;
      receiveMessage(state, event, nowMs, effects);
      return effects;
  }
}

function receiveMessage(
  state: ReceiverState,
  message: SessionMessage,
  nowMs: number,
  effects: ReceiverEffect[],
): void {
  switch (message.kind) {
    case 'accepted':
      if (message.position === 0) state.insideAtMs ??= nowMs;
      break;
    case 'parts':
    case 'offer':
      break;
    case 'refused':
      finish(state, message, effects);
      break;
    case 'head':
      state.insideAtMs ??= nowMs;
      if (state.headKnown) break;
      state.headKnown = true;
      effects.push({
        kind: 'head',
        status: message.status,
        contentType: message.contentType,
        ...(message.headers !== undefined && { headers: message.headers }),
        ...(message.foreign !== undefined && { foreign: message.foreign }),
      });
      break;
    case 'chunk':
      receiveChunk(state, message, nowMs, effects);
      break;
    case 'beat':
      if (message.phase !== 'queued') state.insideAtMs ??= nowMs;
      if (message.next > state.next || (message.phase === 'streaming' && !state.headKnown))
        startGap(state, nowMs);
      else if (message.next === state.next) closeGap(state);
      break;
    case 'end':
      if (!state.headKnown || message.lines >= state.next) startGap(state, nowMs);
      else confirm(state, message.lines, { kind: 'end' }, effects);
      break;
    case 'fail':
      if (message.lines >= state.next) startGap(state, nowMs);
      else
        confirm(
          state,
          message.lines,
          { kind: 'failed', code: message.code, message: message.message },
          effects,
        );
      break;
  }
}

function receiveChunk(
  state: ReceiverState,
  chunk: Extract<SessionMessage, { kind: 'chunk' }>,
  nowMs: number,
  effects: ReceiverEffect[],
): void {
  if (!state.headKnown || chunk.first > state.next) {
    startGap(state, nowMs);
    return;
  }
  const last = chunk.first + chunk.lines.length - 1;
  if (last < state.next) return;
  if (last > state.grantedThrough) {
    abandon(state, 'bad-upstream', `line ${last} came, but credit ends at ${state.grantedThrough}`, effects);
    return;
  }
  const fresh = chunk.first === state.next ? chunk.lines : chunk.lines.slice(state.next - chunk.first);
  state.next = last + 1;
  closeGap(state);
  if (chunk.continues === true || state.pieces.length > 0)
    joinPieces(state, fresh, chunk.continues === true, nowMs, effects);
  else effects.push({ kind: 'deliver', lines: fresh, count: fresh.length });
}

/**
 * Pieces count as consumed when they arrive: `maxLineBytes` limits them, and without the credit a line with more pieces
 * than the window has lines would never be complete.
 */
function joinPieces(
  state: ReceiverState,
  fresh: readonly string[],
  continues: boolean,
  nowMs: number,
  effects: ReceiverEffect[],
): void {
  const complete = continues ? fresh.slice(0, -1) : [...fresh];
  const count = complete.length;
  if (state.pieces.length > 0 && complete[0] !== undefined) {
    complete[0] = state.pieces.join('') + complete[0];
    state.pieces = [];
    state.pieceUnits = 0;
  }
  if (count > 0) effects.push({ kind: 'deliver', lines: complete, count });
  if (!continues) return;
  const piece = fresh.at(-1) ?? '';
  state.pieces.push(piece);
  state.pieceUnits += piece.length;
  if (state.pieceUnits > state.config.maxLineBytes) {
    abandon(state, 'bad-upstream', `a line is longer than ${state.config.maxLineBytes} bytes`, effects);
    return;
  }
  state.consumedThrough += 1;
  maybeGrant(state, nowMs, effects);
}

/** Grants when half of the window is used: two credit messages for each window of lines. */
function maybeGrant(state: ReceiverState, nowMs: number, effects: ReceiverEffect[]): void {
  const { windowLines } = state.config;
  if (state.consumedThrough + windowLines - state.grantedThrough >= windowLines / 2)
    grant(state, nowMs, effects);
}

function grant(state: ReceiverState, nowMs: number, effects: ReceiverEffect[]): void {
  state.grantedThrough = state.consumedThrough + state.config.windowLines;
  state.grantedAtMs = nowMs;
  effects.push({ kind: 'grant', through: state.grantedThrough, received: state.next - 1 });
}

function startGap(state: ReceiverState, nowMs: number): void {
  state.resumeAtMs ??= nowMs + state.config.resumeDebounceMs;
}

function closeGap(state: ReceiverState): void {
  state.resumeAtMs = undefined;
  state.resumes = 0;
}

function resume(state: ReceiverState, nowMs: number, effects: ReceiverEffect[]): void {
  state.resumes += 1;
  state.resumeAtMs = nowMs + state.config.resumeRepeatMs;
  effects.push({ kind: 'resume', from: state.next });
}

function connectionChanged(
  state: ReceiverState,
  connected: boolean,
  nowMs: number,
  effects: ReceiverEffect[],
): void {
  if (state.connected === connected) return;
  state.connected = connected;
  state.connectionChangedAtMs = nowMs;
  if (!connected) return;
  // Limits the grace: many short disconnects together extend the silence by at most the longest allowed disconnect.
  const { busPatienceMs, senderSilenceMs } = state.config;
  state.silentSinceMs = Math.min(nowMs, state.lastMessageAtMs + busPatienceMs + senderSilenceMs);
  state.reconnecting = true;
  state.resumes = 0;
  grant(state, nowMs, effects);
  resume(state, nowMs, effects);
}

function silentAtMs(state: ReceiverState): number {
  const { senderSilenceMs, reconnectSilenceMs } = state.config;
  return state.silentSinceMs + (state.reconnecting ? reconnectSilenceMs : senderSilenceMs);
}

/**
 * A late tick shows that this process stalled: messages of the sender may wait unread in the socket, and are read
 * before the next timer fires. So the silence gets a grace, but only once: with a grace at every late timer, a busy
 * process would never detect a lost sender.
 */
function maybeGiveStallGrace(state: ReceiverState, nowMs: number): void {
  const { ownStallMs } = state.config;
  if (state.stallGraceGiven || nowMs - receiverWakeAtMs(state) < ownStallMs) return;
  const graceMs = nowMs + ownStallMs - silentAtMs(state);
  if (graceMs <= 0) return;
  state.stallGraceGiven = true;
  state.silentSinceMs += graceMs;
}

function tick(state: ReceiverState, nowMs: number, effects: ReceiverEffect[]): void {
  const { config } = state;
  maybeGiveStallGrace(state, nowMs);
  if (nowMs >= state.deadlineAtMs) {
    abandon(state, 'deadline', 'the request ran into its deadline', effects);
  } else if (!state.connected) {
    if (nowMs - state.connectionChangedAtMs < config.busPatienceMs) return;
    finish(
      state,
      {
        kind: 'failed',
        code: 'bus-unavailable',
        message: `NATS was disconnected for ${config.busPatienceMs} ms`,
      },
      effects,
    );
  } else if (nowMs >= silentAtMs(state)) {
    const silentMs = Math.round(nowMs - state.lastMessageAtMs);
    abandon(state, 'host-lost', `the host sent nothing for ${silentMs} ms`, effects);
  } else {
    if (state.resumeAtMs !== undefined && nowMs >= state.resumeAtMs) {
      if (state.resumes >= config.maxResumes) {
        const message = `line ${state.next} was requested ${state.resumes} times and did not arrive`;
        abandon(state, 'replay-lost', message, effects);
        return;
      }
      resume(state, nowMs, effects);
    }
    if (nowMs - state.grantedAtMs >= config.grantIntervalMs) grant(state, nowMs, effects);
  }
}

/** Ends the stream from this end. The `cancel` makes the node-agent close its connection to Ollama. */
function abandon(
  state: ReceiverState,
  code: FailureCode | 'host-lost',
  message: string,
  effects: ReceiverEffect[],
): void {
  effects.push({ kind: 'cancel', reason: `${code}: ${message}`.slice(0, 200) });
  finish(state, { kind: 'failed', code, message }, effects);
}

/** `end` or `fail` arrived: confirms it as the line after the last one, so that the sender can remove the stream. */
function confirm(
  state: ReceiverState,
  lines: number,
  outcome: ReceiverOutcome,
  effects: ReceiverEffect[],
): void {
  effects.push({ kind: 'grant', through: state.grantedThrough, received: lines + 1 });
  finish(state, outcome, effects);
}

function finish(state: ReceiverState, outcome: ReceiverOutcome, effects: ReceiverEffect[]): void {
  state.finished = true;
  state.pieces = [];
  state.pieceUnits = 0;
  effects.push({ kind: 'finished', outcome });
}
