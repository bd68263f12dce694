import type { ActorAddress } from './actor-ref.ts';
import type { TerminationReason } from './signal.ts';

/** Everything that must never happen silently. */
export type RuntimeEvent =
  | {
      readonly type: 'restarted';
      readonly path: string;
      readonly incarnation: number;
      readonly cause: unknown;
    }
  | { readonly type: 'parked'; readonly path: string; readonly cause: unknown }
  | { readonly type: 'escalated'; readonly path: string; readonly cause: unknown }
  | { readonly type: 'stopped'; readonly path: string; readonly reason: TerminationReason }
  | { readonly type: 'dead-letter'; readonly to: ActorAddress; readonly reason: DeadLetterReason }
  | { readonly type: 'unhandled'; readonly path: string }
  | { readonly type: 'bad-frame'; readonly peer: string; readonly detail: string };

export type DeadLetterReason =
  | 'no-such-actor'
  | 'stale-incarnation'
  | 'mailbox-full'
  | 'dropped'
  | 'bus-unavailable'
  | 'not-exposed'
  | 'too-large'
  | 'protocol-mismatch'
  | 'deadlock';
