import { Packr, Unpackr } from 'msgpackr';
import { z } from 'zod';
import type { KeyOperation, KeyWriteOutcome } from './decide-key-write.ts';
import type { Policy } from './policy.ts';
import type { StoredValue } from './stored-value.ts';
import { decodeMeta, encodeMeta } from './value-meta.ts';

/*
 * Changes of a hot key, from the node of their caller to the node that writes the key, and the outcomes. On the wire
 * `[1, request]` and `[1, outcomes]`, with fields that are only added.
 */

/** Changes of one key, in the order of their calls. */
export interface OwnerRequest {
  /** Unique to the request: a copy of it, made on the way, changes nothing. */
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  /** Revision of the key that the callers may have seen; undefined where their node knows none. */
  readonly basis: number | undefined;
  readonly operations: readonly KeyOperation[];
}

/** What became of one change: its outcome, or why there is none. */
export type OwnerOutcome =
  | { readonly kind: 'done'; readonly outcome: KeyWriteOutcome }
  /** Nothing was written. */
  | { readonly kind: 'not-done' }
  /** It may have been written. */
  | { readonly kind: 'unknown' };

const version = 1;
const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false, copyBuffers: true });

const bytesSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const policySchema = z
  .string()
  .max(128)
  .transform((text) => text as Policy);
const stampSchema = z.object({ wallMs: z.number(), counter: z.number(), node: z.string().max(64) });
const conditionSchema = z.union([
  z.literal('absent'),
  z.literal('present'),
  z.object({ revision: z.number() }),
]);
const lifeSchema = { ttlMs: z.number().optional(), expiresAtMs: z.number().optional() };
const operationSchema = z.union([
  z.object({
    kind: z.literal('put'),
    value: bytesSchema,
    contentType: z.string().max(256),
    policy: policySchema.optional(),
    condition: conditionSchema.optional(),
    stamp: stampSchema,
    ...lifeSchema,
  }),
  z.object({ kind: z.literal('remove'), condition: conditionSchema.optional() }),
  z.object({
    kind: z.literal('operate'),
    operations: z.array(z.unknown()).max(1_000),
    stamps: z.array(stampSchema).max(1_000),
    policy: policySchema.optional(),
    ...lifeSchema,
  }),
]);
const requestSchema = z.object({
  id: z.string().max(64),
  bucket: z.string().max(160),
  key: z.string().max(4_096),
  basis: z.number().optional(),
  operations: z.array(operationSchema).min(1).max(256),
});

const storedSchema = z.object({
  key: z.string(),
  kind: z.enum(['value', 'deleted', 'expired', 'absent']),
  sequence: z.number(),
  value: bytesSchema,
  headers: z.record(z.string(), z.string()),
  changedAtMs: z.number(),
});
const outcomeSchema = z.union([
  z.object({
    kind: z.literal('done'),
    outcome: z.union([
      z.object({ kind: z.literal('written'), isCreated: z.boolean(), stored: storedSchema }),
      z.object({ kind: z.enum(['revision-mismatch', 'superseded']), revision: z.number() }),
      z.object({ kind: z.literal('policy-mismatch'), policy: policySchema }),
      z.object({ kind: z.literal('merge-failed'), policy: policySchema, reason: z.string() }),
      z.object({ kind: z.enum(['not-found', 'removed']) }),
    ]),
  }),
  z.object({ kind: z.enum(['not-done', 'unknown']) }),
]);
const outcomesSchema = z.array(outcomeSchema).max(256);

export function encodeOwnerRequest(request: OwnerRequest): Uint8Array {
  return encode(request);
}

/** Undefined for a payload that is no request. */
export function decodeOwnerRequest(payload: Uint8Array): OwnerRequest | undefined {
  return decode(payload, requestSchema) as OwnerRequest | undefined;
}

export function encodeOwnerOutcomes(outcomes: readonly OwnerOutcome[]): Uint8Array {
  return encode(
    outcomes.map((entry) => {
      if (entry.kind !== 'done' || entry.outcome.kind !== 'written') return entry;
      const { meta, ...stored } = entry.outcome.stored;
      return { ...entry, outcome: { ...entry.outcome, stored: { ...stored, headers: encodeMeta(meta) } } };
    }),
  );
}

/** Undefined for a payload that has not one outcome for each of `count` changes. */
export function decodeOwnerOutcomes(payload: Uint8Array, count: number): readonly OwnerOutcome[] | undefined {
  const outcomes = decode(payload, outcomesSchema);
  if (outcomes?.length !== count) return undefined;
  return outcomes.map((entry): OwnerOutcome => {
    if (entry.kind !== 'done') return entry;
    const { outcome } = entry;
    if (outcome.kind !== 'written') return { kind: 'done', outcome: outcome as KeyWriteOutcome };
    const { headers, ...stored } = outcome.stored;
    const value: StoredValue = { ...stored, meta: decodeMeta(headers) };
    return { kind: 'done', outcome: { ...outcome, stored: value } };
  });
}

function encode(message: unknown): Uint8Array {
  return new Uint8Array(packr.pack([version, message]));
}

function decode<T>(payload: Uint8Array, schema: z.ZodType<T>): T | undefined {
  try {
    const value: unknown = unpackr.unpack(payload);
    if (!Array.isArray(value) || value[0] !== version) return undefined;
    return schema.safeParse(value[1]).data;
  } catch {
    return undefined;
  }
}
