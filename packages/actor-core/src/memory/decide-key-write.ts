import { compareStamps, type Stamp } from './hybrid-clock.ts';
import { crdtOf, type MergeFunction, type Policy } from './policy.ts';
import type { Upload } from './large-values.ts';
import { revisionOf, type StoredValue } from './stored-value.ts';
import type { ValueMeta } from './value-meta.ts';

/** One change of a key that a client asks for. */
export type KeyOperation =
  | {
      readonly kind: 'put';
      readonly value: Uint8Array;
      /** The value, where it is too large for a record. `value` is empty then. */
      readonly upload?: Upload | undefined;
      readonly contentType: string;
      /** The policy that the writer stated; undefined: that of the key, or `reject` for a new one. */
      readonly policy: Policy | undefined;
      readonly condition: Condition | undefined;
      readonly ttlMs: number | undefined;
      readonly expiresAtMs: number | undefined;
      readonly stamp: Stamp;
    }
  | { readonly kind: 'remove'; readonly condition: Condition | undefined }
  | {
      readonly kind: 'operate';
      readonly operations: readonly unknown[];
      /** One for each operation, ascending. */
      readonly stamps: readonly Stamp[];
      /** Creates a key that has no value; undefined: such a key is not found. */
      readonly policy: Policy | undefined;
      readonly ttlMs: number | undefined;
      readonly expiresAtMs: number | undefined;
    };

/** What the key must have: a revision, no value, or any value. */
export type Condition = { readonly revision: number } | 'absent' | 'present';

/** A record that is to be written. */
export type PlannedRecord =
  | {
      readonly kind: 'put';
      readonly value: Uint8Array;
      readonly meta: ValueMeta;
      readonly ttlMs: number | undefined;
      /** The blob that the meta names; its intent ends with the record. */
      readonly upload?: Upload | undefined;
    }
  | { readonly kind: 'remove' };

/** Two writers did not know of each other. */
export interface Conflict {
  readonly resolution: 'overwrote' | 'superseded' | 'merged' | 'rejected';
  readonly policy: Policy;
  /** Revision that the writer had not seen. */
  readonly other: number;
}

/** What to do for one operation on the newest value of its key. */
export type KeyDecision =
  | { readonly do: 'write'; readonly record: PlannedRecord; readonly conflict?: Conflict }
  /** Nothing is written. */
  | { readonly do: 'finish'; readonly outcome: Refusal | Unchanged; readonly conflict?: Conflict };

/** Why a change is refused. */
export type Refusal =
  /** `revision`: the present one, 0 where the key has no value. */
  | { readonly kind: 'revision-mismatch'; readonly revision: number }
  | { readonly kind: 'policy-mismatch'; readonly policy: Policy }
  /** Operations on a key that has no value, without the kind of the CRDT. */
  | { readonly kind: 'not-found' }
  | { readonly kind: 'merge-failed'; readonly policy: Policy; readonly reason: string };

/** Why nothing has to be written. */
export type Unchanged =
  /** Of concurrent writes, one with a later stamp is stored. */
  { readonly kind: 'superseded'; readonly revision: number } | { readonly kind: 'removed' };

/** What became of an operation. */
export type KeyWriteOutcome =
  | { readonly kind: 'written'; readonly isCreated: boolean; readonly stored: StoredValue }
  | Refusal
  | Unchanged;

/** What decisions need beside the operation. */
export interface DecisionContext {
  readonly merges: ReadonlyMap<string, MergeFunction>;
  /** Identifies this node in the states of CRDTs. */
  readonly replica: string;
  /** Revision that the key had when this node began with the operation: a later one is a concurrent write. */
  readonly basis: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Decides what one operation does to the newest value of its key. Pure. */
export function decideKeyWrite(
  stored: StoredValue,
  operation: KeyOperation,
  context: DecisionContext,
): KeyDecision {
  switch (operation.kind) {
    case 'remove':
      return decideRemove(stored, operation.condition);
    case 'operate':
      return decideOperate(stored, operation, context);
    default:
      return decidePut(stored, operation, context);
  }
}

type Put = KeyOperation & { readonly kind: 'put' };
type Operate = KeyOperation & { readonly kind: 'operate' };

function decideRemove(stored: StoredValue, condition: Condition | undefined): KeyDecision {
  if (!holds(stored, condition)) return mismatch(stored, 'reject');
  if (stored.kind !== 'value') return { do: 'finish', outcome: { kind: 'removed' } };
  return { do: 'write', record: { kind: 'remove' } };
}

function decidePut(stored: StoredValue, put: Put, context: DecisionContext): KeyDecision {
  const isNew = stored.kind !== 'value';
  const policy = isNew ? (put.policy ?? 'reject') : stored.meta.policy;
  if (put.policy !== undefined && put.policy !== policy) return policyMismatch(policy);
  const crdt = crdtOf(policy);
  if (crdt !== undefined) {
    // A put creates the empty CRDT. After that only operations change it.
    if (!isNew) return policyMismatch(policy);
    if (!holds(stored, put.condition)) return mismatch(stored, policy);
    return write(put, policy, encoder.encode(JSON.stringify(crdt.empty)));
  }
  const isHeld = holds(stored, put.condition);
  if (isNew) return isHeld ? write(put, policy, put.value) : mismatch(stored, policy);
  if (policy === 'reject') return isHeld ? write(put, policy, put.value) : mismatch(stored, policy);
  if (policy === 'last-writer') return decideLastWriter(stored, put, context.basis, isHeld);
  return decideMerge(stored, put, policy, context, isHeld);
}

function decideLastWriter(stored: StoredValue, put: Put, basis: number, isHeld: boolean): KeyDecision {
  const policy = 'last-writer';
  if (put.condition === 'absent') return mismatch(stored, policy);
  const other = revisionOf(stored);
  const isUnseen = !isHeld || basis !== other;
  const isEarlier = stored.meta.stamp !== undefined && compareStamps(put.stamp, stored.meta.stamp) < 0;
  if (isEarlier)
    return {
      do: 'finish',
      outcome: { kind: 'superseded', revision: other },
      conflict: { resolution: 'superseded', policy, other },
    };
  const decision = write(put, policy, put.value);
  return isUnseen ? { ...decision, conflict: { resolution: 'overwrote', policy, other } } : decision;
}

function decideMerge(
  stored: StoredValue,
  put: Put,
  policy: Policy,
  { merges, basis }: DecisionContext,
  isHeld: boolean,
): KeyDecision {
  if (put.condition === 'absent') return mismatch(stored, policy);
  if (put.upload !== undefined && put.condition === undefined)
    return failed(policy, 'a value above the limit of a record cannot be merged');
  // The writer has seen the stored value and replaces it.
  if (put.condition !== undefined && isHeld) return write(put, policy, put.value);
  const merge = merges.get(policy.slice('merge:'.length));
  if (merge === undefined) return failed(policy, 'this node does not know the function');
  try {
    const decision = write(put, policy, merge(stored.value, put.value));
    const other = revisionOf(stored);
    return basis === other ? decision : { ...decision, conflict: { resolution: 'merged', policy, other } };
  } catch (error) {
    return failed(policy, error);
  }
}

function decideOperate(stored: StoredValue, operate: Operate, { replica }: DecisionContext): KeyDecision {
  const isNew = stored.kind !== 'value';
  const policy = isNew ? operate.policy : stored.meta.policy;
  if (policy === undefined) return { do: 'finish', outcome: { kind: 'not-found' } };
  const crdt = crdtOf(policy);
  if (crdt === undefined || (operate.policy !== undefined && operate.policy !== policy))
    return policyMismatch(policy);
  try {
    let state = isNew ? crdt.empty : (JSON.parse(decoder.decode(stored.value)) as unknown);
    for (const [index, operation] of operate.operations.entries())
      state = crdt.apply(state, operation, { replica, stamp: operate.stamps[index] as Stamp });
    return write(operate, policy, encoder.encode(JSON.stringify(state)));
  } catch (error) {
    return failed(policy, error);
  }
}

/** The stored value is not what its policy says: it stays as it is. */
function failed(policy: Policy, error: unknown): KeyDecision {
  const reason = error instanceof Error ? error.message : String(error);
  return { do: 'finish', outcome: { kind: 'merge-failed', policy, reason } };
}

function write(
  operation: Put | Operate,
  policy: Policy,
  value: Uint8Array,
): KeyDecision & { readonly do: 'write' } {
  const { ttlMs, expiresAtMs } = operation;
  const contentType =
    operation.kind === 'put' && crdtOf(policy) === undefined ? operation.contentType : jsonType;
  const upload = operation.kind === 'put' && value === operation.value ? operation.upload : undefined;
  const meta: ValueMeta = {
    policy,
    contentType,
    ...(policy === 'last-writer' && operation.kind === 'put' ? { stamp: operation.stamp } : {}),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(upload === undefined ? {} : { blob: upload.ref }),
  };
  return { do: 'write', record: { kind: 'put', value, meta, ttlMs, upload } };
}

const jsonType = 'application/json';

function holds(stored: StoredValue, condition: Condition | undefined): boolean {
  if (condition === undefined) return true;
  if (condition === 'present') return stored.kind === 'value';
  return revisionOf(stored) === (condition === 'absent' ? 0 : condition.revision);
}

function mismatch(stored: StoredValue, policy: Policy): KeyDecision {
  const revision = revisionOf(stored);
  return {
    do: 'finish',
    outcome: { kind: 'revision-mismatch', revision },
    conflict: { resolution: 'rejected', policy, other: revision },
  };
}

function policyMismatch(policy: Policy): KeyDecision {
  return { do: 'finish', outcome: { kind: 'policy-mismatch', policy } };
}
