import {
  type AdminJob,
  type AdminOperation,
  type AdminStep,
  type AdminTarget,
  AdminJobDiffersError,
  decideProgress,
  isModel,
  modelKey,
  nothingTold,
} from '@drover/fleet';
import { InvalidArgumentError } from '@drover/actor-core';
import { RequestFailure } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import type { GatewayServices } from '../services.ts';
import { type AdminVerdict, decideVerdict, type SeenJob } from './admin-outcome.ts';

/** An operation on a model at some hosts. */
export interface AdminRequest {
  readonly operation: AdminOperation;
  readonly model: string;
  /** Other fields for Ollama. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly targets: readonly AdminTarget[];
}

/** Receives what becomes of the operation, in order. */
export interface AdminListener {
  /** The jobs are stored: from now on they go on whatever happens to the client. */
  onSubmitted(): void;
  onStep(step: AdminStep): void;
  /** Nothing new for some time. */
  onQuiet(): void;
}

/** Time between two looks while nothing changes. */
const lookMs = 1_000;
/** A host that has not been seen ready for this time is not waited for. */
const awayMs = 60_000;
/** Time until the load reports show the result. */
const visibleMs = 2_000;

/**
 * Submits the jobs of an operation and follows them until all are over. The jobs do not end with the client: an answer
 * that stops early leaves them running.
 *
 * @returns undefined where the client has left or the gateway stops
 * @throws RequestFailure 409 for another job on the model, 413 for a large request; StoreUnavailableError
 */
export async function runAdmin(
  services: GatewayServices,
  exchange: Exchange,
  wanted: AdminRequest,
  listener?: AdminListener,
): Promise<AdminVerdict | undefined> {
  const submitted = await submit(services, exchange, wanted);
  listener?.onSubmitted();
  const watch = new JobWatch(services, exchange, submitted);
  let progress = nothingTold;
  try {
    for (;;) {
      const jobs = watch.look();
      const decision = decideProgress(
        progress,
        jobs.flatMap(({ now }) => now ?? []),
      );
      progress = decision.progress;
      for (const line of decision.lines) listener?.onStep(line);
      if (decision.lines.length === 0) listener?.onQuiet();
      const verdict = decideVerdict(jobs);
      if (verdict.kind === 'done') await waitUntilVisible(services, wanted, watch);
      if (verdict.kind !== 'under-way') return verdict;
      await watch.change(lookMs);
      if (exchange.interruption) throw exchange.interruption;
      if (exchange.signal.aborted || services.drain.isDraining) return undefined;
    }
  } finally {
    watch.close();
  }
}

async function submit(
  { adminJobs }: GatewayServices,
  { principal: { keyId, tenant, roles } }: Exchange,
  wanted: AdminRequest,
): Promise<readonly AdminJob[]> {
  try {
    return await adminJobs.submit({ ...wanted, principal: { keyId, tenant, roles } });
  } catch (error) {
    if (error instanceof AdminJobDiffersError) throw new RequestFailure(409, 'job-differs', error.message);
    if (error instanceof InvalidArgumentError)
      throw new RequestFailure(413, 'body-too-large', `the request ${error.message}`);
    throw error;
  }
}

/** The jobs of one request, and the presence of their hosts. */
class JobWatch {
  readonly #services: GatewayServices;
  readonly #exchange: Exchange;
  readonly #submitted: readonly AdminJob[];
  /** When each host was last seen ready, by node. */
  readonly #readyAtMs = new Map<string, number>();
  readonly #offs: (() => void)[];
  #wake: (() => void) | undefined;

  constructor(services: GatewayServices, exchange: Exchange, submitted: readonly AdminJob[]) {
    this.#services = services;
    this.#exchange = exchange;
    this.#submitted = submitted;
    const nowMs = services.node.clock.now();
    for (const { node } of submitted) this.#readyAtMs.set(node, nowMs);
    const wake = (): void => this.#wake?.();
    exchange.signal.addEventListener('abort', wake, { once: true });
    this.#offs = [
      services.adminJobs.onChange(wake),
      services.drain.onBegin(wake),
      services.fleet.load.onChange(wake),
    ];
  }

  look(): readonly SeenJob[] {
    const { node, fleet, adminJobs } = this.#services;
    const nowMs = node.clock.now();
    for (const { alive, node: name, load } of fleet.load.instances())
      if (alive && load.state === 'ready') this.#readyAtMs.set(name, nowMs);
    return this.#submitted.map((submitted) => ({
      submitted,
      now: adminJobs.current(submitted),
      isAway: nowMs - (this.#readyAtMs.get(submitted.node) ?? nowMs) > awayMs,
    }));
  }

  /** Resolves at the next change, or after a time. */
  change(withinMs: number): Promise<void> {
    if (this.#exchange.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#services.node.clock.setTimer(withinMs, () => this.#wake?.());
      this.#wake = () => {
        timer.cancel();
        this.#wake = undefined;
        resolve();
      };
    });
  }

  close(): void {
    for (const off of this.#offs) off();
  }
}

/** Waits for load reports with the result, so that a client can use the model, or misses it, at once. */
async function waitUntilVisible(
  { fleet, node }: GatewayServices,
  { operation, model, targets }: AdminRequest,
  watch: JobWatch,
): Promise<void> {
  if (operation === 'push') return;
  const key = modelKey(model);
  const untilMs = node.clock.now() + visibleMs;
  const isVisible = (): boolean =>
    fleet.load.instances().every(({ node: name, load }) => {
      const isTarget = targets.some((target) => target.node === name && target.instance === load.name);
      const has = load.models.some((listed) => isModel(listed.name, key));
      return !isTarget || has === (operation !== 'delete');
    });
  while (!isVisible() && node.clock.now() < untilMs) await watch.change(untilMs - node.clock.now());
}
