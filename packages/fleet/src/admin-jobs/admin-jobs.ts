import type { LocalNode } from '@drover/actor-core/cluster';
import type { BucketWatch, KeyChange } from '@drover/actor-core/durable';
import { AdminJobDiffersError } from '../errors.ts';
import {
  type AdminJob,
  type AdminOperation,
  type AdminTarget,
  adminJobKey,
  decodeAdminJob,
  isOver,
} from './admin-job.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import { modelKey } from '../protocol/model-name.ts';
import type { RequestPrincipal } from '../protocol/signed-principal.ts';
import { AdminJobStore } from './admin-job-store.ts';
import { decideSubmit } from './decide-admin-job.ts';
import { publishJob } from './publish-job.ts';

/** The admin jobs of the cluster, as a node sees them that may use the store. */
export interface AdminJobs {
  /**
   * Submits the operation at each target, or joins the run that is under way there. Resolves when all are stored.
   *
   * @throws AdminJobDiffersError; StoreUnavailableError: some may be stored
   */
  submit(wanted: {
    readonly operation: AdminOperation;
    readonly model: string;
    readonly request: Readonly<Record<string, unknown>>;
    readonly targets: readonly AdminTarget[];
    /** On whose behalf. @default that of the cluster itself */
    readonly principal?: RequestPrincipal;
  }): Promise<readonly AdminJob[]>;
  /**
   * All jobs, those that are over included, the oldest first. A gateway that has just started waits for them, at most
   * two seconds.
   */
  list(): Promise<readonly AdminJob[]>;
  /** The newest state of a run; undefined where it was cancelled. Before it is seen, the run as it was submitted. */
  current(job: AdminJob): AdminJob | undefined;
  /**
   * Removes a job, whatever its state: its node-agent ends it. False where there is none.
   *
   * @throws StoreUnavailableError
   */
  cancel(id: string): Promise<boolean>;
  /** Calls the listener after each change. Returns a function that removes the listener. */
  onChange(listener: () => void): () => void;
  close(): void;
}

/** Time between two attempts to open the bucket: a host creates it when it starts. */
const retryMs = 1_000;
/** Time that a list waits for the bucket. */
const caughtUpMs = 2_000;
/** Attempts to write a job that others write too. */
const maxWrites = 5;

/** Follows the admin jobs of the cluster until `close`. */
export function followAdminJobs(node: LocalNode, events?: EventPublisher): AdminJobs {
  const jobs = new Following(node, events);
  jobs.open();
  return jobs;
}

class Following implements AdminJobs {
  readonly #node: LocalNode;
  readonly #store: AdminJobStore;
  readonly #events: EventPublisher | undefined;
  readonly #jobs = new Map<string, AdminJob>();
  /** Runs that were submitted here and not seen yet, by id. */
  readonly #unseen = new Set<string>();
  readonly #listeners = new Set<() => void>();
  readonly #caughtUp = Promise.withResolvers<void>();
  #watch: BucketWatch | undefined;
  #timer: { cancel(): void } | undefined;
  #hasEnded = false;

  constructor(node: LocalNode, events: EventPublisher | undefined) {
    this.#node = node;
    this.#events = events;
    this.#store = new AdminJobStore(node);
  }

  open(): void {
    this.#begin().catch((err: unknown) => {
      const { clock, log } = this.#node;
      log.debug({ err }, 'the admin jobs of the cluster cannot be read yet');
      if (!this.#hasEnded) this.#timer = clock.setTimer(retryMs, () => this.open());
    });
  }

  async submit(wanted: Parameters<AdminJobs['submit']>[0]): Promise<readonly AdminJob[]> {
    const key = modelKey(wanted.model);
    // A gateway that has just started may know no job yet: those of the targets are read from the store.
    const stored = await Promise.all(
      wanted.targets.map((target) => this.#store.get(adminJobKey({ ...wanted, ...target }))),
    );
    const known = [...(await this.list()), ...stored.flatMap(({ job }) => job ?? [])];
    const openBatches = new Set(
      known
        .filter((job) => !isOver(job) && job.operation === wanted.operation && modelKey(job.model) === key)
        .map(({ batch }) => batch),
    );
    const batch = this.#node.random.id();
    return Promise.all(
      wanted.targets.map((target) => this.#submitAt({ ...wanted, batch }, target, openBatches)),
    );
  }

  async list(): Promise<readonly AdminJob[]> {
    const timer = this.#node.clock.setTimer(caughtUpMs, () => this.#caughtUp.resolve());
    await this.#caughtUp.promise;
    timer.cancel();
    return [...this.#jobs.values()].toSorted((a, b) => a.submittedAtMs - b.submittedAtMs);
  }

  current(job: AdminJob): AdminJob | undefined {
    const found = this.#jobs.get(adminJobKey(job));
    if (found?.id === job.id) return found;
    return this.#unseen.has(job.id) ? job : undefined;
  }

  async cancel(id: string): Promise<boolean> {
    const job = (await this.list()).find((one) => one.id === id);
    if (job === undefined) return false;
    await this.#store.remove(adminJobKey(job));
    return true;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#hasEnded = true;
    this.#timer?.cancel();
    this.#watch?.close();
    this.#listeners.clear();
  }

  async #begin(): Promise<void> {
    const bucket = await this.#store.bucket();
    const watch = await bucket.watch({
      onChange: (change) => this.#take(change),
      onCaughtUp: () => this.#caughtUp.resolve(),
      onReset: () => {
        this.#jobs.clear();
        this.#unseen.clear();
      },
    });
    if (this.#hasEnded) watch.close();
    else this.#watch = watch;
  }

  #take({ kind, key, value }: KeyChange): void {
    const job = kind === 'put' ? decodeAdminJob(value) : undefined;
    if (job === undefined) this.#jobs.delete(key);
    else {
      this.#jobs.set(key, job);
      this.#unseen.delete(job.id);
    }
    for (const listener of this.#listeners) listener();
  }

  async #submitAt(
    {
      operation,
      model,
      request,
      principal,
      batch,
    }: Parameters<AdminJobs['submit']>[0] & { readonly batch: string },
    { node, instance }: AdminTarget,
    openBatches: ReadonlySet<string>,
  ): Promise<AdminJob> {
    const { clock, random } = this.#node;
    const key = adminJobKey({ node, instance, operation, model });
    for (let writes = 1; ; writes += 1) {
      const { job: known, revision } = await this.#store.get(key);
      const id = random.id();
      const facts = { id, batch, node, instance, operation, model, request, ...(principal && { principal }) };
      const wanted = { ...facts, nowMs: clock.wallNow() };
      const decision = decideSubmit(known, wanted, openBatches);
      if (decision.kind === 'differs') throw new AdminJobDiffersError(decision.job);
      if (decision.kind === 'joined') return this.#expect(decision.job);
      this.#expect(decision.job);
      if (await this.#store.write(key, decision.job, revision)) {
        publishJob(this.#events, decision.job);
        return decision.job;
      }
      this.#unseen.delete(id);
      if (writes === maxWrites) throw new AdminJobDiffersError(known ?? decision.job);
    }
  }

  /** The watch may report the run only later. */
  #expect(job: AdminJob): AdminJob {
    if (this.#jobs.get(adminJobKey(job))?.id !== job.id) this.#unseen.add(job.id);
    return job;
  }
}
