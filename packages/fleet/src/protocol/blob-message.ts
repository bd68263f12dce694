import type { ActorRef, StreamFrame } from '@drover/actor-core';
import { senderRefSchema } from '@drover/actor-core/cluster';
import { z } from 'zod';

/** Messages to the actor `blobs` of a node-agent. Kinds and fields may be added, never removed. */
export type BlobMessage =
  /** Does this Ollama have the file? */
  | {
      readonly kind: 'has';
      readonly instance: string;
      readonly digest: string;
      readonly replyTo: ActorRef<BlobAnswer>;
    }
  /** Upload the file that `source` streams. */
  | {
      readonly kind: 'upload';
      readonly instance: string;
      readonly digest: string;
      readonly source: ActorRef<BlobSourceMessage>;
      readonly replyTo: ActorRef<BlobAnswer>;
    };

/** Ollama's own status, 502 where it does not answer, 404 for an Ollama that the node does not have. */
export interface BlobAnswer {
  readonly status: number;
  readonly error?: string | undefined;
}

/** Message to the actor that streams one upload, to each of its readers. `reader`: who asks. */
export interface BlobSourceMessage {
  readonly reader: string;
  readonly replyTo: ActorRef<StreamFrame<Uint8Array>>;
}

/** Path of the actor on each node-agent. */
export const blobsPath = 'blobs';
/** Largest part of an upload. */
export const blobPartBytes: number = 128 * 1024;
/** Parts on the way to one reader. */
export const blobWindow = 8;

const digest = z.string().regex(/^sha256[:-][0-9a-fA-F]{64}$/);
const instance = z.string().min(1).max(64);

export const blobMessageSchema: z.ZodType<BlobMessage> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('has'), instance, digest, replyTo: senderRefSchema<BlobAnswer>() }),
  z.object({
    kind: z.literal('upload'),
    instance,
    digest,
    source: senderRefSchema<BlobSourceMessage>(),
    replyTo: senderRefSchema<BlobAnswer>(),
  }),
]);

export const blobSourceSchema: z.ZodType<BlobSourceMessage> = z.object({
  reader: z.string().max(200),
  replyTo: senderRefSchema<StreamFrame<Uint8Array>>(),
});
