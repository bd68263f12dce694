import type { RestartType } from '../actor/supervision-options.ts';
import { restartDelayMs } from './backoff.ts';
import type { ResolvedSupervision } from './resolve-supervision.ts';
import type { ChildOutcome, RestartHistory } from '../actor/child.ts';
import { countRestart } from './restart-intensity.ts';

/** The facts for a decision about a child whose incarnation has ended. */
export interface ChildEnd {
  readonly child: string;
  readonly outcome: ChildOutcome;
  /** All children in start order, including the child whose incarnation has ended. */
  readonly children: readonly ChildFact[];
  /** Restarts of any child that still count. */
  readonly history: RestartHistory;
  /** Restarts of this child that still count. */
  readonly childHistory: RestartHistory;
}

export interface ChildFact {
  readonly name: string;
  readonly isSignificant: boolean;
  readonly restart: RestartType;
}

export type SupervisorDecision =
  /** The child ends; its siblings continue. */
  | { readonly type: 'remove' }
  /** The child ends, and the supervisor stops in order. */
  | { readonly type: 'shut-down' }
  /** End `restart` and `remove` in reverse start order, wait, start `restart` in start order. */
  | {
      readonly type: 'restart';
      readonly restart: readonly string[];
      readonly remove: readonly string[];
      readonly delayMs: number;
      readonly history: RestartHistory;
      readonly childHistory: RestartHistory;
    }
  /** Too many restarts of one child of a dynamic supervisor: the child stays down, its siblings continue. */
  | { readonly type: 'park' }
  /** Too many restarts: the supervisor itself fails. */
  | { readonly type: 'escalate' };

/** The decisions of an OTP supervisor as a pure function. `jitter` is uniform in [0, 1). */
export function decideRestart(
  options: ResolvedSupervision,
  end: ChildEnd,
  nowMs: number,
  jitter: number,
): SupervisorDecision {
  const own = end.children.find((child) => child.name === end.child);
  if (own === undefined) return { type: 'remove' };
  if (!restarts(own.restart, end.outcome)) {
    return { type: endsSupervisor(options.autoShutdown, own, end.children) ? 'shut-down' : 'remove' };
  }
  const counted = countRestart(
    options.dynamic ? end.childHistory : end.history,
    nowMs,
    options.intensity,
    options.periodMs,
  );
  if (counted.exceeded) return { type: options.dynamic ? 'park' : 'escalate' };
  const childCount = countRestart(end.childHistory, nowMs, Number.POSITIVE_INFINITY, options.periodMs);
  const affected = affectedBy(options.strategy, end.child, end.children);
  return {
    type: 'restart',
    restart: affected
      .filter((child) => child.name === end.child || child.restart !== 'temporary')
      .map((child) => child.name),
    // A temporary sibling is stopped with the others and not restarted (OTP: sup_princ, "temporary").
    remove: affected
      .filter((child) => child.name !== end.child && child.restart === 'temporary')
      .map((child) => child.name),
    delayMs: restartDelayMs(childCount.history.length - 1, options.backoffMs, options.backoffMaxMs, jitter),
    history: counted.history,
    childHistory: childCount.history,
  };
}

function restarts(type: RestartType, outcome: ChildOutcome): boolean {
  if (type === 'temporary') return false;
  return type === 'permanent' || outcome !== 'stopped';
}

/** OTP: auto_shutdown any_significant and all_significant. */
function endsSupervisor(
  rule: ResolvedSupervision['autoShutdown'],
  ended: ChildFact,
  children: readonly ChildFact[],
): boolean {
  if (rule === 'never' || !ended.isSignificant) return false;
  return rule === 'any-significant' || children.every((child) => child === ended || !child.isSignificant);
}

function affectedBy(
  strategy: ResolvedSupervision['strategy'],
  child: string,
  children: readonly ChildFact[],
): readonly ChildFact[] {
  if (strategy === 'one-for-all') return children;
  if (strategy === 'one-for-one') return children.filter((one) => one.name === child);
  return children.slice(children.findIndex((one) => one.name === child));
}
