import type { Clock, Logger, Timer } from '@drover/actor-core';
import type { AuditSigner } from './audit-key.ts';
import { type AuditEvent, readLine, signatureOf } from './audit-record.ts';
import { type AuditStore, maxMessageBytes } from './audit-store.ts';
import { type ChainEnd, emptyChain, sealBatch, type SealedBatch } from './seal-batch.ts';

/** The newest checkpoint of a chain, kept outside the store: a line. */
export interface AuditHead {
  read(): string | undefined;
  /** Must not throw. */
  write(line: string): void;
}

export interface AuditChainOptions {
  readonly store: AuditStore;
  /** Id of the gateway. */
  readonly chain: string;
  readonly signer: AuditSigner;
  readonly head: AuditHead;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What a gateway tells about its chain. */
export interface AuditStatus {
  readonly chain: string;
  /** Whether the chain was read from the store since the start. */
  readonly isOpen: boolean;
  /** Records that wait for the store. */
  readonly waiting: number;
  /** For how long the oldest of them waits: what would be lost if the gateway were killed now. 0 for none. */
  readonly lossWindowMs: number;
  /** Records and messages that the store took since the start. */
  readonly stored: number;
  readonly batches: number;
  /** Since the store took the last message; absent before the first. */
  readonly storedAgoMs?: number;
  /** Records that were dropped since the start, because too many waited. */
  readonly lost: number;
  /** For how long the store has taken nothing, and why; absent while it does. */
  readonly failing?: { readonly forMs: number; readonly reason: string };
  /** What the store lacks of what this gateway has signed; absent without a fault. */
  readonly damage?: string;
}

interface Waiting {
  readonly event: AuditEvent;
  readonly time: string;
  readonly atMs: number;
  readonly isUrgent: boolean;
  readonly onStored: (() => void) | undefined;
}

/** Events of data requests are written together, at the latest after this time; it is also the time of a checkpoint. */
const gatherMs = 1_000;
const maxBatch = 512;
const maxWaiting = 10_000;
/** How long an act waits for the store, at first and once the store has taken nothing for so long. */
const patienceMs = 3_000;
const shortPatienceMs = 250;
const retryMs = 500;
/** Pause before the end of the chain is read again after a rejected attempt. */
const lookMs = 50;
/** Attempts with an unknown outcome that are remembered. */
const maxAttempts = 8;

/**
 * Writes the chain of one gateway. One message is on its way at a time; it asserts the sequence of the message before
 * it, so that two processes with one id cannot write two ends of one chain. An attempt whose outcome is unknown is
 * looked up before the next one.
 */
export class AuditChain {
  readonly #options: AuditChainOptions;
  readonly #queue: Waiting[] = [];
  #urgent = 0;
  /** Undefined: must be read from the store. */
  #end: (ChainEnd & { readonly sequence: number }) | undefined;
  #attempts: SealedBatch[] = [];
  #isOpen = false;
  #isWriting = false;
  #isClosed = false;
  #timer: { readonly atMs: number; readonly timer: Timer } | undefined;
  #notBeforeMs = 0;
  #unsigned = 0;
  #signedAtMs = -Infinity;
  #lost = 0;
  #stored = 0;
  #batches = 0;
  #storedAtMs: number | undefined;
  #lostSinceWrite = 0;
  #failing: { readonly sinceMs: number; readonly reason: string } | undefined;
  #damage: string | undefined;
  #head: string | undefined;
  #idle: (() => void)[] = [];

  constructor(options: AuditChainOptions) {
    this.#options = options;
    this.#head = options.head.read();
  }

  get status(): AuditStatus {
    const { chain, clock } = this.#options;
    return {
      chain,
      isOpen: this.#isOpen,
      waiting: this.#queue.length,
      lossWindowMs: Math.round(clock.now() - (this.#queue[0]?.atMs ?? clock.now())),
      stored: this.#stored,
      batches: this.#batches,
      ...(this.#storedAtMs !== undefined && { storedAgoMs: Math.round(clock.now() - this.#storedAtMs) }),
      lost: this.#lost,
      ...(this.#failing && {
        failing: { forMs: Math.round(clock.now() - this.#failing.sinceMs), reason: this.#failing.reason },
      }),
      ...(this.#damage !== undefined && { damage: this.#damage }),
    };
  }

  /** The newest checkpoint: a line. */
  get head(): string | undefined {
    return this.#head;
  }

  /** Written within a second while the store answers. An event is dropped, and counted, where too many wait. */
  append(event: AuditEvent, { isUrgent = false }: { readonly isUrgent?: boolean } = {}): void {
    this.#add(event, isUrgent, undefined);
  }

  /** True once the event is in the store; false where it was not by its deadline. Then it still waits. */
  write(event: AuditEvent): Promise<boolean> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const failingMs = this.#failing === undefined ? 0 : clock.now() - this.#failing.sinceMs;
      const limitMs = failingMs > patienceMs ? shortPatienceMs : patienceMs;
      const timer = clock.setTimer(limitMs, () => resolve(false));
      const stored = (): void => {
        timer.cancel();
        resolve(true);
      };
      if (this.#add(event, true, stored)) return;
      timer.cancel();
      resolve(false);
    });
  }

  /** Writes what waits, with a checkpoint, for at most that long. Nothing is taken afterwards. */
  async close(withinMs: number): Promise<void> {
    if (this.#isClosed) return;
    const { clock } = this.#options;
    this.#isClosed = true;
    this.#signedAtMs = -Infinity;
    const limit = { cancel: (): void => undefined };
    await new Promise<void>((resolve) => {
      limit.cancel = (() => {
        const timer = clock.setTimer(withinMs, resolve);
        return () => timer.cancel();
      })();
      this.#idle.push(resolve);
      this.#plan();
    });
    limit.cancel();
    this.#timer?.timer.cancel();
    this.#queue.length = 0;
  }

  #add(event: AuditEvent, isUrgent: boolean, onStored: (() => void) | undefined): boolean {
    if (this.#isClosed || this.#queue.length >= maxWaiting) {
      this.#lost++;
      this.#lostSinceWrite++;
      return false;
    }
    this.#queue.push({ event, time: this.#time(), atMs: this.#options.clock.now(), isUrgent, onStored });
    if (isUrgent) this.#urgent++;
    this.#plan();
    return true;
  }

  #time(): string {
    return new Date(this.#options.clock.wallNow()).toISOString();
  }

  #plan(): void {
    if (this.#isWriting) return;
    const { clock } = this.#options;
    const hasWork = this.#queue.length > 0 || this.#unsigned > 0;
    if (!hasWork) return this.#becomeIdle();
    const isDue = this.#isClosed || this.#urgent > 0 || this.#queue.length >= maxBatch;
    const gatheredMs = this.#timer?.atMs ?? clock.now() + gatherMs;
    const unhurriedMs = this.#queue.length > 0 ? gatheredMs : this.#signedAtMs + gatherMs;
    const atMs = Math.max(isDue ? 0 : unhurriedMs, this.#notBeforeMs);
    if (atMs <= clock.now()) return void this.#write();
    if (this.#timer !== undefined && this.#timer.atMs <= atMs) return;
    this.#timer?.timer.cancel();
    const timer = clock.setTimer(atMs - clock.now(), () => {
      this.#timer = undefined;
      void this.#write();
    });
    this.#timer = { atMs, timer };
  }

  #becomeIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    try {
      await this.#attempt();
      this.#failing = undefined;
    } catch (error) {
      this.#fail(error);
    }
    this.#isWriting = false;
    this.#plan();
  }

  #fail(error: unknown): void {
    const { clock, log } = this.#options;
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#failing === undefined) log.warn({ err: error }, 'the audit records cannot be written');
    this.#failing = { sinceMs: this.#failing?.sinceMs ?? clock.now(), reason };
    this.#end = undefined;
    this.#notBeforeMs = clock.now() + retryMs;
  }

  /** @throws StoreUnavailableError */
  async #attempt(): Promise<void> {
    const { store, chain, signer, clock } = this.#options;
    const end = (this.#end ??= await this.#open());
    if (this.#queue.length === 0 && this.#unsigned === 0) return;
    if (this.#lostSinceWrite > 0) this.#noteLoss();
    const isSigned = clock.now() - this.#signedAtMs >= gatherMs;
    const limits = { maxBytes: maxMessageBytes, maxRecords: maxBatch };
    const signing = { signer, signedAt: isSigned ? this.#time() : undefined };
    const batch = sealBatch(chain, end, this.#queue, limits, signing);
    if (batch.count === 0 && !isSigned) return;
    this.#attempts = [...this.#attempts.slice(1 - maxAttempts), batch];
    const result = await store.append(chain, batch.text, end.sequence);
    if (result.kind === 'written') return this.#settle(batch, result.sequence);
    // Another attempt of this process came first, or another process writes the chain: look.
    this.#end = undefined;
    this.#notBeforeMs = clock.now() + lookMs;
  }

  #noteLoss(): void {
    const event: AuditEvent = { kind: 'lost', count: this.#lostSinceWrite };
    this.#lostSinceWrite = 0;
    const atMs = this.#options.clock.now();
    this.#queue.push({ event, time: this.#time(), atMs, isUrgent: false, onStored: undefined });
  }

  #settle({ end, count, checkpoint }: SealedBatch, sequence: number): void {
    this.#attempts = [];
    this.#end = { ...end, sequence };
    this.#stored += count;
    this.#batches++;
    this.#storedAtMs = this.#options.clock.now();
    for (const { isUrgent, onStored } of this.#queue.splice(0, count)) {
      if (isUrgent) this.#urgent--;
      onStored?.();
    }
    this.#unsigned = checkpoint === undefined ? this.#unsigned + count : 0;
    if (checkpoint === undefined) return;
    this.#signedAtMs = this.#options.clock.now();
    this.#head = checkpoint;
    this.#options.head.write(checkpoint);
  }

  /** Reads the end of the chain from the store, and finds out which attempt became of it. */
  async #open(): Promise<ChainEnd & { readonly sequence: number }> {
    const { store, chain, log } = this.#options;
    const message = await store.last(chain);
    const line = message && lastLine(message.text);
    const sequence = message?.sequence ?? 0;
    const accepted = this.#attempts.find(({ end }) => end.hash === line?.hash);
    if (accepted !== undefined) {
      this.#settle(accepted, sequence);
      return { ...accepted.end, sequence };
    }
    const head = this.#head === undefined ? undefined : readLine(this.#head);
    const began = head && signatureOf(head)?.began;
    this.#isOpen = true;
    if (head !== undefined && (line === undefined || line.n < head.n)) {
      // The chain goes on behind what was signed, so that whoever verifies it sees the gap.
      this.#damage ??= `the store lacks records up to ${head.n} of the chain ${chain}, which this gateway has signed`;
      log.error({ chain, signed: head.n, found: line?.n ?? -1 }, 'audit records are missing in the store');
      return { n: head.n, hash: head.hash, began, sequence };
    }
    return line === undefined ? { ...emptyChain, sequence } : { n: line.n, hash: line.hash, began, sequence };
  }
}

function lastLine(text: string): { readonly n: number; readonly hash: string } | undefined {
  return readLine(text.trimEnd().split('\n').at(-1) ?? '');
}
