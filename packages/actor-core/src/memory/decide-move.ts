import type { LogRecord } from '../storage/log/log.ts';
import type { StoredValue } from './stored-value.ts';
import type { ValueMeta } from './value-meta.ts';

/** When values are moved. */
export interface MoveRules {
  /** Age of the record of a value from which on it is moved. */
  readonly coldAfterMs: number;
  /** Smaller values stay: the record that refers to a blob takes about as much. */
  readonly minBytes: number;
}

/** What becomes of a record of the bucket that has a value. */
export type MoveDecision =
  /** Younger than the rules say; later records are younger still. */
  'too-young' | 'stay' | 'move';

/** A value with less time to live stays where it is. */
const minLifeMs = 3_600_000;

/** Decides by the server's wall clock. Pure. */
export function decideMove(
  record: LogRecord,
  stored: StoredValue,
  nowMs: number,
  { coldAfterMs, minBytes }: MoveRules,
): MoveDecision {
  if (record.acceptedAtMs > nowMs - coldAfterMs) return 'too-young';
  const { kind, meta, value } = stored;
  if (kind !== 'value' || meta.blob !== undefined || value.length < minBytes) return 'stay';
  return meta.expiresAtMs !== undefined && meta.expiresAtMs < nowMs + minLifeMs ? 'stay' : 'move';
}

/** The meta of the record that stores the same value elsewhere. */
export function movedMeta({ meta, sequence, changedAtMs }: StoredValue, blob: ValueMeta['blob']): ValueMeta {
  const { blob: _before, moved = { revision: sequence, changedAtMs }, ...rest } = meta;
  return { ...rest, moved, ...(blob === undefined ? {} : { blob }) };
}

/** Time to live of the record that takes the place of another one. Whole seconds, rounded up. */
export function remainingTtlMs({ expiresAtMs }: ValueMeta, nowMs: number): number | undefined {
  if (expiresAtMs === undefined) return undefined;
  return Math.max(1_000, Math.ceil((expiresAtMs - nowMs) / 1_000) * 1_000);
}
