import type { Clock, Logger } from '@drover/actor-core';
import { type AdminJob, type AdminJobs, type FleetClient, isModel, modelKey } from '@drover/fleet';
import type { GatewayConfig } from '../config.ts';
import { RequestFailure } from '../errors.ts';
import {
  bytesOf,
  isPullable,
  placePull,
  pullFailed,
  pullsUnderWay,
  pullTooLarge,
  pullUnderWay,
  stillPulling,
  tooManyPulls,
} from './decide-pull.ts';

type PullConfig = Pick<
  GatewayConfig,
  'unknownModel' | 'pullModels' | 'maxPulls' | 'maxPullBytes' | 'pullWaitMs'
>;

export interface UnknownModelsParts {
  readonly adminJobs: AdminJobs;
  readonly load: FleetClient['load'];
  /** Read anew for each request. */
  readonly config: PullConfig;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A request for a model that no host has. */
export interface UnknownModelRequest {
  /** The name as Ollama shows it. */
  readonly model: string;
  readonly requestId: string;
  readonly keyId: string;
  readonly tenant: string;
  readonly roles: readonly string[];
  /** Longest wait that the request allows; 0: as long as the setting. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** One pull that requests of this gateway wait for. */
interface Running {
  /** Resolves with the failure, or with undefined when the model is there. Never rejects. */
  readonly ended: Promise<RequestFailure | undefined>;
  /** As it was seen last. */
  job: AdminJob | undefined;
}

/** How long a failure is told again without another attempt. */
const failureMs = 60_000;
/** Failures that are remembered. */
const maxFailures = 256;
/** Time between two looks while nothing changes. */
const lookMs = 1_000;
/** A pull whose job is not told about for this long has failed: its host is away. */
const silentMs = 120_000;
/** Time until the load reports show the model. */
const visibleMs = 5_000;

/**
 * Has models pulled that requests name and no host has (`--unknown-model pull`): one durable job for each model,
 * however many requests and gateways want it. The job does not end with its requests.
 */
export class UnknownModels {
  readonly #parts: UnknownModelsParts;
  readonly #running = new Map<string, Running>();
  /** The newest last. */
  readonly #failures = new Map<string, { readonly atMs: number; readonly failure: RequestFailure }>();
  readonly #closing = new AbortController();

  constructor(parts: UnknownModelsParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when a host has the model, or where it is not for requests to pull it: then the request goes on as ever.
   *
   * @throws RequestFailure 503 while the pull goes on, 404 and 502 where it failed, 403 for a model that is too large
   */
  async provide(request: UnknownModelRequest): Promise<void> {
    const { config, load, clock } = this.#parts;
    const { model, timeoutMs, signal } = request;
    if (config.unknownModel !== 'pull' || !isPullable(config.pullModels, model)) return;
    // Before the first report of a host nothing is known, so nothing is unknown.
    if (load.instances().length === 0 || this.#isThere(model)) return;
    const running = this.#start(request);
    const waitMs = Math.min(...[config.pullWaitMs, timeoutMs].filter((ms) => ms > 0), Infinity);
    const left = await firstOf(running.ended, { waitMs, signal, clock });
    if (left === 'aborted') return;
    if (left === 'late') throw stillPulling(model, running.job);
    if (left.failure !== undefined) throw left.failure;
  }

  /** Pulls go on. Nobody waits for them any longer. */
  close(): void {
    this.#closing.abort();
  }

  #start(request: UnknownModelRequest): Running {
    const key = modelKey(request.model);
    const known = this.#running.get(key);
    if (known !== undefined) return known;
    const running: Running = {
      job: undefined,
      ended: this.#pull(request, (job) => {
        running.job = job;
      }).finally(() => this.#running.delete(key)),
    };
    this.#running.set(key, running);
    return running;
  }

  async #pull(
    request: UnknownModelRequest,
    onJob: (job: AdminJob) => void,
  ): Promise<RequestFailure | undefined> {
    const key = modelKey(request.model);
    const recent = this.#failures.get(key);
    if (recent !== undefined && this.#parts.clock.now() - recent.atMs < failureMs) return recent.failure;
    try {
      const job = await this.#submit(request);
      if (job === undefined) return undefined;
      onJob(job);
      const failure = await this.#follow(job, onJob);
      if (failure !== undefined) this.#remember(key, failure);
      return failure;
    } catch (error) {
      if (error instanceof RequestFailure) return error;
      this.#parts.log.warn({ model: request.model, err: error }, 'a pull for a request cannot be begun');
      const message = `the model '${request.model}' is not there, and its pull cannot be recorded now`;
      return new RequestFailure(503, 'store-unavailable', message, { retryAfterMs: lookMs, cause: error });
    }
  }

  /** Joins the pull that is under way, or begins one; undefined where no host is ready. @throws RequestFailure */
  async #submit({ model, ...facts }: UnknownModelRequest): Promise<AdminJob | undefined> {
    const { adminJobs, load, config, log } = this.#parts;
    const jobs = await adminJobs.list();
    const underWay = pullUnderWay(jobs, model);
    if (underWay !== undefined) return underWay;
    if (pullsUnderWay(jobs).length + this.#startingBeside(model) >= config.maxPulls)
      throw tooManyPulls(model, config.maxPulls);
    const target = placePull(load.instances(), model);
    if (target === undefined) return undefined;
    const { requestId, keyId, tenant, roles } = facts;
    log.info({ model, ...target, requestId, keyId, tenant }, 'a request begins the pull of a model');
    const request = { insecure: false };
    const principal = { keyId, tenant, roles };
    const targets = [target];
    const [job] = await adminJobs.submit({ operation: 'pull', model, request, targets, principal });
    return job;
  }

  /** Pulls of other models that are being submitted: the list does not show them yet. */
  #startingBeside(model: string): number {
    const key = modelKey(model);
    return [...this.#running].filter(([other, { job }]) => other !== key && job === undefined).length;
  }

  /** Resolves when the job is over. */
  async #follow(submitted: AdminJob, onJob: (job: AdminJob) => void): Promise<RequestFailure | undefined> {
    const { adminJobs, config, clock } = this.#parts;
    const { model } = submitted;
    let seen = JSON.stringify(submitted);
    let heardAtMs = clock.now();
    for (;;) {
      const job = adminJobs.current(submitted);
      if (job === undefined) return pullFailed(model, { error: 'the job was cancelled' });
      onJob(job);
      const { total } = bytesOf(job);
      if (total > config.maxPullBytes) {
        await adminJobs.cancel(job.id);
        return pullTooLarge(model, total, config.maxPullBytes);
      }
      if (job.state === 'failed') return pullFailed(model, job);
      if (job.state === 'done') return await this.#visible(model);
      const text = JSON.stringify(job);
      if (text !== seen) {
        seen = text;
        heardAtMs = clock.now();
      } else if (clock.now() - heardAtMs > silentMs)
        return pullFailed(model, {
          error: `its host ${job.node} does not answer; the pull goes on when it is back`,
        });
      if (this.#closing.signal.aborted) return stillPulling(model, job);
      await this.#change(lookMs);
    }
  }

  /** Waits for the load report with the model, so that the request finds its host. */
  async #visible(model: string): Promise<undefined> {
    const { clock } = this.#parts;
    const untilMs = clock.now() + visibleMs;
    while (!this.#isThere(model) && clock.now() < untilMs && !this.#closing.signal.aborted)
      await this.#change(untilMs - clock.now());
    return undefined;
  }

  /** Resolves at the next change of the jobs or the hosts, or after a time. */
  #change(withinMs: number): Promise<void> {
    const { adminJobs, load, clock } = this.#parts;
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        for (const off of offs) off();
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = clock.setTimer(withinMs, wake);
      const offs = [adminJobs.onChange(wake), load.onChange(wake)];
      signal.addEventListener('abort', wake, { once: true });
      if (signal.aborted) wake();
    });
  }

  /** Models of a host that is away for a moment are there too: they come back. */
  #isThere(model: string): boolean {
    const key = modelKey(model);
    return this.#parts.load
      .instances()
      .some(({ load }) => load.models.some(({ name }) => isModel(name, key)));
  }

  #remember(key: string, failure: RequestFailure): void {
    this.#failures.delete(key);
    this.#failures.set(key, { atMs: this.#parts.clock.now(), failure });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > maxFailures && oldest !== undefined) this.#failures.delete(oldest);
  }
}

type FirstOf = 'late' | 'aborted' | { readonly failure: RequestFailure | undefined };

function firstOf(
  ended: Promise<RequestFailure | undefined>,
  { waitMs, signal, clock }: { readonly waitMs: number; readonly signal: AbortSignal; readonly clock: Clock },
): Promise<FirstOf> {
  return new Promise((resolve) => {
    const end = (how: FirstOf): void => {
      timer?.cancel();
      signal.removeEventListener('abort', left);
      resolve(how);
    };
    const left = (): void => end('aborted');
    const timer = waitMs === Infinity ? undefined : clock.setTimer(waitMs, () => end('late'));
    signal.addEventListener('abort', left, { once: true });
    if (signal.aborted) left();
    void ended.then((failure) => end({ failure }));
  });
}
