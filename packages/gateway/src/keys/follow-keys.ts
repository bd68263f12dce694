import type { Clock, Logger } from '@drover/actor-core';
import type { BucketWatch, KeyChange } from '@drover/actor-core/durable';
import { decodeKeyRecord, type KeyRecord } from './key-record.ts';
import { KeyRing } from './key-ring.ts';
import { isMissing, type KeyStore } from './key-store.ts';

/** What follows the keys needs of its process. */
export interface KeyFollower {
  readonly store: KeyStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Keys that this process knew before, such as those in its data folder. They are put into a store without them. */
  readonly known?: readonly KeyRecord[];
}

/** The keys of the cluster as one gateway knows them. */
export interface FollowedKeys {
  readonly store: KeyStore;
  readonly ring: KeyRing;
  /** Whether it is known which keys there are: from the store, or from what the process knew before. */
  readonly isKnown: boolean;
  /**
   * Milliseconds since the copy was known to be complete: 0 to about `lookMs` while the store answers. Infinite before
   * the first answer.
   */
  ageMs(): number;
  /** Resolves when the keys are known for the first time. */
  readonly known: Promise<void>;
  /** Ends the watch. */
  close(): void;
}

/** Time between two attempts to open the bucket. */
const retryMs = 500;
/** Time between two questions whether the copy is complete. */
const lookMs = 2_000;

/**
 * Keeps a copy of the cluster's keys: NATS announces each change, and every 2 s the leader of the bucket is asked
 * whether the copy is complete. A store that answers that it has no bucket has no keys: hosts of 0.3.0 create none.
 */
export function followKeys(follower: KeyFollower): FollowedKeys {
  return new Following(follower);
}

class Following implements FollowedKeys {
  readonly store: KeyStore;
  readonly ring: KeyRing;
  readonly known: Promise<void>;
  readonly #follower: KeyFollower;
  readonly #firstKnown = Promise.withResolvers<void>();
  #confirmedAtMs = Number.NEGATIVE_INFINITY;
  /** Editions that the store has, while its records are read for the first time or after it was made anew. */
  readonly #editions = new Map<string, number>();
  /** Keys that this process knows and the store lacks. */
  #lacking: KeyRecord[] = [];
  #hasCaughtUp = false;
  #watch: BucketWatch | undefined;
  #timer: { cancel(): void } | undefined;
  #hasEnded = false;

  constructor(follower: KeyFollower) {
    this.#follower = follower;
    this.store = follower.store;
    this.ring = new KeyRing(follower.known);
    this.known = this.#firstKnown.promise;
    if (!this.ring.isEmpty) this.#firstKnown.resolve();
    this.#open();
  }

  get isKnown(): boolean {
    return !this.ring.isEmpty || Number.isFinite(this.ageMs());
  }

  ageMs(): number {
    return this.#follower.clock.now() - this.#confirmedAtMs;
  }

  close(): void {
    this.#hasEnded = true;
    this.#timer?.cancel();
    this.#watch?.close();
  }

  #open(): void {
    const askedAtMs = this.#follower.clock.now();
    this.#begin().then(
      () => this.#lookLater(),
      (err: unknown) => {
        this.#follower.log.debug({ err }, 'the keys of the cluster cannot be read yet');
        if (isMissing(err)) this.#confirm(askedAtMs);
        this.#later(retryMs, () => this.#open());
      },
    );
  }

  async #begin(): Promise<void> {
    const bucket = await this.#follower.store.bucket();
    const watch = await bucket.watch({
      onChange: (change) => this.#take(change),
      onCaughtUp: () => {
        this.#hasCaughtUp = true;
        this.#lacking = this.ring.all().filter(({ id, edition }) => this.#editions.get(id) !== edition);
        this.#editions.clear();
        this.#lookNow();
      },
      // The store was lost and made anew. Keys that it lacks stay in the ring, and are put back.
      onReset: () => {
        this.#hasCaughtUp = false;
        this.#editions.clear();
      },
    });
    if (this.#hasEnded) watch.close();
    else this.#watch = watch;
  }

  #lookLater(): void {
    this.#later(lookMs, () => {
      this.#lookNow();
      this.#lookLater();
    });
  }

  #lookNow(): void {
    this.#look().catch((err: unknown) =>
      this.#follower.log.debug({ err }, 'the store of the keys did not answer'),
    );
  }

  /** Asks the leader of the bucket whether it has changes that were not heard, and puts back what it lacks. */
  async #look(): Promise<void> {
    const { store, clock, log } = this.#follower;
    const askedAtMs = clock.now();
    const { lastSequence } = await (await store.bucket()).info();
    if (this.#hasCaughtUp && this.#watch !== undefined && this.#watch.next > lastSequence)
      this.#confirm(askedAtMs);
    for (const record of this.#lacking.splice(0)) {
      try {
        this.ring.take(await store.put(record));
        log.info({ key: record.id }, 'a key that the store lacked was put into it');
      } catch (error) {
        this.#lacking.push(record);
        throw error;
      }
    }
  }

  #confirm(atMs: number): void {
    this.#confirmedAtMs = Math.max(this.#confirmedAtMs, atMs);
    this.#firstKnown.resolve();
  }

  #take({ kind, key, value }: KeyChange): void {
    // Keys are revoked and never removed: a removal is not one of ours.
    if (kind !== 'put') return;
    const record = decodeKeyRecord(value);
    if (record === undefined || record.id !== key) {
      this.#follower.log.warn({ key }, 'a record in the bucket of the keys cannot be read and is left out');
      return;
    }
    if (!this.#hasCaughtUp) this.#editions.set(key, record.edition);
    this.ring.take(record);
  }

  #later(delayMs: number, callback: () => void): void {
    if (!this.#hasEnded) this.#timer = this.#follower.clock.setTimer(delayMs, callback);
  }
}
