/**
 * Placement by one leader that orders hosts what to run, as pure decisions and small interfaces. A placed entity is
 * anything with an id that runs on one host at a time, in one incarnation; the agents are. It differs from the entities
 * of `entities/`, whose nodes claim them without a leader.
 *
 * The leader keeps one durable record per entity. Every write asserts the leader's fence, every order carries it, and
 * a host obeys only the fence of the newest lead record. Orders and reports may be lost: both are repeated, and a
 * survey compares the records with what each host runs.
 */

/** Where one incarnation of an entity runs, or is to run: part of the entity's durable record. */
export interface Placement {
  readonly id: string;
  /** 1 for the first incarnation, +1 at each new placement. */
  readonly incarnation: number;
  readonly node: string;
  readonly nodeIncarnation: number;
}

/** A host as presence reports it. */
export interface HostSeen {
  readonly node: string;
  readonly incarnation: number;
  readonly alive: boolean;
}
