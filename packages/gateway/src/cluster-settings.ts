/** The settings that the cluster keeps and that may change while its processes run. */
export interface ClusterSettings {
  /** Keys that may be set. */
  readonly keys: readonly string[];
  /** What is set now, sorted by key. @throws StoreUnavailableError */
  list(): Promise<readonly ClusterSetting[]>;
  /**
   * Sets a key for all processes. `text` is written as in a settings file.
   *
   * @returns the revision
   * @throws InvalidArgumentError naming the key: it cannot change while processes run, or the text does not fit
   * @throws StoreUnavailableError
   */
  set(key: string, text: string): Promise<number>;
  /** Returns each process to the value with which it was started. @throws StoreUnavailableError */
  unset(key: string): Promise<void>;
}

/** One setting that the cluster keeps. */
export interface ClusterSetting {
  readonly key: string;
  /** As it is written in a settings file. */
  readonly value: string;
  readonly revision: number;
  readonly changedAtMs: number;
}
