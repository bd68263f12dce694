import type { DeadLetterReason } from '@drover/actor-core';
import type { ClusterNode, PubSub, Registry } from '@drover/actor-core/cluster';

/** One of the two processes of the soak test, as its operations see it. */
export interface SoakNode {
  readonly node: ClusterNode;
  readonly registry: Registry;
  readonly pubSub: PubSub;
  /** Node id of the other process, which runs the same operations. */
  readonly peer: string;
  /** Aborted at the end of the process. */
  readonly signal: AbortSignal;
  /**
   * Expects `count` dead letters, on either node, of messages that were just sent. A negative count lowers the
   * expectation.
   */
  expectLetters(reason: DeadLetterReason, count: number): void;
}

/** One kind of operation, which the soak repeats. */
export interface Operation {
  readonly name: string;
  /** Relative frequency. */
  readonly weight: number;
  /** Runs operation number `n` and checks its outcome. @throws Error for a wrong outcome */
  run(n: number): Promise<void>;
}

/** Two counts of the whole run that must be equal. */
export interface Check {
  readonly name: string;
  readonly sent: number;
  readonly delivered: number;
}

/** Operations of one area with the actors that they need. */
export interface Family {
  readonly operations: readonly Operation[];
  /** Compares the counts of the whole run. Called when the load has stopped and no message is in transit. */
  audit?(): Promise<readonly Check[]>;
}

/** Deadline of a question that is answered at once. */
export const askTimeoutMs = 10_000;

/** @throws Error unless `seen` and `expected` are equal */
export function expectEqual(what: string, seen: unknown, expected: unknown): void {
  if (seen !== expected) throw new Error(`${what}: ${String(seen)} instead of ${String(expected)}`);
}
