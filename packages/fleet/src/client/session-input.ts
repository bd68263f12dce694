import type { SessionMessage } from '../protocol/session-message.ts';

/** Messages to a fleet session: from the instance or its job, and from its own process. */
export type SessionInput =
  | SessionMessage
  | { readonly kind: 'consumed'; readonly count: number }
  | { readonly kind: 'cancel'; readonly reason: string }
  | { readonly kind: 'bus'; readonly connected: boolean }
  | { readonly kind: 'host-gone'; readonly node: string; readonly message: string }
  /** The set of instances has changed; sent only to sessions that wait for an instance or a slot. */
  | { readonly kind: 'load-changed' }
  | { readonly kind: 'tick' };
