import type { Clock } from '../clock.ts';
import { InvalidArgumentError, ShutdownAbortedError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { defaultPhaseTimeoutMs, planShutdown, type ShutdownPhase, standardPhases } from './shutdown-plan.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const shutdownOptions = optionNames<CoordinatedShutdownOptions>({ clock: true, log: true, phases: true });

/** A task of the shutdown. The signal is aborted when the time of its phase is over. */
export type ShutdownTask = (signal: AbortSignal) => void | Promise<void>;

/** How one task of a phase ended. */
export interface TaskOutcome {
  readonly phase: string;
  readonly task: string;
  readonly outcome: 'done' | 'failed' | 'timed-out';
  /** Duration of the task, or time until it was abandoned. */
  readonly tookMs: number;
}

/** Phases of a shutdown, and the clock that measures them. */
export interface CoordinatedShutdownOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** @default `standardPhases` */
  readonly phases?: readonly ShutdownPhase[];
}

/** An orderly shutdown in named phases, each with a deadline: it ends even when parts of it hang or fail. */
export interface CoordinatedShutdown {
  /** The phases in the order in which they run. */
  readonly phases: readonly string[];
  /** The current phase: `running` before the first, `stopped` after the last. */
  readonly current: string;
  /**
   * Adds a task; the tasks of one phase run at the same time. Returns a function that removes the task.
   *
   * @throws InvalidArgumentError for a phase that is unknown or has begun
   */
  add(phase: string, task: string, run: ShutdownTask): () => void;
  /**
   * Runs the shutdown once; further calls return the same promise. Resolves with the outcome of every task.
   *
   * @throws ShutdownAbortedError when a phase with `onFailure: 'abort'` failed; later phases did not run
   */
  run(reason: string): Promise<readonly TaskOutcome[]>;
}

/** Creates a shutdown. @throws InvalidArgumentError as `planShutdown` */
export function createCoordinatedShutdown(options: CoordinatedShutdownOptions): CoordinatedShutdown {
  requireKnownOptions('options', options, shutdownOptions);
  const { clock, log } = options;
  const plan = planShutdown(options.phases ?? standardPhases);
  const tasks = new Map<string, Map<object, { readonly task: string; readonly run: ShutdownTask }>>();
  for (const { name } of plan) tasks.set(name, new Map());
  let position = -1;
  let running: Promise<readonly TaskOutcome[]> | undefined;

  const runAll = async (reason: string): Promise<readonly TaskOutcome[]> => {
    log.info({ reason }, 'shutting down');
    const outcomes: TaskOutcome[] = [];
    for (const [index, phase] of plan.entries()) {
      position = index;
      const ended = await runPhase(clock, log, phase, [...(tasks.get(phase.name)?.values() ?? [])]);
      outcomes.push(...ended);
      const isBad = ended.some(({ outcome }) => outcome !== 'done');
      if (isBad && phase.onFailure === 'abort') throw new ShutdownAbortedError(phase.name);
    }
    position = plan.length;
    return outcomes;
  };

  return {
    phases: plan.map(({ name }) => name),
    get current() {
      return position < 0 ? 'running' : (plan[position]?.name ?? 'stopped');
    },
    add(phase, task, run) {
      const index = plan.findIndex(({ name }) => name === phase);
      if (index === -1) throw new InvalidArgumentError('phase', `is no phase of this shutdown: ${phase}`);
      if (index <= position) throw new InvalidArgumentError('phase', `has already begun: ${phase}`);
      const key = {};
      tasks.get(phase)?.set(key, { task, run });
      return () => tasks.get(phase)?.delete(key);
    },
    run(reason) {
      running ??= runAll(reason);
      return running;
    },
  };
}

async function runPhase(
  clock: Clock,
  log: Logger,
  phase: ShutdownPhase,
  tasks: readonly { readonly task: string; readonly run: ShutdownTask }[],
): Promise<readonly TaskOutcome[]> {
  if (tasks.length === 0) return [];
  const startMs = clock.now();
  const controller = new AbortController();
  const { promise: over, resolve: giveUp } = Promise.withResolvers<'timed-out'>();
  const timer = clock.setTimer(phase.timeoutMs ?? defaultPhaseTimeoutMs, () => {
    controller.abort();
    giveUp('timed-out');
  });
  const outcomes = await Promise.all(
    tasks.map(async ({ task, run }): Promise<TaskOutcome> => {
      const ended = attempt(run, controller.signal).then(
        () => 'done' as const,
        (err: unknown) => {
          log.error({ err, phase: phase.name, task }, 'a shutdown task failed');
          return 'failed' as const;
        },
      );
      const outcome = await Promise.race([ended, over]);
      const tookMs = clock.now() - startMs;
      if (outcome === 'timed-out')
        log.warn({ phase: phase.name, task, tookMs }, 'a shutdown task took too long and was abandoned');
      return { phase: phase.name, task, outcome, tookMs };
    }),
  );
  timer.cancel();
  return outcomes;
}

/** A synchronous throw counts as a rejection. */
async function attempt(run: ShutdownTask, signal: AbortSignal): Promise<void> {
  await run(signal);
}
