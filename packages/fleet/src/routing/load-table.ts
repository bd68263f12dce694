import type { InstanceLoad } from '../protocol/load-report.ts';

/** The newest load report of every node-agent, with the age of the evidence. */
export interface LoadTable {
  /** Instances of nodes that are alive, sorted by node and name. */
  instances(): readonly InstanceEvidence[];
  /** Distinct model names over ready instances, sorted. */
  modelNames(): readonly string[];
  /** True once any report arrived. */
  readonly heard: boolean;
  onChange(listener: () => void): () => void;
}

export interface InstanceEvidence {
  readonly node: string;
  readonly nodeIncarnation: number;
  /** False when the node is unreachable or left; such an instance gets no new requests. */
  readonly alive: boolean;
  /** Milliseconds since the report was heard. */
  readonly ageMs: number;
  readonly load: InstanceLoad;
  /** Requests this client sent there that the report may not show yet. */
  readonly pending: number;
}
