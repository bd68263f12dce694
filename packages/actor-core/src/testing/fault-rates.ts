/** Share of the deliveries that each fault hits, each in [0, 1]. */
export interface FaultRates {
  /** The message never arrives. */
  readonly drop: number;
  /** The message arrives twice. */
  readonly duplicate: number;
  /** The message arrives up to 400 ms late, so that other messages overtake it. */
  readonly delay: number;
}

/** Kinds of fault that a simulation counts. `reorder`: a delivery that other deliveries overtake. */
export type FaultKind = 'drop' | 'duplicate' | 'reorder' | 'partition' | 'crash' | 'pause' | 'disconnect';

export const noFaults: FaultRates = { drop: 0, duplicate: 0, delay: 0 };
