import type { ActorRef } from '@drover/actor-core';
import type { FailureCode, RefusalCode, SessionMessage, StreamMessage } from '@drover/fleet';
import type { Lesson } from '../silence/learnt-speeds.ts';
import type { RequestShape } from '../silence/request-shape.ts';

/** Messages to a job: from its session about the stream, and from its own node. */
export type JobMessage =
  | StreamMessage
  /** The job has a slot: post the request, or post it again after a withdrawal. */
  | { readonly kind: 'start' }
  /** Queue position (1: next) and expected wait. */
  | { readonly kind: 'position'; readonly position: number; readonly etaMs: number }
  /** The job did not get a slot at once. `asks`: a slot is offered to its session before the job is started. */
  | {
      readonly kind: 'waits';
      readonly position: number;
      readonly etaMs: number;
      readonly asks: boolean;
    }
  /** A slot is held for the job until its session answers. */
  | { readonly kind: 'offer'; readonly offer: number }
  /** The request is refused; nothing of it ran. */
  | {
      readonly kind: 'refuse';
      readonly code: RefusalCode;
      readonly message: string;
      readonly retryAfterMs: number;
    }
  /** End the stream in any phase. */
  | { readonly kind: 'give-up'; readonly code: FailureCode; readonly message: string }
  /**
   * Close Ollama's connection but keep the slot, since the model is about to be unloaded. Ignored after the first byte.
   */
  | { readonly kind: 'withdraw' }
  /**
   * The instance judged the silent request as stuck: Ollama will never answer it. `sinceMs` identifies the judged
   * silence; the message is ignored if a byte has arrived since.
   */
  | { readonly kind: 'stuck'; readonly sinceMs: number; readonly message: string }
  /** The answer reader has new bytes. */
  | { readonly kind: 'answer' }
  | { readonly kind: 'bus'; readonly connected: boolean }
  /** Another session takes a kept stream over. */
  | {
      readonly kind: 'adopt';
      readonly streamId: string;
      readonly grantedThrough: number;
      readonly replyTo: ActorRef<SessionMessage>;
    }
  | { readonly kind: 'wake' };

/** Messages of a job to its instance. */
export type JobReport =
  /** All parts of the body have arrived: the job may get a slot. */
  | { readonly kind: 'job-ready'; readonly streamId: string }
  /**
   * The first byte has arrived. `loads`: the answer shows that the model is loaded now and stays loaded. `reloaded`: it
   * is the first one with its runner options.
   */
  | {
      readonly kind: 'job-answered';
      readonly streamId: string;
      readonly loads: boolean;
      readonly reloaded: boolean;
    }
  | SilentJob
  | { readonly kind: 'job-withdrew'; readonly streamId: string }
  /** The job has left queue and slot: Ollama's connection is closed or its answer is complete. Sent once. */
  | { readonly kind: 'job-left'; readonly streamId: string; readonly outcome: JobOutcome };

/** Ollama is silent: the instance judges whether the model works. Repeated every `silenceLookMs`. */
export interface SilentJob {
  readonly kind: 'job-silent';
  readonly streamId: string;
  /** Instant of the post or of the last byte of the answer; clock milliseconds. */
  readonly sinceMs: number;
  /** A byte of the answer has arrived. */
  readonly answered: boolean;
  readonly shape: RequestShape;
}

/** Evidence about the host from an error answer. */
export interface HostRefusal {
  readonly subject: 'model' | 'instance';
  readonly reason: string;
}

export interface JobOutcome {
  /**
   * `rejected`: the request could harm Ollama, so the node-agent answered it · `refused`: with the code that the
   * session got.
   */
  readonly how: 'completed' | 'rejected' | FailureCode | { readonly refused: RefusalCode };
  /** Time from the post to the end; 0 if the request was not posted. */
  readonly upstreamMs: number;
  readonly lines: number;
  /** The connection was closed while Ollama may have been writing, which can make Ollama lose the slot. */
  readonly leftWhileAnswered: boolean;
  /** Speed figures of a complete answer. */
  readonly lesson: Lesson | undefined;
  /** Ollama answered with an error that concerns the host: see `readRefusal`. */
  readonly refusal: HostRefusal | undefined;
  /** Error text without addresses; empty for a success. */
  readonly detail: string;
  /** The server at the address is not an Ollama. */
  readonly nonsense: boolean;
  readonly setsKeepAlive: boolean;
}
