import type { Logger } from '@drover/actor-core';
import {
  type AdminAskingNode,
  type AdminJob,
  type AdminJobTaker,
  adminJobKey,
  followNodeAdminJobs,
  type KnownSigners,
  type NodeAdminJobs,
} from '@drover/fleet';
import { runAdminJob } from './admin-run.ts';
import { decideStarts } from './decide-starts.ts';
import type { OllamaAdmin } from './ollama-admin.ts';

/** One Ollama, as its admin jobs use it. */
export interface ManagedModels {
  readonly admin: OllamaAdmin;
  /** Reads the list of models again. */
  readonly relist: () => Promise<void>;
}

/** Executes the admin jobs of this node, those of an earlier start included. */
export class AdminRunner implements AdminJobTaker {
  readonly #node: AdminAskingNode;
  readonly #ollamas: ReadonlyMap<string, ManagedModels>;
  readonly #log: Logger;
  /** By key of the job. */
  readonly #running = new Map<string, AdminJob>();
  readonly #stop = new AbortController();
  readonly #jobs: NodeAdminJobs;
  #takesNew = true;

  /** @param ollamas by name of the instance */
  constructor(
    node: AdminAskingNode,
    ollamas: ReadonlyMap<string, ManagedModels>,
    signers: Pick<KnownSigners, 'judge'>,
  ) {
    this.#node = node;
    this.#ollamas = ollamas;
    this.#log = node.log;
    this.#jobs = followNodeAdminJobs(node, this, signers);
  }

  take(jobs: readonly AdminJob[]): void {
    if (!this.#takesNew) return;
    for (const job of decideStarts(jobs, this.#running)) void this.#run(job);
  }

  hasTaken(key: string): boolean {
    return this.#running.has(key);
  }

  /** Begins no further job. */
  drain(): void {
    this.#takesNew = false;
  }

  /** Ends the requests to Ollama. The jobs go on when this node starts again. */
  stop(): void {
    this.drain();
    this.#stop.abort();
    this.#jobs.close();
  }

  async #run(job: AdminJob): Promise<void> {
    const { id, operation, model, instance } = job;
    const key = adminJobKey(job);
    const fields = { job: id, operation, model, instance };
    const ollama = this.#ollamas.get(instance);
    this.#running.set(key, job);
    this.#log.info({ ...fields, attempts: job.attempts }, 'began an admin job');
    try {
      const relist = ollama?.relist ?? (() => Promise.resolve());
      const { clock } = this.#node;
      await runAdminJob({ job, jobs: this.#jobs, ollama: ollama?.admin, relist, clock }, this.#stop.signal);
      this.#log.info(fields, 'ended an admin job');
    } finally {
      this.#running.delete(key);
      if (this.#takesNew) this.#jobs.ask();
    }
  }
}
