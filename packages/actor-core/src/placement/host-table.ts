import type { HostSeen, Placement } from './placement.ts';

/** Sender of a report: one incarnation of a host. */
export interface HostStamp {
  readonly node: string;
  readonly nodeIncarnation: number;
}

/** One page of a host's inventory: `I` describes one entity that the host runs. */
export interface InventoryPage<I> {
  readonly survey: number;
  readonly page: number;
  readonly pages: number;
  readonly items: readonly I[];
}

/** All that a host ran when it answered a survey. */
export interface Inventory<I> {
  readonly items: readonly I[];
  /** Instant at which the host was asked. */
  readonly askedAtMs: number;
}

export interface HostPolicy {
  /** Interval at which each live host is asked for its inventory. A host that appears is asked at once. */
  readonly surveyMs: number;
  /** Time after which a host that a new leader has never seen counts as lost. */
  readonly unknownHostGraceMs: number;
}

interface HostEntry<I> extends HostSeen {
  surveyDueAtMs: number;
  survey:
    | { readonly number: number; readonly askedAtMs: number; readonly pages: Map<number, readonly I[]> }
    | undefined;
}

/** The hosts of a group, as presence reports them, and the surveys that this leader has under way. */
export class HostTable<I> {
  readonly #policy: HostPolicy;
  readonly #startedAtMs: number;
  readonly #hosts = new Map<string, HostEntry<I>>();
  #nextSurvey = 1;

  constructor(policy: HostPolicy, startedAtMs: number) {
    this.#policy = policy;
    this.#startedAtMs = startedAtMs;
  }

  /** Updates the table with all hosts that presence reports now. Returns the surveys to send. */
  observe(seen: readonly HostSeen[], nowMs: number): { readonly node: string; readonly survey: number }[] {
    const due = seen.flatMap((host) => this.#observeHost(host, nowMs));
    const present = new Set(seen.map((host) => host.node));
    for (const node of this.#hosts.keys()) if (!present.has(node)) this.#hosts.delete(node);
    return due;
  }

  live(): readonly HostSeen[] {
    return [...this.#hosts.values()].filter((host) => host.alive);
  }

  /** The host that sent a report, if presence reports that incarnation of the host. */
  senderOf({ node, nodeIncarnation }: HostStamp): HostSeen | undefined {
    const host = this.#hosts.get(node);
    return host?.incarnation === nodeIncarnation ? host : undefined;
  }

  /** True if the host of a placement is lost: it left, is unreachable, or runs in a newer incarnation. */
  isLost({ node, nodeIncarnation }: Placement, nowMs: number): boolean {
    const host = this.#hosts.get(node);
    if (!host) return nowMs >= this.#startedAtMs + this.#policy.unknownHostGraceMs;
    return !host.alive || host.incarnation !== nodeIncarnation;
  }

  /** Adds one page. Returns the inventory once all pages of the newest survey have arrived. */
  collect(node: string, { survey, page, pages, items }: InventoryPage<I>): Inventory<I> | undefined {
    const host = this.#hosts.get(node);
    const current = host?.survey;
    if (!host || current?.number !== survey) return undefined;
    current.pages.set(page, items);
    if (current.pages.size < pages) return undefined;
    host.survey = undefined;
    return { items: [...current.pages.values()].flat(), askedAtMs: current.askedAtMs };
  }

  #observeHost(host: HostSeen, nowMs: number): { node: string; survey: number }[] {
    const known = this.#hosts.get(host.node);
    const isNew = !known || known.incarnation !== host.incarnation || (host.alive && !known.alive);
    const entry: HostEntry<I> = {
      ...host,
      surveyDueAtMs: isNew ? nowMs : known.surveyDueAtMs,
      survey: isNew ? undefined : known.survey,
    };
    this.#hosts.set(host.node, entry);
    if (!host.alive || entry.surveyDueAtMs > nowMs) return [];
    const number = this.#nextSurvey++;
    entry.surveyDueAtMs = nowMs + this.#policy.surveyMs;
    entry.survey = { number, askedAtMs: nowMs, pages: new Map() };
    return [{ node: host.node, survey: number }];
  }
}
