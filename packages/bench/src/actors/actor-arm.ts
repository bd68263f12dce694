import type { Sizes, WorkloadName } from './workload.ts';

/**
 * One actor runtime under measurement. An arm is a small module whose default export is an `ActorArm`, so that anyone
 * can put a peer beside ours: `--arm akka=./akka-arm.js`. Each row runs in a fresh process: a `library` arm is loaded by
 * Node there, a `command` arm is a program of its own.
 */
export interface ActorArm {
  readonly name: string;
  /**
   * Messages wait in a queue until their receiver is free. False for a synchronous call in disguise: such an arm is
   * shown as a bound and no bar compares with it.
   */
  readonly mailbox: boolean;
  /** What one message goes through here, in one line for the report. */
  readonly path: string;
  /** Flags of Node for a `library` arm. */
  readonly nodeFlags?: readonly string[];
  /** Part of the usual message count that a slow arm runs, above 0; 0 leaves the workload out. @default 1 */
  readonly share?: Partial<Readonly<Record<WorkloadName, number>>>;
  /** The version measured. @throws Error saying what is missing, and then the arm is reported as not available */
  version(): string;
  library?(): Promise<ActorLibrary>;
  command?(workload: WorkloadName, sizes: Sizes): ActorCommand;
}

/** A program that runs one workload and prints one line of JSON: an `Outcome`, or `{}` for a workload it leaves out. */
interface ActorCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** Messages sent and messages that a handler was called with. Different numbers fail the suite. */
export interface Tally {
  readonly sent: number;
  readonly delivered: number;
}

/** One process' report on one row. */
export interface Outcome extends Tally {
  /** CPU time (user + system, all threads) of the measured part. */
  readonly cpuMicros: number;
  readonly wallMicros: number;
  /** Further figures by name, for the workloads that have any. */
  readonly figures?: Readonly<Record<string, number>>;
}

/**
 * The workloads, each in the idiom of the library. Every message is a fresh object and every call starts with fresh
 * actors; a promise settles when the last message was handled. What is left out has no row.
 */
export interface ActorLibrary {
  /** An actor sends `total` messages to another one and waits for its word after every `window`. */
  tellWindowed?(total: number, window: number): Promise<Tally>;
  /** `count` questions, each asked when the answer to the one before is there; with a deadline where there is one. */
  askSequential?(count: number): Promise<Tally>;
  /** Two actors tell each other; one round trip is two messages. */
  pingPong?(roundTrips: number): Promise<Tally>;
  /** One token goes round `actors` actors until it has made `hops` hops. */
  ring?(hops: number, actors: number): Promise<Tally>;
  /** `total` messages sent at once to one actor. */
  burst?(total: number): Promise<Tally>;
  /** `total` messages spread in turn over `actors` actors; each tells a collector when it had its part. */
  forkJoin?(total: number, actors: number): Promise<Tally>;
  /** Starts `count` actors that count what they get. */
  populate?(count: number): Promise<Population>;
}

export interface Population {
  /** One message to each; settles when all were handled. */
  tellAll(): Promise<Tally>;
  /** Stops each; settles when all have ended, with how many did. */
  stopAll(): Promise<number>;
}
