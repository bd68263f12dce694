import type { ActorSystem } from './actor-system.ts';
import type { ActorCell } from '../cell/cell.ts';
import type { Runtime } from '../system/runtime.ts';

/**
 * Entries in the tables of a runtime that grow and shrink with its use. Whatever was done, they are back to what they
 * were once it is over: a leak shows here long before it shows in memory.
 */
export interface TableSizes {
  /** Live actors, the root not counted. */
  actors: number;
  /** Messages that wait in mailboxes. */
  messages: number;
  stashed: number;
  /** Timers that actors have set. */
  timers: number;
  /** Interest of actors, or of other nodes, in the end of actors here. */
  watchers: number;
  /** Interest of actors here in the end of others, local or remote. */
  watching: number;
  /** Restarts under way. */
  restarts: number;
  /** Who waits for the end of an actor. */
  endWaiters: number;
  /** Questions and streams that other nodes may answer. */
  endpoints: number;
  /** Questions and waiting senders that have a deadline. */
  deadlines: number;
  /** Watches over the bus: of this node elsewhere, of others here. */
  outboundWatches: number;
  inboundWatches: number;
  /** Nodes heard of, and the lanes to them. */
  peers: number;
  outboxes: number;
}

/** @throws TypeError for a system that this package did not make */
export function tableSizes(system: ActorSystem): Readonly<TableSizes> {
  if (!('tableSizes' in system)) throw new TypeError('not a system of this package');
  return (system as Runtime).tableSizes();
}

export function countTables(cells: Iterable<ActorCell>): TableSizes {
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
  const visit = (cell: ActorCell) => {
    sizes.actors++;
    cell.addSizes(sizes);
    for (const child of cell.children) visit(child);
  };
  for (const cell of cells) visit(cell);
  return sizes;
}
