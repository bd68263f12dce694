/** What a node does in the cluster. Decides what NATS lets the node publish and subscribe to (`permissionsOf`). */
export type Role =
  /** Serves clients over HTTP and routes their requests. */
  | 'gateway'
  /** Stands in front of one Ollama server. */
  | 'node-agent'
  /** Runs agents, and may lead the groups of hosts. */
  | 'host'
  /** May be a recorded voter, and may lead the group that decides about the members of the cluster. */
  | 'voter'
  /** Reads presence, load reports and leader heartbeats, and publishes nothing. */
  | 'observer';

const roles: ReadonlySet<unknown> = new Set<Role>(['gateway', 'node-agent', 'host', 'voter', 'observer']);

/** Checks a value that came from another node. */
export function isRole(value: unknown): value is Role {
  return roles.has(value);
}
