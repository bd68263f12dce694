import type { ActorContext } from '@drover/actor-core';
import type { NodeAgentLimits, ResolvedInstance } from '../config.ts';
import type { InstanceInbox } from '../instance/instance-internal.ts';
import type { JobEntry, JobTable } from '../instance/job-table.ts';
import type { Ollama } from '../ollama/ollama.ts';
import { askRunning } from '../ollama/probe.ts';
import type { Counters } from '../stats.ts';

export interface HealerTask {
  readonly instance: ResolvedInstance;
  readonly limits: NodeAgentLimits;
  readonly ollama: Ollama;
  readonly counters: Counters;
}

/**
 * Frees a slot that Ollama lost. Sometimes, when a client leaves while a token is being handed over, Ollama keeps the
 * slot for ever, and every later generation on that model hangs beside an idle runner, until the model is unloaded
 * (measured, `ollama-observed.md` 4(a)). The request steps back, the model is unloaded, the request is posted again:
 *
 *   check ─▶ ps ─▶ slot-checked ─▶ heal ─▶ job-withdrew ─▶ unload ─▶ unloaded ─▶ start
 */
export class SlotHealer {
  readonly #task: HealerTask;
  readonly #context: ActorContext<InstanceInbox>;
  readonly #jobs: JobTable;

  constructor(task: HealerTask, context: ActorContext<InstanceInbox>, jobs: JobTable) {
    this.#task = task;
    this.#context = context;
    this.#jobs = jobs;
  }

  /** Asks `ps` now: only a model that is loaded at this moment may be unloaded. */
  check(streamId: string): void {
    const { ollama, limits } = this.#task;
    this.#context.pipeToSelf(
      askRunning(ollama, limits.probeTimeoutMs),
      (running) => ({ kind: 'slot-checked', streamId, running }),
      () => ({ kind: 'slot-checked', streamId, running: undefined }),
    );
  }

  heal(job: JobEntry): void {
    job.healed = true;
    job.ref.tell({ kind: 'withdraw' }, { lane: 'control' });
  }

  withdrew(streamId: string): void {
    const job = this.#jobs.get(streamId);
    if (job === undefined) return;
    const { instance, ollama, limits } = this.#task;
    this.#context.log.warn(
      { instance: instance.name, model: job.model, streamId },
      `${job.model} on ${instance.name} has lost a slot: unloading it to free the slot`,
    );
    const body = Buffer.from(JSON.stringify({ model: job.model, keep_alive: 0, stream: false }));
    this.#context.pipeToSelf(
      ollama.ask('POST', '/api/generate', { timeoutMs: limits.unloadMs, body }),
      ({ status }) => ({ kind: 'unloaded', streamId, failure: status === 200 ? '' : `status ${status}` }),
      (error) => ({
        kind: 'unloaded',
        streamId,
        failure: error instanceof Error ? error.message : String(error),
      }),
    );
  }

  /** The request goes on, whatever came of the unload. The job, if it is still there. */
  unloaded(streamId: string, failure: string): JobEntry | undefined {
    const job = this.#jobs.get(streamId);
    if (failure === '') this.#task.counters.healedLeaks += 1;
    else
      this.#context.log.warn(
        { instance: this.#task.instance.name, streamId },
        `the unload failed (${failure}); sending the request again anyway`,
      );
    if (job?.place === 'inside') job.ref.tell({ kind: 'start' }, { lane: 'control' });
    return job;
  }
}
