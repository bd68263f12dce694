/** Share of the deliveries that each fault hits, each in [0, 1]. */
export interface FaultRates {
  /** The message never arrives. */
  readonly drop: number;
  /** The message arrives twice. */
  readonly duplicate: number;
  /** The message arrives up to 400 ms late, so that other messages overtake it. */
  readonly delay: number;
}

/** Kinds of fault that a simulation counts. */
export type FaultKind =
  | 'drop'
  | 'duplicate'
  /** A delivery that other deliveries overtake. */
  | 'reorder'
  | 'partition'
  | 'crash'
  | 'pause'
  /** The main loop of a process is blocked; its other threads run. */
  | 'stall'
  | 'disconnect'
  /** The wall clock of a node jumps. */
  | 'clock-jump'
  /** The server stands still, with all connections open. */
  | 'stand-still'
  /** The server restarts: all connections are lost, and it forgets which message ids it accepted. */
  | 'restart'
  /** All nodes lose their connections and get them back, several times. */
  | 'reconnect-storm'
  /** A log, or all logs, have no leader. */
  | 'away'
  /** One node reaches the bus and not the store. */
  | 'store-cut'
  | 'full'
  /** All logs are lost. */
  | 'wipe'
  /** A log loses its newest records. */
  | 'roll-back'
  | 'slow-store'
  | 'reply-lost'
  /** An append is done after its caller stopped waiting. */
  | 'late'
  /** An append is answered with 10164, and nobody else writes. */
  | 'check-in-flight'
  | 'stale-read'
  | 'announcement-lost'
  | 'announcement-doubled';

export const noFaults: FaultRates = { drop: 0, duplicate: 0, delay: 0 };
