import type { Durability, DurabilityName } from '../durability.ts';

/**
 * One replicated memory. An arm is a small module whose default export is a `MemoryArm`, so that others can be added:
 * `--arm mine=./my-arm.js`. Each row runs in a fresh process.
 */
export interface MemoryArm {
  readonly name: string;
  /** The parts that process one operation, in one line for the report. */
  readonly path: string;
  /** What it can be measured with. @default all */
  readonly durabilities?: readonly DurabilityName[];
  /** Version of the library. @throws Error naming what is missing; the arm is then reported as not available */
  version(): string;
  /** Connects two nodes to the nats-servers (`host:port`, separated by commas), or to a server of its own. */
  connect(servers: string, durability: Durability): Promise<MemoryClient>;
}

/** Two nodes: one that reads and writes, and one that hears of the changes. */
export interface MemoryClient {
  /** Resolves when the write is confirmed. */
  readonly put: (key: string, value: Uint8Array) => Promise<unknown>;
  /** Sets all keys or none; undefined for an arm that cannot. Resolves when the writes are confirmed. */
  readonly putAll?: (entries: readonly (readonly [key: string, value: Uint8Array])[]) => Promise<unknown>;
  /** Reads from the memory of the node itself; undefined for an arm without one. */
  readonly cached?: (key: string) => Promise<Uint8Array | undefined>;
  /** Reads the value that is current during the call; undefined for an arm that cannot prove it. */
  readonly fresh?: (key: string) => Promise<Uint8Array | undefined>;
  /** Calls `listener` on the other node with the key of each change. */
  readonly onChange: (listener: (key: string) => void) => Promise<void>;
  close(): Promise<void>;
}
