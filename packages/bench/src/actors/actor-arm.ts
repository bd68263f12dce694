import type { Sizes, WorkloadName } from './workload.ts';

/**
 * One actor runtime that is measured. An arm is a small module whose default export is an `ActorArm`, so that other
 * runtimes can be added: `--arm akka=./akka-arm.js`. Each row runs in a fresh process. Node loads a `library` arm
 * there; a `command` arm is a separate program.
 */
export interface ActorArm {
  readonly name: string;
  /**
   * True if messages wait in a queue until their receiver is free. False if a send calls the receiver synchronously:
   * such an arm is shown as a lower bound of the cost, and no bar compares with it.
   */
  readonly mailbox: boolean;
  /** The parts that process one message, in one line for the report. */
  readonly path: string;
  /** Flags of Node for a `library` arm. */
  readonly nodeFlags?: readonly string[];
  /** Share of the usual number of messages, for a slow arm; 0 leaves the workload out. @default 1 */
  readonly share?: Partial<Readonly<Record<WorkloadName, number>>>;
  /** Version of the runtime. @throws Error naming the missing dependency; the arm is then reported as not available */
  version(): string;
  library?(): Promise<ActorLibrary>;
  command?(workload: WorkloadName, sizes: Sizes): ActorCommand;
}

/**
 * A program that runs one workload and prints one line of JSON: an `Outcome`, or `{}` for a workload that it does not
 * support.
 */
interface ActorCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** Messages sent and messages that a handler was called with. Different numbers fail the suite. */
export interface Tally {
  readonly sent: number;
  readonly delivered: number;
}

/** Result of one process for one row. */
export interface Outcome extends Tally {
  /** CPU time of the measured part: user and system time, all threads. */
  readonly cpuMicros: number;
  readonly wallMicros: number;
  /** Further figures by name, for some workloads. */
  readonly figures?: Readonly<Record<string, number>>;
}

/**
 * The workloads, written in the idiom of the library. Every message is a new object and every call uses new actors. A
 * promise resolves when the last message was handled. A workload that the library does not support has no row.
 */
export interface ActorLibrary {
  /** An actor sends `total` messages to another actor and waits for an answer after every `window` messages. */
  tellWindowed?(total: number, window: number): Promise<Tally>;
  /** `count` questions, each asked after the answer to the one before; with a deadline if the library has deadlines. */
  askSequential?(count: number): Promise<Tally>;
  /** Two actors send messages to each other; one round trip is two messages. */
  pingPong?(roundTrips: number): Promise<Tally>;
  /** One token is passed around a ring of `actors` actors, `hops` times. */
  ring?(hops: number, actors: number): Promise<Tally>;
  /** `total` messages sent at once to one actor. */
  burst?(total: number): Promise<Tally>;
  /**
   * `total` messages are distributed over `actors` actors. Each actor reports to a collector after its last message.
   */
  forkJoin?(total: number, actors: number): Promise<Tally>;
  /** Starts `count` actors that count their messages. */
  populate?(count: number): Promise<Population>;
}

export interface Population {
  /** Sends one message to each actor. Resolves when all were handled. */
  tellAll(): Promise<Tally>;
  /** Stops all actors. Resolves with the number that have stopped. */
  stopAll(): Promise<number>;
}
