import type { Durability, DurabilityName } from '../durability.ts';

/** One durable queue. An arm is a module whose default export is a `QueueArm`. Each row runs in a fresh process. */
export interface QueueArm {
  readonly name: string;
  /** The parts that process one operation, in one line for the report. */
  readonly path: string;
  /** What it can be measured with. @default all */
  readonly durabilities?: readonly DurabilityName[];
  /** Version of the library. @throws Error naming what is missing; the arm is then reported as not available */
  version(): string;
  /** Connects to the nats-servers (`host:port`, separated by commas), or to a server of its own. */
  connect(servers: string, durability: Durability): Promise<QueueClient>;
}

/** One queue, as one process reaches it. */
export interface QueueClient {
  /** Resolves when the message is stored. @throws Error for a new id that was refused as a duplicate */
  put(id: string, body: Uint8Array): Promise<void>;
  /** Takes one message; there is one. */
  take(): Promise<TakenForBench>;
  close(): Promise<void>;
}

/** A message that is leased. */
export interface TakenForBench {
  readonly id: string;
  /** Resolves when the message is settled. @throws Error where it is leased no more */
  ack(): Promise<void>;
}
