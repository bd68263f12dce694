import type { LocalNode } from '@drover/actor-core/cluster';
import {
  type LogRecord,
  type LogWatch,
  type NodeStorage,
  StoreUnavailableError,
  watchLog,
} from '@drover/actor-core/durable';
import { quotaLogSpec } from './quota-log.ts';
import { decodeBatch, encodeBatch, maxBatchOps, type QuotaOp } from './quota-op.ts';
import { windowMs } from './quota-rule.ts';

/** What the journal needs of its node. */
export interface JournalNode extends Pick<LocalNode, 'subjects' | 'nodeId' | 'clock' | 'random' | 'log'> {
  readonly storage: Pick<NodeStorage, 'log'>;
}

/** Hears what all gateways tell. */
export interface QuotaListener {
  /** @param atMs when it was accepted, by the clock of this process; not earlier than in truth */
  onOp(run: string, batch: number, op: QuotaOp, atMs: number): void;
  /** This run's changes were not accepted, as far as is known. */
  onLost(ops: readonly QuotaOp[]): void;
}

/** Tells the other gateways about changes of quotas, and hears theirs, in one order for all. */
export interface QuotaJournal {
  /** Identity of this run. */
  readonly run: string;
  /** Whether everything that counts was read once. */
  readonly hasCaughtUp: boolean;
  /** The store answered that there is no such log: the hosts are of an earlier version. */
  readonly isMissing: boolean;
  tell(op: QuotaOp): void;
  /** Tells what is left to tell, once, and ends. */
  close(): Promise<void>;
}

const retryMs = 500;
/** Changes that wait for a store that does not answer; the oldest are dropped. */
const maxWaiting = 20_000;
/** A change that is older concerns units that have ended. */
const maxWaitMs = 2 * windowMs;

interface Waiting {
  readonly op: QuotaOp;
  readonly sinceMs: number;
}

/** Opens the journal of a node. It follows the log of the quotas as soon as a host has created it. */
export function openQuotaJournal(node: JournalNode, listener: QuotaListener): QuotaJournal {
  return new Journal(node, listener);
}

class Journal implements QuotaJournal {
  readonly run: string;
  readonly #node: JournalNode;
  readonly #listener: QuotaListener;
  readonly #name: string;
  readonly #subject: string;
  #waiting: Waiting[] = [];
  #batches = 0;
  #sending: Promise<void> | undefined;
  #watch: LogWatch | undefined;
  #timer: { cancel(): void } | undefined;
  #retryTimer: { cancel(): void } | undefined;
  /** Least difference between the clock of this process and that of the server, as far as seen. */
  #skewMs = Number.POSITIVE_INFINITY;
  #hasEnded = false;
  hasCaughtUp = false;
  isMissing = false;

  constructor(node: JournalNode, listener: QuotaListener) {
    this.#node = node;
    this.#listener = listener;
    this.run = node.random.id().slice(0, 16);
    this.#name = quotaLogSpec(node.subjects, 0).name;
    this.#subject = node.subjects.quota(node.nodeId);
    this.#follow();
  }

  tell(op: QuotaOp): void {
    this.#waiting.push({ op, sinceMs: this.#node.clock.now() });
    if (this.#waiting.length > maxWaiting) this.#waiting.shift();
    this.#send();
  }

  async close(): Promise<void> {
    this.#hasEnded = true;
    this.#timer?.cancel();
    this.#retryTimer?.cancel();
    this.#watch?.close();
    await this.#sending;
    if (this.#waiting.length > 0) await this.#sendBatch();
  }

  #follow(): void {
    void this.#tryOpen();
  }

  /** Never throws. */
  async #tryOpen(): Promise<void> {
    try {
      await this.#open();
      this.isMissing = false;
    } catch (err) {
      this.isMissing = err instanceof StoreUnavailableError && err.code === 'store-missing';
      this.#node.log.debug({ err }, 'the log of the quotas cannot be followed yet');
      if (!this.#hasEnded) this.#timer = this.#node.clock.setTimer(retryMs, () => this.#follow());
    }
  }

  async #open(): Promise<void> {
    const { storage, clock } = this.#node;
    const askedAtMs = clock.now();
    const { answeredAtMs } = await storage.log.info(this.#name);
    // The answer was given after the question.
    this.#skewMs = Math.max(clock.now() - answeredAtMs, askedAtMs - answeredAtMs);
    const watch = await watchLog({
      log: storage.log,
      name: this.#name,
      clock,
      onRecord: (record, isAnnounced) => this.#take(record, isAnnounced),
      onCaughtUp: () => {
        this.hasCaughtUp = true;
      },
    });
    if (this.#hasEnded) watch.close();
    else this.#watch = watch;
  }

  #take({ payload, acceptedAtMs }: LogRecord, isAnnounced: boolean): void {
    const nowMs = this.#node.clock.now();
    this.#skewMs = Math.min(this.#skewMs, nowMs - acceptedAtMs);
    // A record that was read may be old. One that was announced is new, whatever the clock of the server says.
    const atMs = isAnnounced ? nowMs : Math.min(nowMs, acceptedAtMs + this.#skewMs);
    const batch = decodeBatch(payload);
    for (const op of batch?.ops ?? []) this.#listener.onOp(batch?.run ?? '', batch?.number ?? 0, op, atMs);
  }

  #send(): void {
    if (this.#sending !== undefined || this.#waiting.length === 0 || this.#hasEnded) return;
    if (this.#retryTimer !== undefined) return;
    this.#sending = this.#sendSoon();
  }

  /** Never throws. */
  async #sendSoon(): Promise<void> {
    // Later in this turn more changes may come: they leave together.
    await Promise.resolve();
    const isAccepted = await this.#sendBatch();
    this.#sending = undefined;
    if (isAccepted) return this.#send();
    this.#retryTimer = this.#node.clock.setTimer(retryMs, () => {
      this.#retryTimer = undefined;
      this.#send();
    });
  }

  /** Never throws. Returns whether the batch was accepted. */
  async #sendBatch(): Promise<boolean> {
    const { storage, clock, log } = this.#node;
    const sent = this.#waiting.splice(0, maxBatchOps);
    const ops = sent.map(({ op }) => op);
    this.#batches += 1;
    const number = this.#batches;
    const payload = encodeBatch({ run: this.run, number, ops });
    const record = { subject: this.#subject, payload, messageId: `${this.run}.${number}` };
    try {
      const outcome = await storage.log.append(this.#name, record);
      if (outcome.kind === 'appended') return true;
      log.debug({ outcome: outcome.kind }, 'claims of quotas were not accepted');
    } catch (err) {
      log.debug({ err }, 'claims of quotas could not be sent');
    }
    this.#keep(sent, clock.now());
    this.#listener.onLost(ops);
    return false;
  }

  /** Claims are not told again: those who waited for them have gone. What was used and given back is. */
  #keep(sent: readonly Waiting[], nowMs: number): void {
    const facts = sent.filter(({ op, sinceMs }) => op.kind !== 'take' && nowMs - sinceMs < maxWaitMs);
    this.#waiting = [...facts, ...this.#waiting].slice(-maxWaiting);
  }
}
