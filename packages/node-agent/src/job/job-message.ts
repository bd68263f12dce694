import type { FailureCode, RefusalCode, StreamMessage } from '@drover/fleet';
import type { Lesson } from '../silence/learnt-speeds.ts';
import type { RequestShape } from '../silence/request-shape.ts';

/** What a job hears: its stream's messages as they came from the wire, and its instance. */
export type JobMessage =
  | StreamMessage
  /** A slot is yours: post the request (again, after a withdrawal). */
  | { readonly kind: 'start' }
  /** Queue position, 1 = next, and expected wait. */
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
  /** It will not run here. Nothing ran yet. */
  | {
      readonly kind: 'refuse';
      readonly code: RefusalCode;
      readonly message: string;
      readonly retryAfterMs: number;
    }
  /** End it now, whatever it is doing. */
  | { readonly kind: 'give-up'; readonly code: FailureCode; readonly message: string }
  /** Leave Ollama for a moment but keep the slot: the model is about to be unloaded. Ignored once a byte came. */
  | { readonly kind: 'withdraw' }
  /**
   * The silence was judged as stuck: Ollama will never answer. `sinceMs` identifies the judged silence; ignored if a byte
   * has arrived since.
   */
  | { readonly kind: 'stuck'; readonly sinceMs: number; readonly message: string }
  /** The answer reader has news. */
  | { readonly kind: 'answer' }
  | { readonly kind: 'bus'; readonly connected: boolean }
  | { readonly kind: 'wake' };

/** What a job tells its instance. */
export type JobReport =
  /** The body, which came in parts, is whole: the job may be given a slot. */
  | { readonly kind: 'job-ready'; readonly streamId: string }
  /** Its first byte came. `loads`: the answer shows that the model is loaded now, and is to stay so. */
  | { readonly kind: 'job-answered'; readonly streamId: string; readonly loads: boolean }
  | SilentJob
  | { readonly kind: 'job-withdrew'; readonly streamId: string }
  /** Out of queue and slot, once: Ollama's connection is closed or its answer is over. The job may linger. */
  | { readonly kind: 'job-left'; readonly streamId: string; readonly outcome: JobOutcome };

/** Ollama has been silent for a while: is the model working? Repeated every `silenceLookMs`. */
export interface SilentJob {
  readonly kind: 'job-silent';
  readonly streamId: string;
  /** When the request was posted, or the last byte of its answer came; clock milliseconds. */
  readonly sinceMs: number;
  /** A byte of the answer came. */
  readonly answered: boolean;
  readonly shape: RequestShape;
}

/** Evidence about the host from an error answer. */
export interface HostRefusal {
  readonly subject: 'model' | 'instance';
  readonly reason: string;
}

export interface JobOutcome {
  /** `rejected`: answered here, as harmful · `refused`: with the code that the session got. */
  readonly how: 'completed' | 'rejected' | FailureCode | { readonly refused: RefusalCode };
  /** 0 if it was never posted. */
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
  /** What answers there is not an Ollama. */
  readonly nonsense: boolean;
  readonly setsKeepAlive: boolean;
}
