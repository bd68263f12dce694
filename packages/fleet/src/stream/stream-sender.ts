/**
 * The sending end of the inner stream: sends the numbered lines of one Ollama request to one session, without loss.
 *
 * Problem: the bus delivers at most once, and the reader may be slow or disconnected, while the connection to Ollama
 * must be read without a pause (an Ollama that cannot write keeps a GPU slot). Approach: every line gets a number and
 * stays in a bounded replay buffer until the receiver confirms it; lines leave only within the receiver's absolute
 * credit; the receiver asks for what it misses. The last message (`end` or `fail`) has a number too (last line + 1), so
 * that its confirmation differs from that of the last line; until it is confirmed it is repeated in place of the beat.
 *
 *   lines ──▶ [ freed | sent, unconfirmed | ready, no credit ] ──▶ chunk … end
 *                    ▲ grant.received      ▲ grant.through
 *
 * A kept stream (`keepMs`) outlives its session: confirmed lines stay while there is room, the upstream is read on, and
 * another session may adopt the stream from its first line. After `keepMs` without a session it ends.
 *
 * Failure cases: buffer full → `reader-too-slow`, upstream aborted, unsent lines are dropped · receiver silent while
 * the bus is connected, or bus disconnected too long → upstream aborted, closed · a freed line is requested →
 * `replay-lost`.
 */
import type { ActorRef } from '@drover/actor-core';
import type { FleetConfig } from '../config.ts';
import type { PassedHeaders } from '../protocol/passed-headers.ts';
import type { FailureCode, SessionMessage, StreamPhase } from '../protocol/session-message.ts';
import type { StreamMessage } from '../protocol/stream-message.ts';
import { ReplayBuffer } from './replay-buffer.ts';

/** Input of the sender. `grant`, `resume` and `cancel` are passed in as they arrived. */
export type SenderEvent =
  | Exclude<StreamMessage, { kind: 'part' }>
  /** The request was queued or started. */
  | {
      readonly kind: 'accept';
      readonly position: number;
      readonly asks?: boolean | undefined;
      readonly etaMs?: number | undefined;
      /** The actor that runs this sending end. */
      readonly job?: ActorRef<StreamMessage> | undefined;
    }
  /** Contents of the next beats. */
  | {
      readonly kind: 'progress';
      readonly phase: StreamPhase;
      readonly position: number;
      readonly etaMs?: number | undefined;
    }
  | {
      readonly kind: 'head';
      readonly status: number;
      readonly contentType: string;
      readonly headers?: PassedHeaders | undefined;
      readonly foreign?: boolean | undefined;
    }
  /** Complete lines without their newline: all lines of one read. */
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  /** Ollama's answer is complete. */
  | { readonly kind: 'end' }
  | { readonly kind: 'fail'; readonly code: FailureCode; readonly message: string }
  | { readonly kind: 'bus'; readonly connected: boolean }
  /** The session of a kept stream has ended. */
  | { readonly kind: 'orphan' }
  /** Another session takes a kept stream over, and gets all of it. */
  | { readonly kind: 'adopt'; readonly streamId: string; readonly grantedThrough: number }
  /** `senderWakeAtMs` is reached. */
  | { readonly kind: 'tick' };

export type SenderEffect =
  /** Data lane, to the session. */
  | { readonly kind: 'send'; readonly message: SessionMessage }
  /** Close Ollama's connection now; further `lines`, `end`, `fail` are ignored. */
  | { readonly kind: 'abort'; readonly code: FailureCode; readonly message: string }
  /** Nothing more will be sent: the caller removes the stream. */
  | { readonly kind: 'closed' };

/** State of one sending end. Owned by its caller, changed in place by `decideSend` alone. */
export interface SenderState {
  streamId: string;
  readonly config: FleetConfig;
  readonly buffer: ReplayBuffer;
  /** 0: the stream ends with its session. */
  readonly keepMs: number;
  /** A kept stream without a session: nothing is sent. */
  orphaned: boolean;
  /** The receiver has confirmed the last message of a kept stream. */
  taken: boolean;
  /** Lines through this number are confirmed. */
  confirmedThrough: number;
  sentThrough: number;
  grantedThrough: number;
  head: Omit<Extract<SenderEvent, { kind: 'head' }>, 'kind'> | undefined;
  headSent: boolean;
  phase: StreamPhase;
  position: number;
  etaMs: number | undefined;
  /** The last message. Set once; afterwards input from Ollama is ignored. */
  ending: Extract<SessionMessage, { kind: 'end' | 'fail' }> | undefined;
  endingSent: boolean;
  connected: boolean;
  connectionChangedAtMs: number;
  /** Start of the receiver's silence: its last message, or later if this end could not receive meanwhile. */
  silentSinceMs: number;
  /** A grace for a stall of this process was given during this silence; reset by the next message. */
  stallGraceGiven: boolean;
  /** Instant of the last message sent. */
  sentAtMs: number;
  closed: boolean;
}

/** @param grantedThrough credit from the `open`; `keepMs` as in the `open` */
export function createSender(
  streamId: string,
  grantedThrough: number,
  config: FleetConfig,
  nowMs: number,
  keepMs = 0,
): SenderState {
  return {
    keepMs,
    orphaned: false,
    taken: false,
    confirmedThrough: 0,
    streamId,
    config,
    buffer: new ReplayBuffer(),
    sentThrough: 0,
    grantedThrough,
    head: undefined,
    headSent: false,
    phase: 'queued',
    position: 0,
    etaMs: undefined,
    ending: undefined,
    endingSent: false,
    connected: true,
    connectionChangedAtMs: nowMs,
    silentSinceMs: nowMs,
    stallGraceGiven: false,
    sentAtMs: nowMs,
    closed: false,
  };
}

/** When the next `tick` is due, by the same clock as `nowMs`. Moves earlier only through an event. */
export function senderWakeAtMs(state: SenderState): number {
  const { config } = state;
  if (!state.connected) return state.connectionChangedAtMs + Math.max(config.busPatienceMs, state.keepMs);
  if (state.orphaned || state.taken) return state.silentSinceMs + state.keepMs;
  return Math.min(state.sentAtMs + config.beatIntervalMs, state.silentSinceMs + config.receiverSilenceMs);
}

/** Handles one event; the effects are to be performed in order. After `closed` every event is ignored. */
export function decideSend(state: SenderState, event: SenderEvent, nowMs: number): SenderEffect[] {
  const effects: SenderEffect[] = [];
  if (state.closed) return effects;
  switch (event.kind) {
    case 'accept':
      state.position = event.position;
      state.etaMs = event.etaMs;
      send(state, accepted(state.streamId, event), nowMs, effects);
      break;
    case 'progress':
      state.phase = event.phase;
      state.position = event.position;
      state.etaMs = event.etaMs;
      break;
    case 'head':
      if (state.ending === undefined) {
        const { kind: _, ...head } = event;
        state.head = head;
      }
      state.phase = 'streaming';
      state.position = 0;
      break;
    case 'lines':
      takeLines(state, event.lines, effects);
      break;
    case 'end':
      state.ending ??= { kind: 'end', streamId: state.streamId, lines: state.buffer.producedThrough };
      break;
    case 'fail':
      endWith(state, event.code, event.message, state.buffer.producedThrough);
      break;
    case 'grant':
      noteReceiver(state, nowMs);
      state.grantedThrough = Math.max(state.grantedThrough, event.through);
      confirm(state, Math.min(event.received, state.sentThrough));
      if (state.endingSent && state.ending !== undefined && event.received > state.ending.lines) {
        if (state.keepMs > 0) state.taken = true;
        else close(state, effects);
      }
      break;
    case 'resume':
      noteReceiver(state, nowMs);
      resume(state, event.from, effects);
      break;
    case 'cancel':
      abort(state, 'cancelled', event.reason, effects);
      close(state, effects);
      break;
    case 'bus':
      connectionChanged(state, event.connected, nowMs, effects);
      break;
    case 'orphan':
      if (state.keepMs === 0) close(state, effects);
      else if (!state.orphaned) orphan(state, nowMs);
      break;
    case 'adopt':
      adopt(state, event, nowMs, effects);
      break;
    case 'tick':
      tick(state, nowMs, effects);
      break;
  }
  pump(state, nowMs, effects);
  return effects;
}

/** A session that was only silent is back. It asks for what it misses. */
function noteReceiver(state: SenderState, nowMs: number): void {
  state.orphaned = false;
  state.silentSinceMs = nowMs;
  state.stallGraceGiven = false;
}

function confirm(state: SenderState, through: number): void {
  state.confirmedThrough = Math.max(state.confirmedThrough, through);
  if (state.keepMs === 0) state.buffer.freeThrough(through);
}

function orphan(state: SenderState, nowMs: number): void {
  state.orphaned = true;
  state.silentSinceMs = nowMs;
}

/** The new session begins with the first line. Lines that have left the buffer end the stream with `replay-lost`. */
function adopt(
  state: SenderState,
  { streamId, grantedThrough }: Extract<SenderEvent, { kind: 'adopt' }>,
  nowMs: number,
  effects: SenderEffect[],
): void {
  state.streamId = streamId;
  if (state.ending !== undefined) state.ending = { ...state.ending, streamId };
  noteReceiver(state, nowMs);
  state.orphaned = false;
  state.taken = false;
  state.confirmedThrough = 0;
  state.grantedThrough = grantedThrough;
  resume(state, 1, effects);
}

/** Sends everything that the credit allows: head, then lines in chunks, then `end` or `fail`. */
function pump(state: SenderState, nowMs: number, effects: SenderEffect[]): void {
  if (state.closed || !state.connected || state.orphaned || state.taken) return;
  const { streamId, buffer, config } = state;
  if (state.head !== undefined && !state.headSent) {
    state.headSent = true;
    send(state, { kind: 'head', streamId, ...state.head }, nowMs, effects);
  }
  const through = Math.min(state.grantedThrough, buffer.producedThrough);
  while (state.sentThrough < through) {
    const first = state.sentThrough + 1;
    const { lines, continues } = buffer.run(first, through, config.chunkBytes);
    state.sentThrough += lines.length;
    const chunk: SessionMessage = continues
      ? { kind: 'chunk', streamId, first, lines, continues }
      : { kind: 'chunk', streamId, first, lines };
    send(state, chunk, nowMs, effects);
  }
  if (state.ending !== undefined && !state.endingSent && state.sentThrough >= state.ending.lines) {
    state.endingSent = true;
    send(state, state.ending, nowMs, effects);
  }
}

function send(state: SenderState, message: SessionMessage, nowMs: number, effects: SenderEffect[]): void {
  if (!state.connected) return;
  state.sentAtMs = nowMs;
  effects.push({ kind: 'send', message });
}

function takeLines(state: SenderState, lines: readonly string[], effects: SenderEffect[]): void {
  const { buffer } = state;
  for (const line of lines) {
    if (state.ending !== undefined) return;
    if (isFull(state)) buffer.freeThrough(state.confirmedThrough);
    if (isFull(state)) {
      // Unsent lines are dropped, so that a reader this slow does not hold megabytes until its deadline.
      buffer.dropAfter(state.sentThrough);
      const message = `the reader fell ${buffer.heldLines} lines behind and the replay buffer is full`;
      abort(state, 'reader-too-slow', message, effects);
      return;
    }
    addLine(state, line, effects);
  }
}

function isFull({ buffer, config }: SenderState): boolean {
  return buffer.heldLines >= config.replayBufferLines || buffer.heldBytes >= config.replayBufferBytes;
}

/** Adds one line, in pieces if it does not fit a chunk: NATS refuses large messages, and embeddings are large. */
function addLine(state: SenderState, line: string, effects: SenderEffect[]): void {
  const { buffer, config } = state;
  const bytes = Buffer.byteLength(line);
  if (bytes > config.maxLineBytes) {
    abort(
      state,
      'bad-upstream',
      `Ollama sent a line of ${bytes} bytes; ${config.maxLineBytes} is the most`,
      effects,
    );
    return;
  }
  if (bytes <= config.chunkBytes) {
    buffer.add(line, bytes);
    return;
  }
  // A UTF-16 unit is at most 3 bytes of UTF-8.
  const pieceUnits = Math.max(2, Math.floor(config.chunkBytes / 3));
  for (let from = 0; from < line.length; ) {
    let to = Math.min(from + pieceUnits, line.length);
    // A cut between the halves of a surrogate pair would destroy the character in UTF-8.
    if (to < line.length && isLowSurrogate(line.charCodeAt(to))) to -= 1;
    const piece = line.slice(from, to);
    buffer.add(piece, Buffer.byteLength(piece), to < line.length);
    from = to;
  }
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function resume(state: SenderState, from: number, effects: SenderEffect[]): void {
  state.headSent = false;
  state.endingSent = false;
  if (from > state.buffer.freedThrough) {
    state.sentThrough = Math.min(state.sentThrough, from - 1);
    return;
  }
  const have = Math.max(0, from - 1);
  const message = `line ${from} was requested again, but lines through ${state.buffer.freedThrough} have left the replay buffer`;
  if (state.ending === undefined) effects.push({ kind: 'abort', code: 'replay-lost', message });
  state.ending = { kind: 'fail', streamId: state.streamId, lines: have, code: 'replay-lost', message };
  state.buffer.dropAfter(state.buffer.freedThrough);
  state.sentThrough = state.buffer.producedThrough;
}

function connectionChanged(
  state: SenderState,
  connected: boolean,
  nowMs: number,
  effects: SenderEffect[],
): void {
  if (state.connected === connected) return;
  state.connected = connected;
  state.connectionChangedAtMs = nowMs;
  if (!connected) return;
  state.silentSinceMs = nowMs;
  // Messages on their way at the disconnect may be lost: repeat `head` and `end` or `fail`, and send the number of the
  // next line.
  state.headSent = false;
  state.endingSent = false;
  send(state, beat(state), nowMs, effects);
}

function tick(state: SenderState, nowMs: number, effects: SenderEffect[]): void {
  const { config } = state;
  const graceSinceMs = nowMs + config.ownStallMs - config.receiverSilenceMs;
  if (
    !state.stallGraceGiven &&
    nowMs - senderWakeAtMs(state) >= config.ownStallMs &&
    graceSinceMs > state.silentSinceMs
  ) {
    state.stallGraceGiven = true;
    state.silentSinceMs = graceSinceMs;
  }
  if (!state.connected) {
    const patienceMs = Math.max(config.busPatienceMs, state.keepMs);
    if (nowMs - state.connectionChangedAtMs < patienceMs) return;
    abort(state, 'cancelled', `NATS was disconnected for ${patienceMs} ms`, effects);
    close(state, effects);
  } else if (state.orphaned || state.taken) {
    if (nowMs - state.silentSinceMs < state.keepMs) return;
    abort(state, 'cancelled', `nobody came for the answer for ${state.keepMs} ms`, effects);
    close(state, effects);
  } else if (state.keepMs > 0 && nowMs - state.silentSinceMs >= config.receiverSilenceMs) {
    orphan(state, nowMs);
  } else if (nowMs - state.silentSinceMs >= config.receiverSilenceMs) {
    const message = `the reader was silent for ${config.receiverSilenceMs} ms`;
    abort(state, 'cancelled', message, effects);
    // The receiver may be alive after all. Then this `fail` ends the stream there at once: it names line 0, which a
    // receiver accepts in any state.
    send(
      state,
      { kind: 'fail', streamId: state.streamId, lines: 0, code: 'cancelled', message },
      nowMs,
      effects,
    );
    close(state, effects);
  } else if (nowMs - state.sentAtMs >= config.beatIntervalMs) {
    if (state.endingSent) state.endingSent = false;
    else send(state, beat(state), nowMs, effects);
  }
}

function accepted(
  streamId: string,
  { position, asks, etaMs, job }: Extract<SenderEvent, { kind: 'accept' }>,
): SessionMessage {
  return {
    kind: 'accepted',
    streamId,
    position,
    ...(asks === true && { asks }),
    ...(position > 0 && etaMs !== undefined && { etaMs }),
    ...(job !== undefined && { job }),
  };
}

function beat(state: SenderState): SessionMessage {
  const { streamId, phase, position, etaMs } = state;
  const known = phase === 'queued' && etaMs !== undefined ? { etaMs } : {};
  return { kind: 'beat', streamId, next: state.sentThrough + 1, phase, position, ...known };
}

/** Stops the upstream unless it has ended, and ends the stream as failed after the lines that were sent or are held. */
function abort(state: SenderState, code: FailureCode, message: string, effects: SenderEffect[]): void {
  if (state.ending !== undefined) return;
  endWith(state, code, message, state.buffer.producedThrough);
  effects.push({ kind: 'abort', code, message });
}

function endWith(state: SenderState, code: FailureCode, message: string, lines: number): void {
  state.ending ??= { kind: 'fail', streamId: state.streamId, lines, code, message };
}

function close(state: SenderState, effects: SenderEffect[]): void {
  state.closed = true;
  state.buffer.freeThrough(state.buffer.producedThrough);
  effects.push({ kind: 'closed' });
}
