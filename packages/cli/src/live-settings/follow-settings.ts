import type { Logger } from '@drover/actor-core';
import type { BucketWatch, KeyChange } from '@drover/actor-core/durable';
import { type LiveValues, readLiveValues } from './live-values.ts';
import type { SettingsStore } from './settings-store.ts';

/** What follows the settings needs of its process. */
export interface SettingsFollower {
  readonly store: SettingsStore;
  readonly clock: { setTimer(delayMs: number, callback: () => void): { cancel(): void } };
  readonly log: Logger;
  /** Takes over all values. @throws InvalidArgumentError when they do not fit; the former values stay */
  apply(values: LiveValues): void;
}

/** Time between two attempts to open the bucket: a host creates it when it starts. */
const retryMs = 2_000;
/** Time between two looks whether the bucket is still there. */
const keepMs = 5_000;

/**
 * Applies the settings that the cluster keeps, now and after every change, until it is ended. A setting that does not
 * fit is logged and left out, or leaves the values of the process as they are. While the store is away the process
 * keeps the last values.
 *
 * @returns the function that ends it
 */
export function followSettings(follower: SettingsFollower): () => void {
  const following = new Following(follower);
  following.open();
  return () => following.end();
}

class Following {
  readonly #follower: SettingsFollower;
  readonly #texts = new Map<string, string>();
  #hasCaughtUp = false;
  #watch: BucketWatch | undefined;
  #timer: { cancel(): void } | undefined;
  #hasEnded = false;

  constructor(follower: SettingsFollower) {
    this.#follower = follower;
  }

  open(): void {
    this.#begin().catch((error: unknown) => {
      const { clock, log } = this.#follower;
      log.debug({ err: error }, 'the settings of the cluster cannot be read yet');
      if (!this.#hasEnded) this.#timer = clock.setTimer(retryMs, () => this.open());
    });
  }

  end(): void {
    this.#hasEnded = true;
    this.#timer?.cancel();
    this.#watch?.close();
  }

  async #begin(): Promise<void> {
    const bucket = await this.#follower.store.bucket();
    const watch = await bucket.watch({
      onChange: (change) => this.#take(change),
      onCaughtUp: () => {
        this.#hasCaughtUp = true;
        this.#apply();
      },
      onReset: () => {
        this.#hasCaughtUp = false;
        this.#texts.clear();
      },
    });
    if (this.#hasEnded) watch.close();
    else this.#watch = watch;
    this.#keepBucket();
  }

  /** A node that may create the bucket creates it again after the store was lost. The watch goes on there. */
  #keepBucket(): void {
    const { store, clock, log } = this.#follower;
    if (!store.mayCreate || this.#hasEnded) return;
    this.#timer = clock.setTimer(keepMs, () => {
      store
        .renew()
        .catch((error: unknown) => log.debug({ err: error }, 'the settings bucket cannot be opened'))
        .finally(() => this.#keepBucket());
    });
  }

  #take({ kind, key, value }: KeyChange): void {
    if (kind === 'put') this.#texts.set(key, new TextDecoder().decode(value));
    else this.#texts.delete(key);
    if (this.#hasCaughtUp) this.#apply();
  }

  #apply(): void {
    applySettings(this.#texts, this.#follower);
  }
}

/** Hands all settings of the cluster to the process. One that does not fit is logged and left out. */
export function applySettings(
  texts: ReadonlyMap<string, string>,
  { apply, log }: Pick<SettingsFollower, 'apply' | 'log'>,
): void {
  const values = readLiveValues(texts);
  for (const { key, problem } of values.problems)
    log.warn({ key, problem }, 'a setting of the cluster is left out');
  try {
    apply(values);
    log.info({ settings: Object.fromEntries(texts) }, 'the settings of the cluster are in effect');
  } catch (error) {
    log.error({ err: error }, 'the settings of the cluster do not fit this process: its values stay');
  }
}
