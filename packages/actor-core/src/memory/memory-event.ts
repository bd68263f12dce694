import type { Policy } from './policy.ts';
import type { Scope } from './scope.ts';

/** Something that happened to a key, or to all keys. */
export type MemoryEvent = KeyEvent | ConflictEvent | ResetEvent;

/** A key was set, removed, or its time to live is over; on whichever node. */
export interface KeyEvent {
  readonly type: 'put' | 'deleted' | 'expired';
  readonly tenant: string;
  readonly scope: Scope;
  readonly key: string;
  readonly revision: number;
  readonly bytes: number;
  readonly contentType: string;
}

/** Writers of one key did not know of each other. */
export interface ConflictEvent {
  readonly type: 'conflict';
  readonly tenant: string;
  readonly scope: Scope;
  readonly key: string;
  readonly policy: Policy;
  /**
   * What became of the writer that met the other one's write: its value is stored instead (`overwrote`), is not stored
   * (`superseded`), is merged with the other one, or was refused.
   */
  readonly resolution: 'overwrote' | 'superseded' | 'merged' | 'rejected';
  /** The newest revision afterwards. */
  readonly revision: number;
  /** Revision that the writer had not seen; 0 where it had not seen that the key has no value. */
  readonly otherRevision: number;
  /** Node of that writer. */
  readonly node: string;
}

/** A bucket was lost, replaced or rolled back: what was known of its keys is void. */
export interface ResetEvent {
  readonly type: 'reset';
  readonly reason: string;
}
