import { StoreUnavailableError } from '../errors.ts';
import { type Fence, takeFence } from '../fence/fence.ts';
import type { LocalNode } from '../membership/local-node.ts';
import type { LogSpec } from '../storage/log/log-spec.ts';
import {
  decideLoss,
  decodeLeadRecord,
  encodeLeadRecord,
  type LeadRecord,
  type LogSeen,
  noLogSeen,
} from './lead-record.ts';

/** The log of one group, as a candidate reads and writes its lead records. */
export class LeadLog {
  readonly name: string;
  readonly subject: string;
  readonly #node: Pick<LocalNode, 'storage' | 'clock' | 'nodeId' | 'incarnation'>;
  readonly #spec: Omit<LogSpec, 'firstSequence'>;
  readonly #nonce: string;
  #prepared: Promise<void> | undefined = undefined;
  #seen: LogSeen = noLogSeen;

  constructor(
    node: Pick<LocalNode, 'storage' | 'clock' | 'nodeId' | 'incarnation'>,
    spec: Omit<LogSpec, 'firstSequence'>,
    own: { readonly subject: string; readonly nonce: string },
  ) {
    this.#node = node;
    this.#spec = spec;
    this.name = spec.name;
    this.subject = own.subject;
    this.#nonce = own.nonce;
  }

  /**
   * The newest lead record.
   *
   * @throws StoreUnavailableError
   * @throws TypeError or SyntaxError the record cannot be read
   */
  async newest(): Promise<LeadRecord | undefined> {
    try {
      await this.#prepare();
      const stored = await this.#node.storage.log.readLast(this.name, this.subject);
      return stored === undefined ? undefined : decodeLeadRecord(stored);
    } catch (error) {
      // The log is created again before the next attempt.
      if (error instanceof StoreUnavailableError && error.code === 'store-missing')
        this.#prepared = undefined;
      throw error;
    }
  }

  /** The log has no lead record with that fence or a higher one: whether it lost it. @throws StoreUnavailableError */
  async hasLost(): Promise<boolean> {
    const info = await this.#node.storage.log.info(this.name);
    const { seen, isLost } = decideLoss(this.#seen, info, this.#node.clock.now());
    this.#seen = seen;
    return isLost;
  }

  /** Whether the last look found less than this node knows of. */
  get isShort(): boolean {
    return this.#seen.shortLooks > 0;
  }

  /** The log has all lead records that this node knows of. */
  noteComplete(): void {
    this.#seen = { ...this.#seen, shortLooks: 0 };
  }

  /** Writes a lead record by compare-and-set; undefined where another candidate was first. @throws as `takeFence` */
  async take(after: number, term: number): Promise<Fence | undefined> {
    const { nodeId, incarnation, storage } = this.#node;
    const payload = encodeLeadRecord({ leader: nodeId, incarnation, term, nonce: this.#nonce });
    const record = { subject: this.subject, payload };
    const outcome = await takeFence(storage.writer, { log: this.name, after, record });
    return outcome.kind === 'taken' ? outcome.fence : undefined;
  }

  /** Did this candidacy write the record? */
  isOwn(record: LeadRecord): boolean {
    return record.nonce === this.#nonce;
  }

  #prepare(): Promise<void> {
    this.#prepared ??= this.#ensure().catch((error: unknown) => {
      this.#prepared = undefined;
      throw error;
    });
    return this.#prepared;
  }

  async #ensure(): Promise<void> {
    const { storage, clock } = this.#node;
    // Above every sequence of an earlier log of this name, so that no fence is issued twice.
    const firstSequence = Math.floor(clock.wallNow());
    const { created } = await storage.log.ensure({ ...this.#spec, firstSequence });
    // A log that this node knows already keeps its identity until `hasLost` compares it.
    if (this.#seen.created === undefined) this.#seen = { ...noLogSeen, created };
  }
}
