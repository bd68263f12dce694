import type { LogFault, LogOperation } from '../storage/log/log-fault.ts';

/** Share of the operations of the store that each fault hits, each in [0, 1]. */
export interface StoreFaultRates {
  /** The operation is done and its reply is lost. */
  readonly replyLost: number;
  /** An append is done after its caller stopped waiting for the reply. */
  readonly late: number;
  /** An append is answered with "check in flight" (10164), and nobody else writes. */
  readonly checkInFlight: number;
  /** A read of the newest record of a subject is answered with the record before it. */
  readonly staleRead: number;
  /** An announcement does not arrive. */
  readonly announcementLost: number;
  /** An announcement arrives twice. */
  readonly announcementDoubled: number;
  /** A request or a reply takes up to 400 ms, and holds up what follows on the connection. */
  readonly slow: number;
}

export const noStoreFaults: StoreFaultRates = {
  replyLost: 0,
  late: 0,
  checkInFlight: 0,
  staleRead: 0,
  announcementLost: 0,
  announcementDoubled: 0,
  slow: 0,
};

/** What goes wrong with an operation that arrives at the store, by the rates and one draw in [0, 1). */
export function decideStoreFault(
  { kind }: LogOperation,
  rates: StoreFaultRates,
  draw: number,
): LogFault | undefined {
  if (draw < rates.replyLost) return 'reply-lost';
  const rest = draw - rates.replyLost;
  if (kind === 'read') return rest < rates.staleRead ? 'stale-read' : undefined;
  if (kind !== 'append') return undefined;
  if (rest < rates.late) return 'late';
  return rest - rates.late < rates.checkInFlight ? 'check-in-flight' : undefined;
}
