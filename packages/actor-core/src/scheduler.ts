/** Something with a turn to take. */
export interface Runnable {
  /** Takes it. */
  run(): void;
}

/** Where an actor's next turn is queued; injected so that the simulation owns the order of turns. */
export interface Scheduler {
  /** Runs `task` soon, before timers and I/O are starved: a bounded run of these yields to the event loop. */
  schedule(task: () => void): void;
  /** As `schedule`, for one of a million actors: none of them needs a function of its own for it. */
  scheduleRun?(runnable: Runnable): void;
}
