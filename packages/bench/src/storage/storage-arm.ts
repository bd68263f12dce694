/**
 * One client of the storage that NATS JetStream offers. An arm is a small module whose default export is a
 * `StorageArm`, so that other clients can be added: `--arm mine=./my-arm.js`. Each row runs in a fresh process.
 */
export interface StorageArm {
  readonly name: string;
  /** The parts that process one operation, in one line for the report. */
  readonly path: string;
  /** Version of the library. @throws Error naming the missing dependency; the arm is then reported as not available */
  version(): string;
  /** Connects to the nats-server at `host:port` and creates an empty bucket and an empty queue, with one replica. */
  connect(server: string): Promise<StorageClient>;
}

/** Values by key. A write resolves when the server has confirmed it. */
export interface KeyedValues {
  /** Sets a key. Resolves with its revision. */
  put(key: string, value: Uint8Array): Promise<number>;
  /** Reads a key from the leader; undefined where it has no value. */
  get(key: string): Promise<Uint8Array | undefined>;
}

/** A connection with its bucket and its queue. */
export interface StorageClient extends KeyedValues {
  /** Sets a key that still has this revision. Resolves with the new revision; undefined where it has another one. */
  update(key: string, value: Uint8Array, revision: number): Promise<number | undefined>;
  /** Keys that are set under a fence. For an arm without fences the report has no rows for them. */
  readonly fenced?: Readonly<Record<FenceCommit, KeyedValues>>;
  /** Puts a task into the queue. Resolves when the server has confirmed it. */
  putTask(id: string, body: Uint8Array): Promise<void>;
  /** Takes and acknowledges tasks until the client is closed. Calls `onDone` after each confirmed acknowledgement. */
  takeTasks(onDone: (id: string, body: Uint8Array) => void): Promise<void>;
  close(): Promise<void>;
}

/** How fenced writes are committed: each by itself, or those that wait at the same time as one atomic batch. */
export type FenceCommit = 'pipeline' | 'batch';
