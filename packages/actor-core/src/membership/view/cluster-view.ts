import type { View, ViewMember } from './view.ts';

/**
 * The view of the cluster, as far as this node has received it. A node of another opinion than the view obeys the view:
 * a node that is unreachable for this node takes part until the view says that it has ended.
 */
export interface ClusterView {
  /** The newest view received; undefined until the first, and in a cluster without a control leader. */
  current(): View | undefined;
  /** The member in the newest view. */
  member(id: string): ViewMember | undefined;
  /** The control leader that was heard last; undefined until one was heard. */
  controlLeader(): ControlLeader | undefined;
  /** Calls `listener` with each newer view. A listener that throws is logged. Returns the unsubscriber. */
  onChange(listener: (view: View) => void): () => void;
}

/** The node that writes the view, and when it was heard. */
export interface ControlLeader {
  readonly node: string;
  readonly fence: number;
  /** Milliseconds since its last announcement; it announces each second. */
  readonly ageMs: number;
}

/** Rhythm of the announcements of the control leader, and limits that follow from it, milliseconds. */
export const viewTiming: {
  readonly announceMs: number;
  readonly silentMs: number;
  readonly forgetMs: number;
  readonly askMs: number;
} = {
  /** Interval of the announcements. */
  announceMs: 1_000,
  /** Silence after which a control leader counts as absent. */
  silentMs: 5_000,
  /**
   * Silence of a control leader after which one with a lower fencing token is believed. Sequences start again lower
   * only when the log was lost and the clock stepped back.
   */
  forgetMs: 15_000,
  /** Deadline of a question for the whole view. */
  askMs: 2_000,
};
