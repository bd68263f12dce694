import type { TerminationReason } from './signal.ts';

const kept = 1024;

export interface RecentEnds {
  get(uid: number): TerminationReason | undefined;
  set(uid: number, reason: TerminationReason): void;
}

/** How the last thousand actors ended, for remote watchers whose notice was lost on the way. */
export function recentEnds(): RecentEnds {
  const reasons = new Map<number, TerminationReason>();
  return {
    get: (uid) => reasons.get(uid),
    set(uid, reason) {
      reasons.set(uid, reason);
      if (reasons.size > kept) reasons.delete(reasons.keys().next().value as number);
    },
  };
}
