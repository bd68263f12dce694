import type { Clock } from '@drover/actor-core';
import type { MemberEvidence, Presence } from '@drover/actor-core/cluster';

/** How often a node was lost or started anew of late. */
export interface RecentChanges {
  /** Times that it became unreachable. */
  readonly lost: number;
  /** Times that it came with a new incarnation. */
  readonly restarted: number;
}

/** Changes within this time count as recent. */
export const recentMs: number = 10 * 60_000;
const maxNodes = 4_096;
/** Changes that are remembered of one node; with more it is unsteady in any case. */
const maxInstants = 64;

interface Known {
  state: MemberEvidence['state'];
  incarnation: number;
  readonly lostAtMs: number[];
  readonly restartedAtMs: number[];
}

/** Counts how often each node is lost and starts anew, as this gateway sees it. */
export class MemberChanges {
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  readonly #unsubscribe: () => void;

  constructor(presence: Pick<Presence, 'members' | 'onChange'>, clock: Clock) {
    this.#clock = clock;
    for (const member of presence.members()) this.#note(member);
    this.#unsubscribe = presence.onChange((member) => this.#note(member));
  }

  /** Of the last ten minutes; nothing for a node that has not changed. */
  of(node: string): RecentChanges {
    const known = this.#known.get(node);
    const sinceMs = this.#clock.now() - recentMs;
    const recent = (instants: readonly number[]): number => instants.filter((atMs) => atMs >= sinceMs).length;
    return { lost: recent(known?.lostAtMs ?? []), restarted: recent(known?.restartedAtMs ?? []) };
  }

  stop(): void {
    this.#unsubscribe();
    this.#known.clear();
  }

  #note({ node, state, incarnation }: MemberEvidence): void {
    const known = this.#known.get(node);
    if (known === undefined) {
      // The node that has not changed for the longest time makes room.
      const [oldest] = this.#known.keys();
      if (this.#known.size >= maxNodes && oldest !== undefined) this.#known.delete(oldest);
      this.#known.set(node, { state, incarnation, lostAtMs: [], restartedAtMs: [] });
      return;
    }
    if (incarnation > known.incarnation) add(known.restartedAtMs, this.#clock.now());
    if (state === 'unreachable' && known.state !== 'unreachable') add(known.lostAtMs, this.#clock.now());
    known.state = state;
    known.incarnation = incarnation;
    this.#known.delete(node);
    this.#known.set(node, known);
  }
}

function add(instants: number[], atMs: number): void {
  instants.push(atMs);
  if (instants.length > maxInstants) instants.shift();
}
