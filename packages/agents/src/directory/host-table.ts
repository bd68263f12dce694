import type { HostStamp } from '../protocol/host-report.ts';
import type { AgentRecord } from './agent-record.ts';

/** A host, as the view of the cluster names it. */
export interface HostSeen {
  readonly node: string;
  readonly incarnation: number;
  /** Whether it can be reached, and gets agents. */
  readonly takesAgents: boolean;
}

export interface HostPolicy {
  /** Interval at which each host is asked which agents it runs. A host that appears is asked at once. */
  readonly surveyMs: number;
  /** Time after which a host that a new leader has never seen counts as lost. */
  readonly unknownHostGraceMs: number;
}

interface HostEntry extends HostSeen {
  surveyDueAtMs: number;
}

/** The hosts of the cluster by the view, and when each is asked for what it runs. */
export class HostTable {
  readonly #policy: HostPolicy;
  readonly #startedAtMs: number;
  readonly #hosts = new Map<string, HostEntry>();
  #nextSurvey = 1;

  constructor(policy: HostPolicy, startedAtMs: number) {
    this.#policy = policy;
    this.#startedAtMs = startedAtMs;
  }

  /** Updates the table with all hosts of the view. Returns the surveys to send. */
  observe(seen: readonly HostSeen[], nowMs: number): { readonly node: string; readonly survey: number }[] {
    const due = seen.flatMap((host) => this.#observeHost(host, nowMs));
    const present = new Set(seen.map((host) => host.node));
    for (const node of this.#hosts.keys()) if (!present.has(node)) this.#hosts.delete(node);
    return due;
  }

  /** Whether some host gets agents. */
  get takesAgents(): boolean {
    return [...this.#hosts.values()].some((host) => host.takesAgents);
  }

  /** The host that sent a report, if the view has that incarnation of the host. */
  senderOf({ node, nodeIncarnation }: HostStamp): HostSeen | undefined {
    const host = this.#hosts.get(node);
    return host?.incarnation === nodeIncarnation ? host : undefined;
  }

  /** Whether the host of an agent has ended: the view no longer has it, or has a newer incarnation of it. */
  hasEnded({ node, nodeIncarnation }: AgentRecord, nowMs: number): boolean {
    const host = this.#hosts.get(node);
    if (!host) return nowMs >= this.#startedAtMs + this.#policy.unknownHostGraceMs;
    return host.incarnation > nodeIncarnation;
  }

  #observeHost(host: HostSeen, nowMs: number): { node: string; survey: number }[] {
    const known = this.#hosts.get(host.node);
    const isNew = known?.incarnation !== host.incarnation;
    const entry: HostEntry = { ...host, surveyDueAtMs: isNew ? nowMs : known.surveyDueAtMs };
    this.#hosts.set(host.node, entry);
    if (entry.surveyDueAtMs > nowMs) return [];
    entry.surveyDueAtMs = nowMs + this.#policy.surveyMs;
    return [{ node: host.node, survey: this.#nextSurvey++ }];
  }
}
