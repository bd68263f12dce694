import type { ActorView, InspectedNode, Silence } from '@drover/actor-core/cluster';

/** `GET /api/v1/actors` and `actors --json`: every known node, with its actors or the reason why it shows none. */
export interface ActorsReport {
  readonly nodes: readonly NodeActors[];
}

export interface NodeActors {
  readonly id: string;
  readonly role: string;
  readonly pid: number;
  /** `alive` · `unreachable` · `left`: state in the membership, from evidence that is `evidenceAgeMs` old. */
  readonly state: string;
  readonly incarnation: number;
  readonly evidenceAgeMs: number;
  readonly lagMs: number;
  /** Reason why the node shows no actors; null if it answered. */
  readonly silence: Silence | null;
  /** Milliseconds since the start of the process; null if the node did not answer. */
  readonly uptimeMs: number | null;
  /** Live actors that match the query; a lower bound if `complete` is false. */
  readonly total: number;
  /** Number of matching actors that are not in `actors`. */
  readonly leftOut: number;
  readonly complete: boolean;
  /** Events since the start of the process, by kind. */
  readonly counters: { readonly [what: string]: number };
  /** Each actor before its children; children in the order of their start. */
  readonly actors: readonly ActorEntry[];
}

/** An actor. The time of its last failure is in ISO 8601, from the clock of its node. */
export interface ActorEntry extends Omit<ActorView, 'lastFailure'> {
  readonly lastFailure: { readonly code: string; readonly message: string; readonly at: string } | null;
}

/** Merges the membership with the answers of the nodes. Pure. */
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
  const { actors, ...facts } = answer.inspection;
  return { ...known, silence: null, ...facts, actors: actors.map(actorEntry) };
}

function actorEntry({ lastFailure, ...view }: ActorView): ActorEntry {
  if (lastFailure === null) return { ...view, lastFailure };
  const { code, message, atMs } = lastFailure;
  return { ...view, lastFailure: { code, message, at: isoTime(atMs) } };
}

const maxDateMs = 8.64e15;

/** Formats a time of another node's clock, cut to the range that `Date` can format. */
function isoTime(ms: number): string {
  return new Date(Math.max(-maxDateMs, Math.min(maxDateMs, ms))).toISOString();
}
