import type { Timer } from '../clock.ts';
import { StoreUnavailableError } from '../errors.ts';
import { listQuarantined } from '../journal/quarantine.ts';
import type { LocalNode } from '../membership/local-node.ts';
import type { MemoryStats } from '../memory/memory.ts';
import { createPubSub } from '../pubsub/pub-sub.ts';
import { defaultEntityShards, plannedLogs, type StreamPlan } from '../transport/stream-plan.ts';
import { anyToken, entityLog } from '../transport/subjects.ts';
import { maxListed, storeReports, type QuarantinedJournal, type ThinLog } from './store-report.ts';

const publishMs = 5_000;
/** Looking at all logs costs the servers one question for each. */
const lookMs = 30_000;
const maxTextLength = 500;

/** What a host reports besides the facts of its storage. */
export interface StoreReportOptions {
  /** The memory of this node, whose upkeep is reported. */
  readonly memory: { readonly stats: Pick<MemoryStats, 'moved' | 'reclaimedBlobs'> };
  /** The streams of the cluster, as in the permissions of the host. */
  readonly plan?: StreamPlan;
  /** Servers that should keep a copy of each log. @default 1 */
  readonly replicas?: number;
}

/** What the last look at the logs has shown. */
interface LogFindings {
  readonly thinLogs: readonly ThinLog[];
  readonly quarantined: readonly QuarantinedJournal[];
  readonly quarantinedCount: number;
}

/**
 * Publishes the report of a host every 5 s. The logs are looked at every 30 s; a log that does not exist or does not
 * answer is left out, because the check of the store tells of that.
 *
 * @returns the function that ends it
 */
export function publishStoreReports(node: LocalNode, options: StoreReportOptions): () => void {
  const reporter = new StoreReporter(node, options);
  reporter.start();
  return () => reporter.stop();
}

class StoreReporter {
  readonly #node: LocalNode;
  readonly #options: StoreReportOptions;
  #findings: LogFindings = { thinLogs: [], quarantined: [], quarantinedCount: 0 };
  #lookAtMs: number;
  #isLooking = false;
  #timer: Timer | undefined = undefined;
  #isStopped = false;

  constructor(node: LocalNode, options: StoreReportOptions) {
    this.#node = node;
    this.#options = options;
    this.#lookAtMs = node.clock.now();
  }

  start(): void {
    this.#timer = this.#node.clock.setTimer(publishMs, () => {
      if (this.#isStopped) return;
      this.#publish();
      if (this.#node.clock.now() >= this.#lookAtMs && !this.#isLooking) void this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #publish(): void {
    const { memory, replicas = 1 } = this.#options;
    const { moved, reclaimedBlobs } = memory.stats;
    createPubSub(this.#node).publish(storeReports, {
      refusedWrites: this.#node.storage.writer.fencedOff,
      movedValues: moved,
      reclaimedBlobs,
      wantedReplicas: replicas,
      ...this.#findings,
    });
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#node;
    this.#isLooking = true;
    this.#lookAtMs = clock.now() + lookMs;
    try {
      this.#findings = { thinLogs: await this.#thinLogs(), ...(await this.#quarantined()) };
    } catch (error) {
      log.debug({ err: error }, 'the logs cannot be looked at; trying later');
    } finally {
      this.#isLooking = false;
    }
    if (!this.#isStopped) this.#publish();
  }

  async #thinLogs(): Promise<ThinLog[]> {
    const { storage, subjects } = this.#node;
    const { plan = {}, replicas: wanted = 1 } = this.#options;
    const thin: ThinLog[] = [];
    for (const name of plannedLogs(subjects, plan)) {
      const info = await orAbsent(storage.log.info(name));
      if (info === undefined) continue;
      const { copies, spec } = info;
      if (copies < Math.max(wanted, spec.replicas)) thin.push({ name, replicas: spec.replicas, copies });
    }
    return thin.slice(0, maxListed);
  }

  async #quarantined(): Promise<Omit<LogFindings, 'thinLogs'>> {
    const { storage, subjects } = this.#node;
    const shards = this.#options.plan?.entityShards ?? defaultEntityShards;
    const quarantined: QuarantinedJournal[] = [];
    let quarantinedCount = 0;
    for (let shard = 0; shard < shards; shard++) {
      const name = entityLog(subjects.cell, shard);
      if ((await orAbsent(storage.log.info(name))) === undefined) continue;
      const pattern = subjects.entity(shard, anyToken, anyToken, 'quarantine');
      for await (const { subject, reason, detail } of listQuarantined(storage.log, name, pattern)) {
        quarantinedCount++;
        if (quarantined.length < maxListed)
          quarantined.push({ subject: short(subject), reason, detail: short(detail) });
      }
    }
    return { quarantined, quarantinedCount };
  }
}

/** Undefined for a log that does not exist. @throws StoreUnavailableError for one that does not answer */
async function orAbsent<T>(info: Promise<T>): Promise<T | undefined> {
  try {
    return await info;
  } catch (error) {
    if (error instanceof StoreUnavailableError && error.code === 'store-missing') return undefined;
    throw error;
  }
}

function short(text: string): string {
  return text.slice(0, maxTextLength);
}
