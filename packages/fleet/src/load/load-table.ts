import type { InstanceLoad } from '../protocol/load-report.ts';

/** The newest load report of every node-agent, with the age of the evidence. */
export interface LoadTable {
  /** Instances of nodes that are alive or were lately, sorted by node and name. */
  instances(): readonly InstanceEvidence[];
  /** Distinct model names over ready instances, sorted. */
  modelNames(): readonly string[];
  /** True once any report arrived. */
  readonly heard: boolean;
  /** Called after each report taken in, and when a node comes, changes state or goes. Returns the unsubscriber. */
  onChange(listener: () => void): () => void;
  /** Reports not taken in, since the start. */
  readonly counters: LoadTableCounters;
}

export interface LoadTableCounters {
  /** Not a load report, or one in another node's name. */
  readonly bad: number;
  /** Older than what is known. */
  readonly stale: number;
  /** From a node beyond `maxNodes`. */
  readonly overflow: number;
}

export interface InstanceEvidence {
  readonly node: string;
  readonly nodeIncarnation: number;
  /** False when the node is unreachable or left; such an instance gets no new requests. */
  readonly alive: boolean;
  /** Did not answer a request lately and has not reported since; used only where there is no other. */
  readonly suspect: boolean;
  /** Milliseconds since the report was heard. */
  readonly ageMs: number;
  readonly load: InstanceLoad;
  /** Requests this client sent there that the report may not show yet, less those that ended since; may be negative. */
  readonly pending: number;
}

/** Identifies an instance in the cluster. */
export function instanceKey(evidence: InstanceEvidence): string {
  return `${evidence.node}/${evidence.load.name}`;
}
