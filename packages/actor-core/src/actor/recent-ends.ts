import type { TerminationReason } from './signal.ts';

const kept = 1024;

/** How the last thousand actors ended, for remote watchers whose notice was lost on the way. Asked for rarely. */
export class RecentEnds {
  private readonly uids: number[] = [];
  private readonly reasons: TerminationReason[] = [];
  private next = 0;

  get(uid: number): TerminationReason | undefined {
    const at = this.uids.indexOf(uid);
    return at === -1 ? undefined : this.reasons[at];
  }

  add(uid: number, reason: TerminationReason): void {
    this.uids[this.next] = uid;
    this.reasons[this.next] = reason;
    this.next = (this.next + 1) % kept;
  }
}
