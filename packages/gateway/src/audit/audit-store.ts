import type { LogInfo, LogSpec, NodeStorage } from '@drover/actor-core/durable';
import { anyToken, auditLog, type LocalNode, type Subjects } from '@drover/actor-core/cluster';
import { InvalidArgumentError } from '@drover/actor-core';

/** How much of the records is kept: whichever limit is reached first removes the oldest. */
export interface AuditRetention {
  /** At least an hour. @default 7_776_000_000 (90 days) */
  readonly maxAgeMs: number;
  /** Of all chains together, on each server with a copy. @default 268_435_456 (256 MiB) */
  readonly maxBytes: number;
}

export const defaultRetention: AuditRetention = Object.freeze({
  maxAgeMs: 90 * 24 * 3_600_000,
  maxBytes: 256 * 1024 * 1024,
});

/** Largest payload of one message. */
export const maxMessageBytes: number = 256 * 1024;

/** One message of a chain: lines. */
export interface StoredMessage {
  readonly sequence: number;
  readonly chain: string;
  readonly text: string;
}

/** Messages in the order of the store, of one chain or of all. */
export interface AuditPage {
  readonly messages: readonly StoredMessage[];
  /** Sequence at which the next page begins. */
  readonly next: number;
  readonly isEnd: boolean;
}

export type AppendResult =
  | { readonly kind: 'written'; readonly sequence: number }
  | { readonly kind: 'rejected' };

/** The stream of the audit records. Every function throws `StoreUnavailableError` where the store does not answer. */
export class AuditStore {
  readonly #storage: NodeStorage;
  readonly #subjects: Subjects;
  readonly #name: string;

  constructor(storage: NodeStorage, subjects: Subjects) {
    this.#storage = storage;
    this.#subjects = subjects;
    this.#name = auditLog(subjects.cell);
  }

  /** Creates the stream, or gives the existing one this retention. For hosts: a gateway may not. */
  async ensure(retention: AuditRetention, nowMs: number): Promise<void> {
    const { log } = this.#storage;
    const spec = this.#specOf(retention, nowMs);
    try {
      await log.ensure(spec);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError) || !limitFields.has(error.argument)) throw error;
      await log.resize(this.#name, retention);
      await log.ensure(spec);
    }
  }

  info(): Promise<LogInfo> {
    return this.#storage.log.info(this.#name);
  }

  /** The newest message of a chain. */
  async last(chain: string): Promise<StoredMessage | undefined> {
    const record = await this.#storage.log.readLast(this.#name, this.#subjects.audit(chain));
    return record && messageOf(record);
  }

  /**
   * Appends a message to a chain whose newest message has that sequence, 0 for none.
   *
   * @throws StoreUnavailableError also where the outcome is unknown
   */
  async append(chain: string, text: string, after: number): Promise<AppendResult> {
    const subject = this.#subjects.audit(chain);
    const record = { subject, payload: new TextEncoder().encode(text) };
    const outcome = await this.#storage.writer.write(this.#name, record, { subject, sequence: after });
    return outcome.kind === 'written' ? outcome : { kind: 'rejected' };
  }

  /** @param chain of one gateway. @default all */
  async page(from: number, chain: string | undefined, messages: number): Promise<AuditPage> {
    const filter = this.#subjects.audit(chain ?? anyToken);
    const page = await this.#storage.log.readForward(this.#name, { from, filter, limit: messages });
    return { messages: page.records.map(messageOf), next: page.next, isEnd: page.isEnd };
  }

  #specOf({ maxAgeMs, maxBytes }: AuditRetention, nowMs: number): LogSpec {
    return {
      name: this.#name,
      subjects: [this.#subjects.audit(anyToken)],
      historyPerSubject: 0,
      maxAgeMs,
      maxBytes,
      maxRecordBytes: 2 * maxMessageBytes,
      discard: 'old',
      // Sequences of a stream that was lost are not issued again.
      firstSequence: nowMs,
    };
  }
}

const limitFields: ReadonlySet<string> = new Set(['spec.maxAgeMs', 'spec.maxBytes']);

export function auditStoreOf({ storage, subjects }: Pick<LocalNode, 'storage' | 'subjects'>): AuditStore {
  return new AuditStore(storage, subjects);
}

function messageOf({
  sequence,
  subject,
  payload,
}: {
  readonly sequence: number;
  readonly subject: string;
  readonly payload: Uint8Array;
}): StoredMessage {
  return {
    sequence,
    chain: subject.slice(subject.lastIndexOf('.') + 1),
    text: new TextDecoder().decode(payload),
  };
}
