import type { LocalNode } from '../membership/local-node.ts';
import { controlStream } from '../transport/subjects.ts';
import type { LogRecord } from '../storage/log/log.ts';
import { RecordUnreadableError } from '../errors.ts';

/** One kind of record in the control stream of a leadership group. */
export interface RecordKind<T> {
  readonly group: string;
  /** Subject token before the slot. */
  readonly name: string;
  /** @throws RecordUnreadableError naming the subject */
  decode(subject: string, payload: Uint8Array): T;
}

/** Reads the newest record of each slot, from the stream's leader. */
export class RecordStore<T> {
  readonly #node: LocalNode;
  readonly #kind: RecordKind<T>;
  readonly #stream: string;

  constructor(node: LocalNode, kind: RecordKind<T>) {
    this.#node = node;
    this.#kind = kind;
    this.#stream = controlStream(node.subjects.cell, kind.group);
  }

  subjectOf(slot: number): string {
    return this.#subject(String(slot));
  }

  /** The readable records of all slots. @throws StoreUnavailableError */
  async readAll(): Promise<T[]> {
    const found: T[] = [];
    for await (const page of this.#node.storage.log.readAllLast(this.#stream, this.#subject('*')))
      for (const record of page) found.push(...this.#decodeOrSkip(record));
    return found;
  }

  /** Undefined for a slot that was never written. @throws StoreUnavailableError, RecordUnreadableError */
  async read(slot: number): Promise<T | undefined> {
    const subject = this.subjectOf(slot);
    const stored = await this.#node.storage.log.readLast(this.#stream, subject);
    return stored && this.#kind.decode(subject, stored.payload);
  }

  #subject(token: string): string {
    return this.#node.subjects.control(this.#kind.group, this.#kind.name, token);
  }

  /** Skips an unreadable record and logs it, so that one broken record does not block all the others. */
  #decodeOrSkip({ subject, payload }: LogRecord): T[] {
    try {
      return [this.#kind.decode(subject, payload)];
    } catch (error) {
      if (!(error instanceof RecordUnreadableError)) throw error;
      const { group } = this.#kind;
      this.#node.log.error(
        { err: error, subject },
        `${group}: ${error.message}; the record is skipped, inspect it with any NATS tool`,
      );
      return [];
    }
  }
}
