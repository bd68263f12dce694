import {
  type Conflict,
  decideKeyWrite,
  type DecisionContext,
  type KeyOperation,
  type PlannedRecord,
  type Refusal,
  type Unchanged,
} from './decide-key-write.ts';
import { crdtOf } from './policy.ts';
import { revisionOf, type StoredValue } from './stored-value.ts';

/** An operation of a group, and what its caller may have seen. */
export interface GroupOperation {
  readonly operation: KeyOperation;
  /** The other node that the operation comes from; undefined for this node. */
  readonly source: string | undefined;
  /** Revision that the key had for the caller; undefined: that of `DecisionContext.basis`. */
  readonly basis: number | undefined;
}

/** What becomes of one operation of a group. */
export interface PlannedStep {
  /** Index of its record in the plan; undefined where it writes none. */
  readonly record: number | undefined;
  readonly outcome: Refusal | Unchanged | undefined;
  readonly conflict: Conflict | undefined;
  /** Whether the key had no value before it. */
  readonly isCreated: boolean;
}

/** Records that one commit writes for the first operations that wait for a key. */
export interface GroupPlan {
  readonly records: readonly PlannedRecord[];
  /** One for each operation that the plan covers; the others wait for the next commit. */
  readonly steps: readonly PlannedStep[];
  /** Whether an operation is refused: such a plan needs a value that is proven to be current. */
  readonly isRefusing: boolean;
}

/** Most operations of one commit. */
const maxGroup = 256;
const maxGroupBytes = 1024 * 1024;
/** Stands for the sequence of a record of the same commit: no client can know it. */
const unknownSequence = -1;

/**
 * Plans one commit for the operations that wait for a key, in their order: each one sees what those before it write.
 * A removal is committed alone, because it removes the records before it. Pure.
 */
export function planGroup(
  stored: StoredValue,
  operations: readonly GroupOperation[],
  context: DecisionContext,
): GroupPlan {
  const records: PlannedRecord[] = [];
  const steps: PlannedStep[] = [];
  let seen = stored;
  let lastSource: string | undefined;
  let bytes = 0;
  for (const { operation, source, basis: known } of operations.slice(0, maxGroup)) {
    // A node knows what it has written itself a moment ago.
    const isOwn = seen !== stored && source === lastSource;
    const basis = isOwn ? unknownSequence : (known ?? context.basis);
    const decision = decideKeyWrite(seen, operation, { ...context, basis });
    const isCreated = seen.kind !== 'value';
    if (decision.do === 'finish') {
      steps.push({ record: undefined, outcome: decision.outcome, conflict: decision.conflict, isCreated });
      continue;
    }
    const { record, conflict } = decision;
    if (record.kind === 'remove' && records.length > 0) break;
    bytes += record.kind === 'put' ? record.value.length : 0;
    if (records.length > 0 && bytes > maxGroupBytes) break;
    if (operation.kind === 'operate' && replacesLast(records)) records[records.length - 1] = record;
    else records.push(record);
    steps.push({ record: records.length - 1, outcome: undefined, conflict, isCreated });
    if (record.kind === 'remove') break;
    lastSource = source;
    seen = { ...stored, kind: 'value', sequence: unknownSequence, value: record.value, meta: record.meta };
  }
  const isRefusing = steps.some(({ outcome }) => outcome !== undefined && outcome.kind !== 'superseded');
  return { records, steps, isRefusing };
}

/**
 * Nobody has seen the state before, and the answer to an operation has the value: operations on one CRDT need only the
 * last state.
 */
function replacesLast(records: readonly PlannedRecord[]): boolean {
  const last = records.at(-1);
  return last?.kind === 'put' && crdtOf(last.meta.policy) !== undefined;
}

/** As `settleOutcome`, for the revision that a writer had not seen. */
export function settleConflict(conflict: Conflict, newest: StoredValue): Conflict {
  return conflict.other === unknownSequence ? { ...conflict, other: revisionOf(newest) } : conflict;
}

/** The revision that a refusal inside a group shows: that of the record before it, once it is written. */
export function settleOutcome(outcome: Refusal | Unchanged, newest: StoredValue): Refusal | Unchanged {
  if (!('revision' in outcome) || outcome.revision !== unknownSequence) return outcome;
  return { ...outcome, revision: revisionOf(newest) };
}
