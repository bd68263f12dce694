/**
 * One way to reach another process over NATS. An arm is a small module whose default export is a `RemoteArm`, so that
 * anyone can put a peer beside ours: `--arm rpc=./rpc-arm.js`. Both sides run in fresh processes of their own.
 */
export interface RemoteArm {
  readonly name: string;
  /** What one question and one tell go through, in one line for the report. */
  readonly path: string;
  /** The version measured. @throws Error saying what is missing, and then the arm is reported as not available */
  version(): string;
  /** Starts the answering side; settles when the other process can reach it. */
  respond(place: RemotePlace): Promise<Closing>;
  /** Starts the asking side, which may count on the answering one. */
  call(place: RemotePlace): Promise<RemoteCaller>;
}

export interface RemotePlace {
  readonly natsUrl: string;
  /** Names this pair of processes: `[a-z0-9]`. Pairs with different names must not hear each other. */
  readonly pair: string;
}

interface Closing {
  close(): Promise<void>;
}

export interface RemoteCaller extends Closing {
  /** Sends `{ seq, text }` and resolves with the `seq` that comes back; has a deadline of a few seconds. */
  ask(seq: number, text: string): Promise<number>;
  /** Sends `{ seq, text }` and waits for nothing. Left out: the tell rows are not measured. */
  tell?(seq: number, text: string): void;
  /** The answering side says after every `reportEvery` tells how many its handler was called with so far. */
  onHandled?(listener: (handled: number) => void): void;
}

export const reportEvery = 500;
/** Tells that may be on their way at once; a mailbox must have room for so many. */
export const tellWindow = 2_000;
/** Text of a question and of a tell, 128 B. */
export const text: string = 'x'.repeat(128);
