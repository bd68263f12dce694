/**
 * What is wrong with a line, or between two lines.
 *
 * - `unreadable`: no record
 * - `changed`: its hash does not fit its text, or the record differs from the one that was signed
 * - `missing`: records are gone
 * - `out-of-order`: a record stands behind a later one, or twice
 * - `broken`: a record does not follow the one before it
 * - `truncated`: the end of the chain is gone
 * - `signature`: a checkpoint is not signed by the key that it names
 * - `unknown-key`: a checkpoint is signed by a key that is not known
 * - `unsigned`: more records stand behind the last checkpoint than a gateway leaves there
 */
export type AuditFaultKind =
  | 'unreadable'
  | 'changed'
  | 'missing'
  | 'out-of-order'
  | 'broken'
  | 'truncated'
  | 'signature'
  | 'unknown-key'
  | 'unsigned';

export interface AuditFault {
  readonly kind: AuditFaultKind;
  /** Number of the line, from 1; 0 for the end. */
  readonly line: number;
  readonly chain?: string;
  /** Number of the record. */
  readonly n?: number;
  readonly detail: string;
}
