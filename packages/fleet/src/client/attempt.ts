import type { ActorRef } from '@drover/actor-core';
import type { FleetConfig } from '../config.ts';
import type { InstanceEvidence } from '../load/load-table.ts';
import type { PendingRequest } from '../load/pending-requests.ts';
import type { InstanceMessage } from '../protocol/instance-message.ts';
import type { SessionMessage } from '../protocol/session-message.ts';
import type { StreamMessage } from '../protocol/stream-message.ts';
import type { ReceiverState } from '../stream/stream-receiver.ts';
import type { HeldAnswer, HostHead } from './host-answer.ts';
import { bodyPart, bodyParts } from './open-request.ts';

/** The parts from which an attempt is created. */
export interface AttemptParts {
  readonly streamId: string;
  readonly evidence: InstanceEvidence;
  readonly instance: ActorRef<InstanceMessage>;
  readonly receiver: ReceiverState;
  readonly pending: PendingRequest;
  /**
   * Largest part of the body in bytes. The same for all parts of an attempt, even if the limit of the server changes
   * meanwhile.
   */
  readonly partBytes: number;
  /** Instant at which another instance is tried if this one has not answered; undefined after that instant. */
  acceptByMs: number | undefined;
}

/** One attempt of a call on one instance. */
export interface Attempt extends AttemptParts {
  /** Receiver of the messages about the stream: the instance until its job is known, then the job. */
  stream: ActorRef<StreamMessage>;
  /** `acceptByMs` was moved once because this process had stalled. */
  stallGraceGiven: boolean;
  head: HostHead | undefined;
  /** True once the attempt is over; its messages are then ignored. */
  ended: boolean;
  /** Instant at which the request was sent. */
  openedAtMs: number;
  /** Health evidence about the host; undefined without evidence. */
  judged: 'well' | 'ill' | undefined;
  /** An error answer that is held back. */
  held: HeldAnswer | undefined;
  /** UTF-16 units of the attempt's incomplete line that `SessionShared.partial` includes. */
  partialUnits: number;
  partsSent: number;
  /** Receiver of the parts sent last: the instance, or the job. */
  partsTo: ActorRef<StreamMessage>;
  partsReceived: number;
  /** The instance has the whole body and may have posted it to Ollama. */
  started: boolean;
  /** True when the instance starts the request only after a claim. */
  asks: boolean;
  /** Instant of the claim on an offered slot; undefined without a claim. */
  claimedAtMs: number | undefined;
}

export function createAttempt(parts: AttemptParts): Attempt {
  return {
    ...parts,
    stream: parts.instance,
    stallGraceGiven: false,
    openedAtMs: Number.NEGATIVE_INFINITY,
    head: undefined,
    ended: false,
    judged: undefined,
    held: undefined,
    partialUnits: 0,
    partsSent: 0,
    partsTo: parts.instance,
    partsReceived: 0,
    started: false,
    asks: false,
    claimedAtMs: undefined,
  };
}

/**
 * Judges the time until the instance answers at all. `due`: another instance may be asked. A timer that fires late
 * shows that this process stalled and the answer may still be unread, so the time is extended once.
 */
export function checkAcceptTime(
  attempt: Attempt,
  nowMs: number,
  { ownStallMs }: Pick<FleetConfig, 'ownStallMs'>,
): 'due' | 'pending' {
  const { acceptByMs, stallGraceGiven } = attempt;
  if (acceptByMs === undefined || nowMs < acceptByMs) return 'pending';
  if (nowMs - acceptByMs >= ownStallMs && !stallGraceGiven) {
    attempt.stallGraceGiven = true;
    attempt.acceptByMs = nowMs + ownStallMs;
    return 'pending';
  }
  attempt.acceptByMs = undefined;
  return 'due';
}

/** Largest number of parts of a body that are sent but not confirmed. */
const partsAhead = 4;

/**
 * Sends a large body a few parts ahead of what was confirmed. The NATS server closes a connection for which it holds
 * too many bytes, so the number of unconfirmed parts must stay small.
 */
export function sendParts(attempt: Attempt, body: Uint8Array): void {
  const { partBytes, streamId, stream } = attempt;
  if (attempt.partsTo !== stream) {
    // A part that is sent to the job directly would overtake the parts that the instance has not forwarded yet.
    if (attempt.partsReceived < attempt.partsSent) return;
    attempt.partsTo = stream;
  }
  const to = Math.min(attempt.partsReceived + partsAhead, bodyParts(body, partBytes));
  for (; attempt.partsSent < to; attempt.partsSent += 1)
    stream.tell(bodyPart(body, partBytes, streamId, attempt.partsSent));
}

/** Messages that an instance sends before it has posted the request to Ollama. */
const beforeStart: ReadonlySet<SessionMessage['kind']> = new Set(['accepted', 'refused', 'parts', 'offer']);

/** The message shows that the instance has the whole body and may have posted it to Ollama. */
export function showsStart(message: SessionMessage): boolean {
  return message.kind === 'beat' ? message.phase !== 'queued' : !beforeStart.has(message.kind);
}

/** The message shows that the request waits in the instance's queue. */
export function showsWait(message: SessionMessage): boolean {
  if (message.kind === 'accepted') return message.position > 0;
  return message.kind === 'beat' && message.phase === 'queued' && message.position > 0;
}
