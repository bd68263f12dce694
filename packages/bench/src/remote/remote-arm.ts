/**
 * One way to reach another process over NATS. An arm is a small module whose default export is a `RemoteArm`, so that
 * other libraries can be added: `--arm rpc=./rpc-arm.js`. Each side runs in a fresh process.
 */
export interface RemoteArm {
  readonly name: string;
  /** The parts that process one question and one tell, in one line for the report. */
  readonly path: string;
  /** Version of the library. @throws Error naming the missing dependency; the arm is then reported as not available */
  version(): string;
  /** Starts the responder. Resolves when the other process can reach it. */
  respond(address: PairAddress): Promise<Closing>;
  /** Starts the caller. The responder is running. */
  call(address: PairAddress): Promise<RemoteCaller>;
}

export interface PairAddress {
  readonly natsUrl: string;
  /** Name of this pair of processes: `[a-z0-9]`. Pairs must not receive each other's messages. */
  readonly pair: string;
}

interface Closing {
  close(): Promise<void>;
}

export interface RemoteCaller extends Closing {
  /** Sends `{ seq, text }` and resolves with the `seq` of the answer. Has a deadline of a few seconds. */
  ask(seq: number, text: string): Promise<number>;
  /** Sends `{ seq, text }` without an answer. For an arm without this method the report has no rows for tells. */
  tell?(seq: number, text: string): void;
  /** Calls `listener` with the number of handled tells; the responder reports it every `reportEvery` tells. */
  onHandled?(listener: (handled: number) => void): void;
}

export const reportEvery = 500;
/** Largest number of tells in transit. A mailbox must have room for them. */
export const tellWindow = 2_000;
/** Text of a question and of a tell, 128 B. */
export const text: string = 'x'.repeat(128);
