import type { ActorRef } from '@drover/actor-core';
import { modelKey, type RefusalCode, type SessionMessage } from '@drover/fleet';
import type { JobMessage } from '../job/job-message.ts';
import type { ModelCounts } from './model-list.ts';

/** A job of an instance. */
export interface JobEntry {
  readonly streamId: string;
  /** The request, where another session may adopt its stream. */
  readonly kept?: { readonly requestId: string; readonly keyId: string; readonly tenant: string };
  readonly ref: ActorRef<JobMessage>;
  readonly replyTo: ActorRef<SessionMessage>;
  /** Name of the model as Ollama lists it. */
  readonly model: string;
  /**
   * `receiving`: waits, and its body is incomplete · `queued`: waits · `inside`: has a slot · `lingering`: has left the
   * slot, and its session still misses lines.
   */
  stage: 'receiving' | 'queued' | 'inside' | 'lingering';
  /** A byte of the answer has arrived. */
  answered: boolean;
  /** A lost slot was already freed for this job. */
  healed: boolean;
}

/** The jobs of one instance, by stream and by actor. Insertion order is order of arrival. */
export class JobTable {
  readonly #byStream = new Map<string, JobEntry>();
  readonly #byUid = new Map<number, JobEntry>();
  /** In the order in which they left. */
  readonly #lingering = new Set<JobEntry>();

  get size(): number {
    return this.#byStream.size;
  }
  get lingering(): number {
    return this.#lingering.size;
  }

  add(entry: JobEntry): void {
    this.#byStream.set(entry.streamId, entry);
    this.#byUid.set(entry.ref.address.uid, entry);
  }

  get(streamId: string): JobEntry | undefined {
    return this.#byStream.get(streamId);
  }

  byRef(ref: ActorRef<never>): JobEntry | undefined {
    return this.#byUid.get(ref.address.uid);
  }

  /** Records the stage of a job. */
  setStage(streamId: string, stage: JobEntry['stage']): JobEntry | undefined {
    const job = this.#byStream.get(streamId);
    if (job !== undefined) job.stage = stage;
    return job;
  }

  /** Sends each waiting job its queue position and expected wait. `waiting` is in queue order. */
  sendPositions(waiting: readonly { readonly id: string }[], waitsMs: readonly number[]): void {
    for (const [index, { id }] of waiting.entries()) {
      const job = this.#byStream.get(id);
      if (job === undefined) continue;
      job.ref.tell(
        { kind: 'position', position: index + 1, etaMs: waitsMs[index] ?? 0 },
        { lane: 'control' },
      );
    }
  }

  /** Refuses all waiting jobs. Nothing of them ran, so their sessions may try other instances. */
  refuseWaiting(code: RefusalCode, message: string, retryMs: number): void {
    for (const job of this.#byStream.values()) {
      if (job.stage !== 'queued' && job.stage !== 'receiving') continue;
      job.ref.tell({ kind: 'refuse', code, message, retryAfterMs: retryMs }, { lane: 'control' });
    }
  }

  /** Jobs inside Ollama that wait for the first byte of an answer of this model. */
  waitingInside(model: string): JobEntry[] {
    const key = modelKey(model);
    return [...this.#byStream.values()].filter(
      (job) => job.stage === 'inside' && !job.answered && modelKey(job.model) === key,
    );
  }

  /** The stream of a kept request of that owner, the newest one. */
  findKept(wanted: NonNullable<JobEntry['kept']>): JobEntry | undefined {
    return [...this.#byStream.values()].findLast(
      ({ kept }) =>
        kept?.requestId === wanted.requestId && kept.keyId === wanted.keyId && kept.tenant === wanted.tenant,
    );
  }

  linger(entry: JobEntry): void {
    entry.stage = 'lingering';
    this.#lingering.add(entry);
  }

  oldestLingering(): JobEntry | undefined {
    return this.#lingering.values().next().value;
  }

  remove(entry: JobEntry): void {
    this.#byStream.delete(entry.streamId);
    this.#byUid.delete(entry.ref.address.uid);
    this.#lingering.delete(entry);
  }

  all(): IterableIterator<JobEntry> {
    return this.#byStream.values();
  }

  /** Number of requests for each model, inside Ollama and waiting, by `modelKey`. */
  counts(): ReadonlyMap<string, ModelCounts> {
    const counts = new Map<string, { busy: number; queued: number }>();
    for (const { model, stage } of this.#byStream.values()) {
      if (stage === 'lingering') continue;
      const key = modelKey(model);
      const count = counts.get(key) ?? { busy: 0, queued: 0 };
      if (stage === 'inside') count.busy += 1;
      else count.queued += 1;
      counts.set(key, count);
    }
    return counts;
  }
}
