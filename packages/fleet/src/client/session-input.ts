import type { SessionMessage } from '../protocol/session-message.ts';
import type { InstanceEvidence } from '../routing/load-table.ts';

/** What a session hears: from the instance, and from its own process. */
export type SessionInput =
  | SessionMessage
  | { readonly kind: 'taken'; readonly count: number }
  | { readonly kind: 'cancel'; readonly reason: string }
  | { readonly kind: 'bus'; readonly connected: boolean }
  | { readonly kind: 'host-gone'; readonly node: string; readonly message: string }
  /** The load table changed; only sent to sessions that wait. */
  | { readonly kind: 'load-changed' }
  /** It waits in a queue, and this instance has a slot free. */
  | { readonly kind: 'move'; readonly to: InstanceEvidence }
  | { readonly kind: 'tick' };
