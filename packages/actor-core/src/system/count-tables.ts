import type { TableSizes } from '../actor/table-sizes.ts';

/** An actor whose tables are counted. */
export interface CountedActor {
  readonly children: Iterable<CountedActor>;
  /** Adds the sizes of the tables of this actor. */
  addSizes(to: TableSizes): void;
}

/** Counts the tables of these actors and of all actors below them. */
export function countTables(actors: Iterable<CountedActor>): TableSizes {
  const sizes: TableSizes = {
    actors: 0,
    messages: 0,
    stashed: 0,
    timers: 0,
    watchers: 0,
    watching: 0,
    restarts: 0,
    endWaiters: 0,
    endpoints: 0,
    deadlines: 0,
    outboundWatches: 0,
    inboundWatches: 0,
    peers: 0,
    outboxes: 0,
  };
  const visit = (actor: CountedActor) => {
    sizes.actors++;
    actor.addSizes(sizes);
    for (const child of actor.children) visit(child);
  };
  for (const actor of actors) visit(actor);
  return sizes;
}
