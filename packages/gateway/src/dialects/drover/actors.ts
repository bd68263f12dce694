import type { ActorView, InspectedNode, Silence } from '@drover/actor-core/cluster';

/** `GET /api/v1/actors` and `actors --json`: every node known of, with its actors or why there are none. */
export interface ActorsReport {
  readonly nodes: readonly NodeActors[];
}

export interface NodeActors {
  readonly id: string;
  readonly role: string;
  readonly pid: number;
  /** `alive` · `unreachable` · `left`: what membership says, by evidence of the age of `evidenceAgeMs`. */
  readonly state: string;
  readonly incarnation: number;
  readonly evidenceAgeMs: number;
  readonly lagMs: number;
  /** Null when it answered. */
  readonly silence: Silence | null;
  /** Since the process' start; null where it did not answer. */
  readonly uptimeMs: number | null;
  /** Live actors that the question is about; at least so many where `complete` is false. */
  readonly total: number;
  /** Of these, how many `actors` leaves out. */
  readonly leftOut: number;
  readonly complete: boolean;
  /** What happened since the process' start. */
  readonly counters: { readonly [what: string]: number };
  /** Each before its children, these in start order. */
  readonly actors: readonly ActorEntry[];
}

/** An actor, with the time of its last failure as ISO 8601 by the clock of its node. */
export interface ActorEntry extends Omit<ActorView, 'lastFailure'> {
  readonly lastFailure: { readonly code: string; readonly message: string; readonly at: string } | null;
}

/** Joins what membership says of the nodes and what they say of themselves. Pure. */
export function actorsReport(inspected: readonly InspectedNode[]): ActorsReport {
  return { nodes: inspected.map(nodeActors) };
}

function nodeActors({ member, answer }: InspectedNode): NodeActors {
  const known = {
    id: member.node,
    role: member.roles.join(','),
    pid: member.pid,
    state: member.state,
    incarnation: member.incarnation,
    evidenceAgeMs: Math.round(member.ageMs),
    lagMs: Math.round(member.lagMs),
  };
  if ('silence' in answer) {
    const nothing = { uptimeMs: null, total: 0, leftOut: 0, complete: false, counters: {}, actors: [] };
    return { ...known, silence: answer.silence, ...nothing };
  }
  const { actors, ...said } = answer.inspection;
  return { ...known, silence: null, ...said, actors: actors.map(actorEntry) };
}

function actorEntry({ lastFailure, ...view }: ActorView): ActorEntry {
  if (lastFailure === null) return { ...view, lastFailure };
  const { code, message, atMs } = lastFailure;
  return { ...view, lastFailure: { code, message, at: isoTime(atMs) } };
}

const maxDateMs = 8.64e15;

/** Whatever another node takes for the time. */
function isoTime(ms: number): string {
  return new Date(Math.max(-maxDateMs, Math.min(maxDateMs, ms))).toISOString();
}
