import type { Clock } from '@drover/actor-core';
import {
  type AdminJob,
  type AdminReport,
  type AdminStep,
  adminJobKey,
  maxAdminTextChars,
  mergeSteps,
  type NodeAdminJobs,
} from '@drover/fleet';
import type { AdminOutcome, OllamaAdmin } from './ollama-admin.ts';

/** What one run needs. */
export interface AdminRunTask {
  readonly job: AdminJob;
  readonly jobs: Pick<NodeAdminJobs, 'report'>;
  /** Undefined: this node has no Ollama of that name. */
  readonly ollama: OllamaAdmin | undefined;
  /** Resolves when the list of models is read again, so that whoever hears of the end finds the model. */
  readonly relist: () => Promise<void>;
  readonly clock: Clock;
}

/** Time between two reports of progress. */
const progressMs = 500;
/** Time between two reports without progress, which show whether the job was cancelled. */
const quietMs = 5_000;
/** Time until a report is repeated that no host could note. */
const repeatMs = 1_000;
const firstBackoffMs = 500;
const longestBackoffMs = 15_000;
/** About two hours of attempts. */
const maxAttempts = 500;

/**
 * Executes one job: attempts until Ollama has done it or refuses it, and reports. A job that this node had begun before
 * is begun again: Ollama goes on with a download where it stopped. Ends early when the job was cancelled, or by
 * `signal`; then the job stays as it is, for the next start of the node-agent.
 */
export async function runAdminJob(task: AdminRunTask, signal: AbortSignal): Promise<void> {
  const run = new AdminRun(task, signal);
  await run.toEnd();
}

class AdminRun {
  readonly #task: AdminRunTask;
  readonly #abort = new AbortController();
  #steps: readonly AdminStep[];
  #attempts: number;
  /** What the last report held, to report only what is new. */
  #reported: readonly AdminStep[] = [];

  constructor(task: AdminRunTask, signal: AbortSignal) {
    this.#task = task;
    this.#steps = task.job.steps;
    this.#attempts = task.job.attempts;
    if (signal.aborted) this.#abort.abort();
    else signal.addEventListener('abort', () => this.#abort.abort(), { once: true });
  }

  async toEnd(): Promise<void> {
    const { job, ollama } = this.#task;
    if (ollama === undefined)
      return this.#tell({ event: 'failed', error: `${job.node} has no Ollama ${job.instance}` });
    for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(backoffMs * 2, longestBackoffMs)) {
      await this.#tell({ event: 'begun' });
      this.#attempts += 1;
      const outcome = await this.#attempt(ollama);
      if (this.#isOver) return;
      if (outcome.kind !== 'lost') return this.#finish(outcome);
      if (this.#attempts >= maxAttempts) return this.#tell({ event: 'failed', error: outcome.reason });
      await this.#pause(backoffMs);
      if (this.#isOver) return;
    }
  }

  get #isOver(): boolean {
    return this.#abort.signal.aborted;
  }

  async #attempt(ollama: OllamaAdmin): Promise<AdminOutcome> {
    const ended = new AbortController();
    const reporting = this.#reportUntil(ended.signal);
    const outcome = await ollama.perform(this.#task.job, {
      signal: this.#abort.signal,
      onStep: (step) => {
        this.#steps = mergeSteps(this.#steps, [cut(step)]);
      },
    });
    ended.abort();
    await reporting;
    return outcome;
  }

  async #finish(outcome: Exclude<AdminOutcome, { kind: 'lost' }>): Promise<void> {
    if (outcome.kind === 'done' || this.#isGoneAlready(outcome)) {
      await this.#task.relist();
      return this.#tell({ event: 'done' });
    }
    const { error, status } = outcome;
    return this.#tell({ event: 'failed', error, ...(status !== undefined && { errorStatus: status }) });
  }

  /** An earlier attempt may have deleted the model, and its answer or report was lost. */
  #isGoneAlready({ status }: { readonly status?: number }): boolean {
    return this.#task.job.operation === 'delete' && status === 404 && this.#attempts > 1;
  }

  /** Reports new steps, at most twice a second, and now and then without any. */
  async #reportUntil(ended: AbortSignal): Promise<void> {
    let quiet = 0;
    while (!ended.aborted && !this.#isOver) {
      await this.#pause(progressMs, ended);
      quiet += progressMs;
      if (ended.aborted || (this.#steps === this.#reported && quiet < quietMs)) continue;
      quiet = 0;
      await this.#report({ event: 'progress' });
    }
  }

  /** Reports until a host has noted it or the run is over. */
  async #tell(what: Pick<AdminReport, 'event' | 'error' | 'errorStatus'>): Promise<void> {
    while (!this.#isOver && !(await this.#report(what))) await this.#pause(repeatMs);
  }

  async #report(what: Pick<AdminReport, 'event' | 'error' | 'errorStatus'>): Promise<boolean> {
    const { job, jobs } = this.#task;
    const steps = this.#steps;
    const error = what.error === undefined ? {} : { error: what.error.slice(0, maxAdminTextChars) };
    const answer = await jobs.report({ key: adminJobKey(job), id: job.id, ...what, ...error, steps });
    if (answer === 'gone') this.#abort.abort();
    if (answer === 'noted') this.#reported = steps;
    return answer !== undefined;
  }

  /** Resolves after the time, or early when the run is over or `also` is aborted. */
  #pause(ms: number, also?: AbortSignal): Promise<void> {
    const signals = also === undefined ? [this.#abort.signal] : [this.#abort.signal, also];
    if (signals.some(({ aborted }) => aborted)) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        for (const signal of signals) signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#task.clock.setTimer(ms, end);
      for (const signal of signals) signal.addEventListener('abort', end, { once: true });
    });
  }
}

function cut(step: AdminStep): AdminStep {
  return { ...step, status: step.status.slice(0, maxAdminTextChars) };
}
