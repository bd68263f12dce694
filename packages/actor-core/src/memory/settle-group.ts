import type { Clock } from '../clock.ts';
import type { Conflict, KeyWriteOutcome } from './decide-key-write.ts';
import { writtenValue } from './key-records.ts';
import type { LargeValues } from './large-values.ts';
import type { MemoryBucket } from './memory-bucket.ts';
import {
  type GroupOperation,
  type GroupPlan,
  type PlannedStep,
  settleConflict,
  settleOutcome,
} from './plan-group.ts';
import type { StoredValue } from './stored-value.ts';

/** An operation that waits for its outcome. */
export interface Waiting extends GroupOperation {
  readonly resolve: (outcome: KeyWriteOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** What learns of a commit. */
export interface GroupSurroundings {
  readonly bucket: MemoryBucket;
  readonly large: LargeValues;
  readonly clock: Clock;
  /** `source`: the other node whose writer met the conflict; undefined for this node. */
  readonly onConflict: (
    key: string,
    conflict: Conflict,
    revision: number,
    source: string | undefined,
  ) => void;
}

/**
 * A plan was committed: takes its values in, and tells each operation its outcome.
 *
 * @param sequence of its last record
 */
export function settleGroup(
  { clock, bucket, large, onConflict }: GroupSurroundings,
  key: string,
  before: StoredValue,
  { records, steps }: GroupPlan,
  group: readonly Waiting[],
  sequence: number,
): void {
  const changedAtMs = clock.wallNow();
  const [first] = records;
  const [firstStep] = steps;
  const isSingle = records.length === 1 && steps.length === 1 && firstStep?.conflict === undefined;
  if (isSingle && first !== undefined && firstStep !== undefined) {
    const only = writtenValue(key, first, sequence, changedAtMs);
    bucket.written(only);
    large.release(before, only);
    group[0]?.resolve(outcomeOf(firstStep, only));
    return;
  }
  const written = records.map((record, index) =>
    writtenValue(key, record, sequence - (records.length - 1 - index), changedAtMs),
  );
  const newest = written.at(-1);
  if (newest !== undefined) {
    bucket.written(newest);
    large.release(before, newest);
    for (const replaced of written) large.release(replaced, newest);
  }
  let seen = before;
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as PlannedStep;
    const earlier = seen;
    if (step.record !== undefined) seen = written[step.record] ?? seen;
    const waiting = group[index];
    if (step.conflict !== undefined) {
      const conflict = settleConflict(step.conflict, earlier);
      onConflict(key, conflict, seen.sequence, waiting?.source);
    }
    waiting?.resolve(outcomeOf(step, seen));
  }
}

function outcomeOf({ outcome, isCreated }: PlannedStep, seen: StoredValue): KeyWriteOutcome {
  if (outcome !== undefined) return settleOutcome(outcome, seen);
  return seen.kind === 'value' ? { kind: 'written', isCreated, stored: seen } : { kind: 'removed' };
}
