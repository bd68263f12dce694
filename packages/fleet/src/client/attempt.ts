import type { ActorRef } from '@drover/actor-core';
import type { InstanceMessage } from '../protocol/instance-message.ts';
import type { SessionMessage } from '../protocol/session-message.ts';
import type { InstanceEvidence } from '../load/load-table.ts';
import type { StreamMessage } from '../protocol/stream-message.ts';
import type { PendingRequest } from '../load/pending-requests.ts';
import type { ReceiverState } from '../stream/stream-receiver.ts';
import type { AttemptEnding } from './decision-log.ts';
import type { HostHead, KeptAnswer } from './host-answer.ts';
import { bodyPart, bodyParts } from './open-request.ts';

/** One try of a call on one instance. */
export interface Attempt {
  readonly streamId: string;
  readonly evidence: InstanceEvidence;
  readonly instance: ActorRef<InstanceMessage>;
  /** Receiver of the messages about the stream: the instance until its job is known, then the job. */
  stream: ActorRef<StreamMessage>;
  readonly receiver: ReceiverState;
  readonly pending: PendingRequest;
  /** Largest part of the body; one size for all parts of an attempt, though the server may change meanwhile. */
  readonly partBytes: number;
  /** When to look for another instance if nothing was heard; undefined once looked. */
  acceptByMs: number | undefined;
  /** That was put off once, since this process stood still. */
  stallForgiven: boolean;
  head: HostHead | undefined;
  /** Outcome of the attempt, for `why`; undefined while the attempt runs. */
  ending: AttemptEnding | undefined;
  /** When it was sent. */
  openedAtMs: number;
  /** Health evidence about the host; undefined for none so far. */
  judged: 'well' | 'ill' | undefined;
  /** An error answer, while it is held back. */
  kept: KeptAnswer | undefined;
  /** Of its pieces of a long line, what is counted in `SessionShared.partial`. */
  partialUnits: number;
  partsSent: number;
  /** Receiver of the parts sent last: the instance, or the job. */
  partsTo: ActorRef<StreamMessage>;
  partsReceived: number;
  /** The instance has the whole body: it said something that it says only then. */
  started: boolean;
  /** True when the instance starts the request only after a claim. */
  asks: boolean;
  /** Instant of the claim on an offered slot; undefined without a claim. */
  claimedAtMs: number | undefined;
}

export function createAttempt(
  streamId: string,
  evidence: InstanceEvidence,
  instance: ActorRef<InstanceMessage>,
  pending: PendingRequest,
  receiver: ReceiverState,
  acceptByMs: number,
  partBytes: number,
): Attempt {
  return {
    streamId,
    evidence,
    instance,
    stream: instance,
    receiver,
    pending,
    acceptByMs,
    partBytes,
    stallForgiven: false,
    openedAtMs: Number.NEGATIVE_INFINITY,
    head: undefined,
    ending: undefined,
    judged: undefined,
    kept: undefined,
    partialUnits: 0,
    partsSent: 0,
    partsTo: instance,
    partsReceived: 0,
    started: false,
    asks: false,
    claimedAtMs: undefined,
  };
}

/** Parts of a body under way at most. */
const partsAhead = 4;

/**
 * Sends a large body a few parts ahead of what arrived. The server drops a connection for which it holds too much, so
 * that the sum over all requests to a slow node must stay small.
 */
export function sendParts(attempt: Attempt, body: Uint8Array): void {
  const { partBytes, streamId, stream } = attempt;
  if (attempt.partsTo !== stream) {
    // A part that goes straight to the job would overtake those that the instance has not forwarded yet.
    if (attempt.partsReceived < attempt.partsSent) return;
    attempt.partsTo = stream;
  }
  const to = Math.min(attempt.partsReceived + partsAhead, bodyParts(body, partBytes));
  for (; attempt.partsSent < to; attempt.partsSent += 1)
    stream.tell(bodyPart(body, partBytes, streamId, attempt.partsSent));
}

/** Messages that an instance sends before it has posted the request to Ollama. */
const saidBefore: ReadonlySet<SessionMessage['kind']> = new Set(['accepted', 'refused', 'parts', 'offer']);

/** The whole body is there, and Ollama may have been asked. */
export function saysThatItRan(message: SessionMessage): boolean {
  return message.kind === 'beat' ? message.phase !== 'queued' : !saidBefore.has(message.kind);
}

/** It stands in the instance's queue. */
export function saysThatItWaits(message: SessionMessage): boolean {
  if (message.kind === 'accepted') return message.position > 0;
  return message.kind === 'beat' && message.phase === 'queued' && message.position > 0;
}
