import type { ActorRef } from '@drover/actor-core';
import { senderRefSchema } from '@drover/actor-core/cluster';
import { wireStrings } from '@drover/actor-core/internal';
import { z } from 'zod';
import { type PassedHeaders, passedHeadersSchema } from './passed-headers.ts';
import type { StreamMessage } from './stream-message.ts';
import { withShortcut } from './with-shortcut.ts';

/**
 * Messages of an instance, or of its job, to the fleet session that opened a stream. All of them travel on the data
 * lane and arrive in the order sent, so a gap means loss. Kinds and fields may be added to the protocol, never removed.
 */
export type SessionMessage =
  /**
   * The request is queued, or runs (`position` 0). `asks`: the instance starts the request only after an `offer` and a
   * `claim`, so that the session can wait at other instances too. `etaMs`: expected wait. `job`: the actor to which the
   * session sends all later messages about the stream. Older node-agents do not send `job`, and older sessions send to
   * the instance, which forwards the messages.
   */
  | {
      readonly kind: 'accepted';
      readonly streamId: string;
      readonly position: number;
      readonly asks?: boolean | undefined;
      readonly etaMs?: number | undefined;
      readonly job?: ActorRef<StreamMessage> | undefined;
    }
  /**
   * Offers a free slot to the request that is first in the queue. The session answers within `offerMs`: with `claim`
   * (this instance has the body), `open` (it does not), `pass` or `cancel`. Without an answer the slot goes to the next
   * request.
   */
  | { readonly kind: 'offer'; readonly streamId: string; readonly offer: number }
  /** Parts of the body that arrived in order; repeated every second while more are missing. */
  | { readonly kind: 'parts'; readonly streamId: string; readonly received: number }
  /** The node-agent refused the request: nothing ran, another instance may be tried. */
  | {
      readonly kind: 'refused';
      readonly streamId: string;
      readonly code: RefusalCode;
      readonly message: string;
      readonly retryAfterMs: number;
    }
  /** Status and headers of Ollama's answer. Ollama sends them with the first token, not earlier. */
  | {
      readonly kind: 'head';
      readonly streamId: string;
      readonly status: number;
      readonly contentType: string;
      /** The headers of `passedHeaders` that Ollama sent; absent if Ollama sent none of them. */
      readonly headers?: PassedHeaders | undefined;
      /** The error came from a proxy in front of Ollama; the node-agent wrote the error line. */
      readonly foreign?: boolean | undefined;
    }
  /**
   * Lines `first`, `first + 1`, …: complete NDJSON lines without their newline, or for a single JSON answer one "line"
   * with the whole body. A line too long for one chunk travels in pieces, each with its own number: `continues`: the
   * next number continues the last entry.
   */
  | {
      readonly kind: 'chunk';
      readonly streamId: string;
      readonly first: number;
      readonly lines: readonly string[];
      readonly continues?: boolean | undefined;
    }
  /**
   * Sign of life after a second without any other message. `next`: number of the next line to be sent; lines are lost
   * if it is higher than the receiver expects.
   */
  | {
      readonly kind: 'beat';
      readonly streamId: string;
      readonly next: number;
      readonly phase: StreamPhase;
      readonly position: number;
      /** Expected wait while the request is queued, milliseconds. */
      readonly etaMs?: number | undefined;
    }
  /**
   * The answer is complete with lines 1 to `lines`. `end` and `fail` are repeated every second until a `grant`
   * confirms them with `received` = `lines` + 1.
   */
  | { readonly kind: 'end'; readonly streamId: string; readonly lines: number }
  /** The stream broke after it was accepted; lines 1 to `lines` come before this message. */
  | {
      readonly kind: 'fail';
      readonly streamId: string;
      readonly lines: number;
      readonly code: FailureCode;
      readonly message: string;
    };

/** `queued`: waits for a slot · `waiting`: inside Ollama, no byte yet (load or prefill) · `streaming`: tokens flow. */
export type StreamPhase = 'queued' | 'waiting' | 'streaming';

/**
 * `queue-full` · `draining` · `model-missing`: this instance does not list the model · `instance-down`: Ollama does not
 * answer · `bad-request`: the body is incomplete or too large.
 */
export type RefusalCode = 'queue-full' | 'draining' | 'model-missing' | 'instance-down' | 'bad-request';

/**
 * `upstream-lost`: the connection to Ollama broke · `upstream-stalled`: no progress within the deadline · `deadline` ·
 * `replay-lost`: a requested line has left the replay buffer · `reader-too-slow`: the buffer is full · `bad-upstream`:
 * Ollama's answer does not follow its protocol, or was closed normally but without `done: true` · `cancelled`.
 */
export type FailureCode =
  | 'upstream-lost'
  | 'upstream-stalled'
  | 'deadline'
  | 'replay-lost'
  | 'reader-too-slow'
  | 'bad-upstream'
  | 'cancelled';

const maxStreamIdChars = 64;
const streamId = z.string().min(1).max(maxStreamIdChars);
const count = z.number().int().min(0);

const anySessionMessage: z.ZodType<SessionMessage> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('accepted'),
    streamId,
    position: count,
    asks: z.boolean().optional(),
    etaMs: z.number().min(0).optional(),
    job: senderRefSchema<StreamMessage>().optional(),
  }),
  z.object({ kind: z.literal('offer'), streamId, offer: z.number().int().positive() }),
  z.object({ kind: z.literal('parts'), streamId, received: count }),
  z.object({
    kind: z.literal('refused'),
    streamId,
    code: z.enum(['queue-full', 'draining', 'model-missing', 'instance-down', 'bad-request']),
    message: z.string(),
    retryAfterMs: count,
  }),
  z.object({
    kind: z.literal('head'),
    streamId,
    status: z.number().int(),
    contentType: z.string(),
    headers: passedHeadersSchema.optional(),
    foreign: z.boolean().optional(),
  }),
  z.object({
    kind: z.literal('chunk'),
    streamId,
    first: count,
    lines: wireStrings,
    continues: z.boolean().optional(),
  }),
  z.object({
    kind: z.literal('beat'),
    streamId,
    next: count,
    phase: z.enum(['queued', 'waiting', 'streaming']),
    position: count,
    etaMs: z.number().min(0).optional(),
  }),
  z.object({ kind: z.literal('end'), streamId, lines: count }),
  z.object({
    kind: z.literal('fail'),
    streamId,
    lines: count,
    code: z.enum([
      'upstream-lost',
      'upstream-stalled',
      'deadline',
      'replay-lost',
      'reader-too-slow',
      'bad-upstream',
      'cancelled',
    ]),
    message: z.string(),
  }),
]);

/** The protocol of a session. A chunk, which comes for every token, is checked without a schema. */
export const sessionMessageSchema: z.ZodType<SessionMessage> = withShortcut(anySessionMessage, isChunk);

function isChunk(value: unknown): value is Extract<SessionMessage, { kind: 'chunk' }> {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, streamId: id, first, lines, continues } = value as Record<string, unknown>;
  return (
    kind === 'chunk' &&
    typeof id === 'string' &&
    id.length > 0 &&
    id.length <= maxStreamIdChars &&
    Number.isSafeInteger(first) &&
    (first as number) >= 0 &&
    Array.isArray(lines) &&
    lines.every((line) => typeof line === 'string') &&
    (continues === undefined || typeof continues === 'boolean')
  );
}
