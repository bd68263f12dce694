/** After how many tasks of earlier priorities a later one gets a turn, and only when they took at least this long. */
const passedOverTasks = 16;
const passedOverMs = 1_000;

interface PassedOver {
  readonly tasks: number;
  readonly sinceMs: number;
}

/**
 * Keeps strict priorities from starving the later ones. Takes go by priority; a priority that was passed over for 16
 * tasks and for a second gets the next task, once, if it has one. Later priorities therefore get at least one task in
 * seventeen under a lasting load, and none while a burst of urgent tasks is worked off.
 *
 * Counts the tasks of one process.
 */
export class PriorityTurns {
  readonly #passedOver = new Map<number, PassedOver>();

  /** The priority that is due before all others; undefined where none is. Of several, the last one. */
  due(nowMs: number): number | undefined {
    let due: number | undefined;
    for (const [priority, { tasks, sinceMs }] of this.#passedOver)
      if (tasks >= passedOverTasks && nowMs - sinceMs >= passedOverMs) due = Math.max(due ?? 0, priority);
    return due;
  }

  /** The priority was asked for tasks. */
  asked(priority: number): void {
    this.#passedOver.delete(priority);
  }

  /** A take was filled before this priority was asked. */
  passed(priority: number, tasks: number, nowMs: number): void {
    const known = this.#passedOver.get(priority) ?? { tasks: 0, sinceMs: nowMs };
    this.#passedOver.set(priority, { ...known, tasks: known.tasks + tasks });
  }
}
