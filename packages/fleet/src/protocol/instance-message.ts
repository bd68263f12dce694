import type { ActorRef } from '@drover/actor-core';
import { actorRefSchema } from '@drover/actor-core/cluster';
import { z } from 'zod';
import type { ModelListing } from './model-listing.ts';
import type { SessionMessage } from './session-message.ts';
import { type SignedPrincipal, signedPrincipalSchema } from './signed-principal.ts';
import { type StreamMessage, streamMessageSchema } from './stream-message.ts';
import { maxKeepMs, type StreamOpen } from './stream-open.ts';

/**
 * Messages of a fleet client to an instance actor (`instances/{name}` on a node-agent). `open` and `part` travel on the
 * data lane, all other messages on the control lane. The instance forwards a `StreamMessage` to the job of the stream.
 * Kinds and fields may be added to the protocol, never removed.
 */
export type InstanceMessage =
  | { readonly kind: 'open'; readonly open: StreamOpen; readonly replyTo: ActorRef<SessionMessage> }
  | StreamMessage
  /**
   * Reserves a place in the queue, ordered by age, for a request whose body is at another instance. Must be repeated at
   * least every `reserveIntervalMs`, or the place expires. `streamId`: the stream id of the `open` that will use the
   * place. If the request with this `streamId` waits at this instance with its body, the instance must from now on
   * offer it a slot before starting it.
   */
  | {
      readonly kind: 'reserve';
      readonly streamId: string;
      readonly model: string;
      readonly priority: number;
      readonly waitedMs: number;
      readonly places: number;
      readonly serviceMs?: number | undefined;
      /** Proves whose request it is. Absent in requests of 0.3.0. */
      readonly principal?: SignedPrincipal | undefined;
      readonly replyTo: ActorRef<SessionMessage>;
    }
  /**
   * Takes the offered slot for a request whose body is at this instance. If the body is not there, the session sends
   * `open` instead.
   */
  | { readonly kind: 'claim'; readonly streamId: string; readonly offer: number }
  /** Declines the offered slot for now, and keeps the place. */
  | { readonly kind: 'pass'; readonly streamId: string; readonly offer: number }
  /** Asks whether a request with `keepMs` of that principal is here, whose session may have ended. */
  | {
      readonly kind: 'find';
      readonly requestId: string;
      /** Absent where the asker signs nothing. */
      readonly principal?: SignedPrincipal | undefined;
      readonly tenant: string;
      readonly replyTo: ActorRef<FoundStream>;
    }
  /** Sends the answer of that request from its first line on to this session, and to no other any more. */
  | {
      readonly kind: 'adopt';
      readonly streamId: string;
      /** Id of the stream from now on, so that messages of the session before have no effect. */
      readonly as: string;
      readonly principal?: SignedPrincipal | undefined;
      readonly tenant: string;
      readonly grantedThrough: number;
      readonly replyTo: ActorRef<SessionMessage>;
    }
  /**
   * Asks for Ollama's own list of models as of the last probe. With `fresh`, the node-agent first asks Ollama which
   * models are loaded now.
   */
  | {
      readonly kind: 'describe';
      readonly replyTo: ActorRef<ModelListing>;
      readonly fresh?: boolean | undefined;
      /** Index of the first tag wanted. @default 0 */
      readonly from?: number | undefined;
    };

/** The answer to `find`: the stream of the request; absent where there is none. */
export interface FoundStream {
  readonly kind: 'found';
  readonly streamId?: string | undefined;
}

/** @default 1_000 */
export const reserveIntervalMs: number = 1_000;

const streamId = z.string().min(1).max(64);
const tenant = z.string().max(128);
const requestId = z.string().min(1).max(128);
const lineNumber = z.number().int().min(0);
const bytes = z.instanceof(Uint8Array);
const waited = z.number().min(0);
const places = z.number().int().positive();
const offer = z.number().int().positive();

const streamOpenSchema = z.object({
  streamId,
  requestId,
  tenant,
  principal: signedPrincipalSchema.optional(),
  priority: z.number(),
  route: z.enum(['chat', 'generate', 'embed', 'embeddings', 'show']),
  model: z.string().max(512),
  waitedMs: waited.optional(),
  places: places.optional(),
  serviceMs: waited.optional(),
  timeoutMs: z.number().positive(),
  firstByteTimeoutMs: z.number().positive().optional(),
  interTokenTimeoutMs: z.number().positive().optional(),
  body: bytes.optional(),
  bodyBytes: z.number().int().positive().optional(),
  keepMs: z.number().positive().max(maxKeepMs).optional(),
  grantedThrough: lineNumber,
});

const ownMessageSchema: z.ZodType<Exclude<InstanceMessage, StreamMessage>> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open'), open: streamOpenSchema, replyTo: actorRefSchema<SessionMessage>() }),
  z.object({
    kind: z.literal('reserve'),
    streamId,
    model: z.string().max(512),
    priority: z.number(),
    waitedMs: waited,
    places,
    serviceMs: waited.optional(),
    principal: signedPrincipalSchema.optional(),
    replyTo: actorRefSchema<SessionMessage>(),
  }),
  z.object({ kind: z.literal('claim'), streamId, offer }),
  z.object({ kind: z.literal('pass'), streamId, offer }),
  z.object({
    kind: z.literal('find'),
    requestId,
    principal: signedPrincipalSchema.optional(),
    tenant,
    replyTo: actorRefSchema<FoundStream>(),
  }),
  z.object({
    kind: z.literal('adopt'),
    streamId,
    as: streamId,
    principal: signedPrincipalSchema.optional(),
    tenant,
    grantedThrough: lineNumber,
    replyTo: actorRefSchema<SessionMessage>(),
  }),
  z.object({
    kind: z.literal('describe'),
    replyTo: actorRefSchema<ModelListing>(),
    fresh: z.boolean().optional(),
    from: lineNumber.optional(),
  }),
]);

export const foundStreamSchema: z.ZodType<FoundStream> = z.object({
  kind: z.literal('found'),
  streamId: streamId.optional(),
});

export const instanceMessageSchema: z.ZodType<InstanceMessage> = z.union([
  ownMessageSchema,
  streamMessageSchema,
]);

/** Path of an instance's actor on its node. */
export function instancePath(instance: string): string {
  return `instances/${instance}`;
}
