import type { DeadLetterReason } from '@drover/actor-core';
import type { ClusterNode, PubSub, Registry } from '@drover/actor-core/cluster';

/** One of the two processes, as its operations see it. */
export interface Place {
  readonly node: ClusterNode;
  readonly registry: Registry;
  readonly pubSub: PubSub;
  /** Node id of the other process, which runs the same. */
  readonly peer: string;
  /** Lives as long as the process. */
  readonly signal: AbortSignal;
  /** So many messages that were just sent become dead letters, on either node; below 0 takes an expectation back. */
  expectLetters(reason: DeadLetterReason, count: number): void;
}

/** One thing that the soak does again and again. */
export interface Operation {
  readonly name: string;
  /** How often, beside the others. */
  readonly weight: number;
  /** Resolves when its outcome was seen to be right; `n` is another one each time. @throws Error saying what was wrong */
  run(n: number): Promise<void>;
}

/** Counted over the whole run, on both sides. */
export interface Check {
  readonly name: string;
  readonly sent: number;
  readonly delivered: number;
}

/** Operations of one kind with the actors they need. */
export interface Family {
  readonly operations: readonly Operation[];
  /** What all of it came to; asked for when the load has stopped and nothing is on its way any more. */
  audit?(): Promise<readonly Check[]>;
}

/** Every question of the soak that has nothing to wait for. */
export const askTimeoutMs = 10_000;

/** @throws Error unless they are equal */
export function expectEqual(what: string, seen: unknown, expected: unknown): void {
  if (seen !== expected) throw new Error(`${what}: ${String(seen)} instead of ${String(expected)}`);
}
