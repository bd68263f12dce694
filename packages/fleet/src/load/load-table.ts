import type { InstanceLoad } from '../protocol/load-report.ts';

/** The newest load report of every node-agent, with the age of the evidence. */
export interface LoadTable {
  /** Instances of nodes that are alive or were alive recently, sorted by node and name. */
  instances(): readonly InstanceEvidence[];
  /** Distinct model names over ready instances, sorted. */
  modelNames(): readonly string[];
  /** True once any report was accepted. */
  readonly hasReports: boolean;
  /**
   * Calls the listener after each accepted report, and when a node joins, changes its state or leaves. Returns a
   * function that removes the listener.
   */
  onChange(listener: () => void): () => void;
  /** Reports that were not accepted, since the start. */
  readonly counters: LoadTableCounters;
}

export interface LoadTableCounters {
  /** Not a load report, or a report that names another node than its sender. */
  readonly bad: number;
  /** Older than the accepted report of the node. */
  readonly stale: number;
  /** From a node above the limit `maxNodes`. */
  readonly overflow: number;
}

export interface InstanceEvidence {
  readonly node: string;
  readonly nodeIncarnation: number;
  /** False when the node is unreachable or left; such an instance gets no new requests. */
  readonly alive: boolean;
  /** The node did not answer a request lately and has not reported since; chosen only if there is no other instance. */
  readonly suspect: boolean;
  /** Milliseconds since the report arrived. */
  readonly ageMs: number;
  readonly load: InstanceLoad;
  /** Requests of this client that the report may not include yet, minus those that ended since; may be negative. */
  readonly pending: number;
}

/** Identifies an instance in the cluster. */
export function instanceKey(evidence: InstanceEvidence): string {
  return `${evidence.node}/${evidence.load.name}`;
}
