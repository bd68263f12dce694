import type { ActorContext } from '@drover/actor-core';
import type { NodeAgentLimits, ResolvedInstance } from '../config.ts';
import { decideLeak } from '../job/slot-leak.ts';
import type { Ollama } from '../ollama/ollama.ts';
import { askRunning } from '../ollama/probe.ts';
import type { Counters } from '../stats.ts';
import { isLoaded, modelKey } from './catalogue.ts';
import type { InstanceInbox } from './instance-internal.ts';
import type { JobTable } from './job-table.ts';

export interface LeakTask {
  readonly instance: ResolvedInstance;
  readonly limits: NodeAgentLimits;
  readonly ollama: Ollama;
  readonly counters: Counters;
}

/**
 * Carries out what `decideLeak` decides for one instance: a silent request is checked against `ps`, asked to step
 * back, the model is unloaded, and the request is posted again. Each step arrives as a message of the instance.
 *
 *   job-suspects ─▶ ps ─▶ leak-checked ─▶ withdraw ─▶ job-withdrew ─▶ unload ─▶ unloaded ─▶ start
 */
export class LeakHealer {
  readonly #task: LeakTask;
  readonly #context: ActorContext<InstanceInbox>;
  readonly #jobs: JobTable;
  readonly #busy: () => number;
  /** Models left by a disconnect, with no byte since. */
  readonly #disconnected = new Set<string>();

  constructor(task: LeakTask, context: ActorContext<InstanceInbox>, jobs: JobTable, busy: () => number) {
    this.#task = task;
    this.#context = context;
    this.#jobs = jobs;
    this.#busy = busy;
  }

  disconnected(model: string): void {
    this.#disconnected.add(modelKey(model));
  }

  answered(model: string): void {
    this.#disconnected.delete(modelKey(model));
  }

  suspect(streamId: string, waitedMs: number): void {
    if (this.#decide(streamId, waitedMs, true) === 'wait') return;
    const model = this.#jobs.get(streamId)?.model ?? '';
    this.#context.pipeToSelf(
      askRunning(this.#task.ollama, this.#task.limits.probeTimeoutMs),
      (running) => {
        const listedAsLoaded = running === undefined ? undefined : isLoaded(running, model);
        return { kind: 'leak-checked', streamId, waitedMs, listedAsLoaded };
      },
      () => ({ kind: 'leak-checked', streamId, waitedMs, listedAsLoaded: undefined }),
    );
  }

  checked(streamId: string, waitedMs: number, listedAsLoaded: boolean | undefined): void {
    const job = this.#jobs.get(streamId);
    if (job === undefined || this.#decide(streamId, waitedMs, listedAsLoaded) === 'wait') return;
    job.healed = true;
    job.ref.tell({ kind: 'withdraw' }, { lane: 'control' });
  }

  withdrew(streamId: string): void {
    const job = this.#jobs.get(streamId);
    if (job === undefined) return;
    const { instance, ollama, limits } = this.#task;
    this.#context.log.warn(
      { instance: instance.name, model: job.model, streamId },
      `${job.model} on ${instance.name} is loaded, idle and silent after a disconnect: unloading it to free a lost slot`,
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

  unloaded(streamId: string, failure: string): void {
    const job = this.#jobs.get(streamId);
    if (failure === '') this.#task.counters.healedLeaks += 1;
    else
      this.#context.log.warn(
        { instance: this.#task.instance.name, streamId },
        `the unload failed (${failure}); sending the request again anyway`,
      );
    if (job === undefined) return;
    this.answered(job.model);
    if (job.place === 'inside') job.ref.tell({ kind: 'start' }, { lane: 'control' });
  }

  #decide(streamId: string, waitedMs: number, listedAsLoaded: boolean | undefined): 'wait' | 'unload' {
    const job = this.#jobs.get(streamId);
    if (job === undefined || job.place !== 'inside') return 'wait';
    return decideLeak({
      waitedMs,
      leakSuspectMs: this.#task.limits.leakSuspectMs,
      disconnectedBefore: this.#disconnected.has(modelKey(job.model)),
      listedAsLoaded,
      othersInside: this.#busy() - 1,
      healedBefore: job.healed,
    });
  }
}
