import type { ActorContext } from '@drover/actor-core';
import { modelKey } from '@drover/fleet';
import type { NodeAgentLimits, ResolvedInstance } from '../config.ts';
import type { InstanceInbox } from './instance-internal.ts';
import type { JobEntry, JobTable } from './job-table.ts';
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
 * Frees a slot that Ollama has lost. When a client disconnects during the delivery of a token, Ollama sometimes never
 * releases the slot, and every later generation on that model hangs with an idle runner until the model is unloaded
 * (measured, `ollama-observed.md` 4(a)). The waiting requests are withdrawn, the model is unloaded, and the requests
 * are posted again:
 *
 *   check ─▶ ps ─▶ slot-checked ─▶ heal ─▶ job-withdrew ─▶ unload ─▶ unloaded ─▶ start
 */
export class SlotHealer {
  readonly #task: HealerTask;
  readonly #context: ActorContext<InstanceInbox>;
  readonly #jobs: JobTable;
  /** Requests withdrawn for a running unload, by model. */
  readonly #withdrawn = new Map<string, JobEntry[]>();

  constructor(task: HealerTask, context: ActorContext<InstanceInbox>, jobs: JobTable) {
    this.#task = task;
    this.#context = context;
    this.#jobs = jobs;
  }

  /** Asks `ps` again, because only a model that is loaded now may be unloaded. */
  check(streamId: string): void {
    const { ollama, limits } = this.#task;
    this.#context.pipeToSelf(
      askRunning(ollama, limits.probeTimeoutMs),
      (running) => ({ kind: 'slot-checked', streamId, running }),
      () => ({ kind: 'slot-checked', streamId, running: undefined }),
    );
  }

  /** Withdraws every request that waits for the model, because Ollama does not unload while a request is inside. */
  heal(model: string): void {
    for (const job of this.#jobs.waitingInside(model)) {
      job.healed = true;
      job.ref.tell({ kind: 'withdraw' }, { lane: 'control' });
    }
  }

  withdrew(streamId: string): void {
    const job = this.#jobs.get(streamId);
    if (job === undefined) return;
    const key = modelKey(job.model);
    const waiting = this.#withdrawn.get(key);
    if (waiting !== undefined) {
      waiting.push(job);
      return;
    }
    this.#withdrawn.set(key, [job]);
    this.#unload(job);
  }

  /** Ends the unload, successful or not. Returns the withdrawn requests that have not been cancelled. */
  unloaded(model: string, failure: string): readonly JobEntry[] {
    const { instance, counters } = this.#task;
    const jobs = (this.#withdrawn.get(modelKey(model)) ?? []).filter(({ stage }) => stage === 'inside');
    this.#withdrawn.delete(modelKey(model));
    if (failure === '') counters.healedLeaks += 1;
    else
      this.#context.log.warn(
        { instance: instance.name, model },
        `the unload failed (${failure}); sending the requests again anyway`,
      );
    for (const job of jobs) job.ref.tell({ kind: 'start' }, { lane: 'control' });
    return jobs;
  }

  #unload({ model, streamId }: JobEntry): void {
    const { instance, ollama, limits } = this.#task;
    this.#context.log.warn(
      { instance: instance.name, model, streamId },
      `${model} on ${instance.name} has lost a slot: unloading it to free the slot`,
    );
    const body = Buffer.from(JSON.stringify({ model, keep_alive: 0, stream: false }));
    this.#context.pipeToSelf(
      ollama.ask('POST', '/api/generate', { timeoutMs: limits.unloadMs, body }),
      ({ status }) => ({ kind: 'unloaded', model, failure: status === 200 ? '' : `status ${status}` }),
      (error) => ({
        kind: 'unloaded',
        model,
        failure: error instanceof Error ? error.message : String(error),
      }),
    );
  }
}
