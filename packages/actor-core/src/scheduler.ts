/** Something that takes turns, such as an actor. */
export interface Runnable {
  /** Takes one turn. */
  run(): void;
}

/** Queues the turns of actors. Injected, so that the simulation controls their order. */
export interface Scheduler {
  /** Runs `task` soon. Tasks yield to the event loop after a bounded time, so that timers and I/O are not starved. */
  schedule(task: () => void): void;
  /** As `schedule`, without a function for each actor. */
  scheduleRun?(runnable: Runnable): void;
  /**
   * As `schedule`, for a task that sends what was gathered. Those of the first tick of a round of the event loop run
   * soon, and all later ones of the round at its end, so that a busy round has few sends.
   */
  scheduleSend?(task: () => void): void;
}
