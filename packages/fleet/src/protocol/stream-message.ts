import { z } from 'zod';

/**
 * Messages of a fleet session about an opened stream. They go to the instance until its job is known, and then to the
 * job (`accepted.job`). `part` travels on the data lane, the others on the control lane. Kinds and fields may be added
 * to the protocol, never removed.
 */
export type StreamMessage =
  /** The body's next piece; `index` counts from 0. Sent at most `partsAhead` beyond what `parts` confirmed. */
  | {
      readonly kind: 'part';
      readonly streamId: string;
      readonly index: number;
      readonly last: boolean;
      readonly bytes: Uint8Array;
    }
  /**
   * Credit: the sender may send the lines up to number `through`. The lines up to `received` have arrived and may leave
   * the replay buffer (`end` or `fail` counts as the line after the last one). Both are absolute, so that the next
   * grant repairs the loss of one. Repeated at least every `grantIntervalMs` as the receiver's sign of life; a silence
   * of the receiver for `receiverSilenceMs` cancels the stream.
   */
  | { readonly kind: 'grant'; readonly streamId: string; readonly through: number; readonly received: number }
  /** Lines are missing: send again from line `from`, or `fail` with `replay-lost`. */
  | { readonly kind: 'resume'; readonly streamId: string; readonly from: number }
  /** The client has disconnected or the deadline has passed: close the connection to Ollama now. */
  | { readonly kind: 'cancel'; readonly streamId: string; readonly reason: string };

/** @default 1_000 */
export const grantIntervalMs: number = 1_000;
/** @default 6_000 */
export const receiverSilenceMs: number = 6_000;

const streamId = z.string().min(1).max(64);
const lineNumber = z.number().int().min(0);

const part = z.object({
  kind: z.literal('part'),
  streamId,
  index: lineNumber,
  last: z.boolean(),
  bytes: z.instanceof(Uint8Array),
});
const grant = z.object({ kind: z.literal('grant'), streamId, through: lineNumber, received: lineNumber });
const resume = z.object({ kind: z.literal('resume'), streamId, from: lineNumber });
const cancel = z.object({ kind: z.literal('cancel'), streamId, reason: z.string().max(200) });

export const streamMessageSchema: z.ZodType<StreamMessage> = z.discriminatedUnion('kind', [
  part,
  grant,
  resume,
  cancel,
]);
