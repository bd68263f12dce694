import type { QuotaOp } from './quota-op.ts';

/** Units of one claim of this gateway. */
export interface Slice {
  readonly id: number;
  /** Units that are claimed. */
  units: number;
  /** Units that no request has. */
  left: number;
  /** Instant from which no request may take a unit. */
  endsAtMs: number;
  /** False once the rest was given back. */
  isOpen: boolean;
}

/** Units of a slice that one request has. */
export interface Part {
  readonly slice: Slice;
  units: number;
}

/** Tells all gateways about a change. */
export type Tell = (op: Pick<QuotaOp, 'kind' | 'id' | 'units'>) => void;

/** Units that this gateway may hand out of one quota without asking anybody. */
export interface Pool {
  /** Units that are left. */
  left(nowMs: number): number;
  /** Takes units for a request; undefined where fewer are left. */
  reserve(units: number, nowMs: number): Part[] | undefined;
  /** A claim was granted. @param endsAtMs when a slice of a rate ends */
  add(id: number, units: number, endsAtMs: number): Slice;
  /** A request ended that had these parts. @param used units that it used in truth */
  finish(parts: readonly Part[], used: number, nowMs: number): void;
  /** Gives back what is not needed, and renews what is. */
  tick(nowMs: number): void;
  /** Gives back all that no request has. */
  close(nowMs: number): void;
  /** Whether a claim is held here. */
  holds(id: number): boolean;
  /** Units of all claims that are held. */
  readonly held: number;
  /** Nothing is held and no request has units. */
  readonly isIdle: boolean;
}

/** Takes units from the slices in order; undefined where they have fewer together. */
export function takeParts(slices: Iterable<Slice>, units: number): Part[] | undefined {
  const parts: Part[] = [];
  let missing = units;
  for (const slice of slices) {
    if (missing === 0) break;
    const taken = Math.min(missing, slice.left);
    if (taken > 0) parts.push({ slice, units: taken });
    missing -= taken;
  }
  if (missing > 0) return undefined;
  for (const part of parts) part.slice.left -= part.units;
  return parts;
}
