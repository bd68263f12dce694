import { z } from 'zod';

/**
 * One change of a quota, as a gateway tells it to all others. Kinds may be added, never removed.
 *
 * - `take`: claims units of a rate for a slice.
 * - `hold`: claims slots, or renews or lowers the claim with that id; 0 ends it.
 * - `trim`: the claim was for more units than were left; it stands for this number.
 * - `use`: so many units of the claim were used; the rest is given back. May be told again with another number.
 */
export interface QuotaOp {
  readonly kind: 'take' | 'hold' | 'trim' | 'use';
  readonly quota: string;
  /** Names the claim among those of its gateway's run. */
  readonly id: number;
  readonly units: number;
}

/** Changes that one run of a gateway tells together. */
export interface QuotaBatch {
  /** Identity of the run: another one after each start. */
  readonly run: string;
  /** Grows with each batch of the run. */
  readonly number: number;
  readonly ops: readonly QuotaOp[];
}

/** Most changes of one batch: about 40 KB. */
export const maxBatchOps = 500;

const kinds = ['take', 'hold', 'trim', 'use'] as const;
const schema = z.object({
  v: z.literal(1),
  run: z.string().max(64),
  n: z.int().min(1),
  ops: z.array(z.tuple([z.int(), z.string().max(200), z.int(), z.int().min(0)])).max(maxBatchOps),
});

export function encodeBatch({ run, number, ops }: QuotaBatch): Uint8Array {
  const packed = ops.map(({ kind, quota, id, units }) => [kinds.indexOf(kind), quota, id, units]);
  return new TextEncoder().encode(JSON.stringify({ v: 1, run, n: number, ops: packed }));
}

/** Undefined for bytes that are no batch. Changes of a kind that this version does not know are left out. */
export function decodeBatch(bytes: Uint8Array): QuotaBatch | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) return undefined;
  const ops = parsed.data.ops.flatMap(([code, quota, id, units]): QuotaOp[] => {
    const kind = kinds[code];
    return kind === undefined ? [] : [{ kind, quota, id, units }];
  });
  return { run: parsed.data.run, number: parsed.data.n, ops };
}
