import type { Remedy } from '@drover/actor-core';
import type { Role } from '@drover/actor-core/cluster';

type RemedyPayload = Pick<Remedy, 'subject' | 'cause' | 'evidence'>;
interface NodePayload {
  readonly incarnation: number;
  readonly epoch: number;
}
interface EvidencePayload {
  readonly incarnation: number;
  readonly ageMs: number;
}
interface JobPayload {
  readonly job: string;
  readonly operation: string;
  readonly model: string;
  readonly node: string;
  readonly instance: string;
}
interface KeyPayload {
  readonly key: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly keyTenant: string;
  readonly by: string;
}
interface JournalPayload {
  readonly journal: string;
  readonly path: string;
  readonly cause: string;
}
interface AgentPayload {
  readonly agent: string;
  readonly type: string;
  readonly name: string;
  readonly model: string;
}

/** What each type of event says. */
export type EventPayloads = {
  readonly [A in Remedy['action'] as `remedy.${A}`]: RemedyPayload;
} & {
  readonly 'node.joined': NodePayload & { readonly roles: readonly string[] };
  readonly 'node.draining': NodePayload;
  readonly 'node.left': NodePayload;
  readonly 'node.dead': NodePayload;
  readonly 'node.unreachable': EvidencePayload;
  readonly 'node.reachable': EvidencePayload;
  readonly 'node.suspect': EvidencePayload;
  readonly 'node.stalled': EvidencePayload;
  readonly 'leader.changed': {
    readonly group: string;
    readonly leader: string;
    readonly term: number;
    readonly fence: number;
  };
  readonly 'model.job-submitted': JobPayload;
  readonly 'model.job-progress': JobPayload & {
    readonly completedBytes: number;
    readonly totalBytes: number;
  };
  readonly 'model.job-finished': JobPayload & {
    readonly state: string;
    readonly attempts: number;
    readonly error?: string;
  };
  readonly 'model.job-cancelled': { readonly job: string; readonly by: string };
  readonly 'key.created': KeyPayload;
  readonly 'key.rotated': KeyPayload;
  readonly 'key.limited': KeyPayload;
  readonly 'key.revoked': KeyPayload;
  readonly 'memory.conflict': {
    readonly scope: string;
    readonly key: string;
    readonly policy: string;
    readonly resolution: string;
    readonly revision: number;
    readonly otherRevision: number;
  };
  readonly 'queue.dead': {
    readonly queue: string;
    readonly message: string;
    readonly attempt: number;
    readonly reason: string;
  };
  readonly 'journal.quarantined': JournalPayload;
  readonly 'journal.released': JournalPayload;
  readonly 'agent.spawned': AgentPayload;
  readonly 'agent.placed': AgentPayload & { readonly node: string; readonly incarnation: number };
  readonly 'agent.stopped': AgentPayload;
  readonly 'run.submitted': { readonly run: string; readonly agent: string };
  readonly 'run.finished': {
    readonly run: string;
    readonly agent: string;
    readonly status: string;
    readonly code?: string;
  };
};

export type EventType = keyof EventPayloads;

/** One type of event. */
export interface EventTypeSpec<T extends EventType = EventType> {
  /** Stored and resumable; else told to those that listen at the moment. */
  readonly isDurable: boolean;
  /** Roles of the nodes that may say so. An event of another node is not believed. */
  readonly by: readonly Role[];
  /** Whether it belongs to a tenant. */
  readonly ofTenant: boolean;
  readonly summary: string;
  readonly fields: readonly (keyof EventPayloads[T])[];
}

const everyNode: readonly Role[] = ['gateway', 'host', 'voter', 'node-agent'];
const hosts: readonly Role[] = ['host'];
const gateways: readonly Role[] = ['gateway'];
const storing: readonly Role[] = ['gateway', 'host'];
const remedyFields = ['subject', 'cause', 'evidence'] as const;
const nodeFields = ['incarnation', 'epoch'] as const;
const evidenceFields = ['incarnation', 'ageMs'] as const;
const jobFields = ['job', 'operation', 'model', 'node', 'instance'] as const;
const keyFields = ['key', 'name', 'roles', 'keyTenant', 'by'] as const;
const journalFields = ['journal', 'path', 'cause'] as const;
const agentFields = ['agent', 'type', 'name', 'model'] as const;

const kept = { isDurable: true, ofTenant: false } as const;
const live = { isDurable: false, ofTenant: false } as const;
const ofTenant = { isDurable: true, ofTenant: true } as const;

/** All types of events. `docs/events.md` is made from this table. */
export const eventTypes: { readonly [T in EventType]: EventTypeSpec<T> } = {
  'remedy.restart': {
    ...kept,
    by: everyNode,
    summary: 'An actor was started again after a failure',
    fields: remedyFields,
  },
  'remedy.park': {
    ...kept,
    by: everyNode,
    summary: 'An actor that failed too often stays down',
    fields: remedyFields,
  },
  'remedy.re-place': {
    ...kept,
    by: everyNode,
    summary: 'An agent or entity was given to another node',
    fields: remedyFields,
  },
  'remedy.eject': {
    ...kept,
    by: everyNode,
    summary: 'A host that refuses requests is asked last',
    fields: remedyFields,
  },
  'remedy.re-elect': { ...kept, by: everyNode, summary: 'Another node leads a group', fields: remedyFields },
  'remedy.requeue': {
    ...kept,
    by: everyNode,
    summary: 'A task of a queue is delivered again',
    fields: remedyFields,
  },
  'remedy.declare-dead': { ...kept, by: everyNode, summary: 'The view dropped a node', fields: remedyFields },
  'node.joined': {
    ...kept,
    by: hosts,
    summary: 'A node takes part, in a new incarnation',
    fields: [...nodeFields, 'roles'],
  },
  'node.draining': { ...kept, by: hosts, summary: 'A node gives away what it has', fields: nodeFields },
  'node.left': { ...kept, by: hosts, summary: 'A node has left in order', fields: nodeFields },
  'node.dead': { ...kept, by: hosts, summary: 'A node was declared dead', fields: nodeFields },
  'node.unreachable': {
    ...kept,
    by: hosts,
    summary: 'The control leader does not reach a node',
    fields: evidenceFields,
  },
  'node.reachable': {
    ...kept,
    by: hosts,
    summary: 'The control leader reaches the node again',
    fields: evidenceFields,
  },
  'node.suspect': { ...live, by: hosts, summary: 'A probe of a node was lost', fields: evidenceFields },
  'node.stalled': {
    ...live,
    by: hosts,
    summary: 'A process lives, and its main loop is blocked',
    fields: evidenceFields,
  },
  'leader.changed': {
    ...kept,
    by: hosts,
    summary: 'A group has another leader or term',
    fields: ['group', 'leader', 'term', 'fence'],
  },
  'model.job-submitted': {
    ...kept,
    by: gateways,
    summary: 'A change of a model at one Ollama is stored',
    fields: jobFields,
  },
  'model.job-progress': {
    ...live,
    by: hosts,
    summary: 'How far a job is',
    fields: [...jobFields, 'completedBytes', 'totalBytes'],
  },
  'model.job-finished': {
    ...kept,
    by: hosts,
    summary: 'A job is done or has failed',
    fields: [...jobFields, 'state', 'attempts', 'error'],
  },
  'model.job-cancelled': {
    ...kept,
    by: gateways,
    summary: 'A person ended a job',
    fields: ['job', 'by'],
  },
  'key.created': { ...kept, by: gateways, summary: 'A key was made', fields: keyFields },
  'key.rotated': { ...kept, by: gateways, summary: 'A key has a new secret', fields: keyFields },
  'key.limited': { ...kept, by: gateways, summary: 'The limits of a key were changed', fields: keyFields },
  'key.revoked': { ...kept, by: gateways, summary: 'A key is refused from now on', fields: keyFields },
  'memory.conflict': {
    ...ofTenant,
    by: storing,
    summary: 'Writers of one key did not know of each other',
    fields: ['scope', 'key', 'policy', 'resolution', 'revision', 'otherRevision'],
  },
  'queue.dead': {
    ...ofTenant,
    by: storing,
    summary: 'A message of a queue is delivered no more',
    fields: ['queue', 'message', 'attempt', 'reason'],
  },
  'journal.quarantined': {
    ...kept,
    by: hosts,
    summary: 'The stored data of an actor does not fit',
    fields: journalFields,
  },
  'journal.released': {
    ...kept,
    by: hosts,
    summary: 'A quarantined journal can be read again',
    fields: journalFields,
  },
  'agent.spawned': { ...ofTenant, by: hosts, summary: 'An agent is recorded', fields: agentFields },
  'agent.placed': {
    ...ofTenant,
    by: hosts,
    summary: 'A host runs the agent, in a new incarnation',
    fields: [...agentFields, 'node', 'incarnation'],
  },
  'agent.stopped': { ...ofTenant, by: hosts, summary: 'An agent was stopped for good', fields: agentFields },
  'run.submitted': {
    ...ofTenant,
    by: hosts,
    summary: 'A task is recorded before its agent begins',
    fields: ['run', 'agent'],
  },
  'run.finished': {
    ...ofTenant,
    by: hosts,
    summary: 'The end of a run is recorded',
    fields: ['run', 'agent', 'status', 'code'],
  },
};

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(eventTypes, type);
}
