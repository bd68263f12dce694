import type { LastFailure } from '../actor/last-failure.ts';

/** What inspection reads of an actor. */
export interface Inspected {
  readonly name: string;
  readonly path: string;
  readonly uid: number;
  readonly state: string;
  readonly incarnation: number;
  readonly processed: number;
  readonly mailbox: { readonly depth: number; readonly capacity: number };
  readonly lastFailure: LastFailure | undefined;
  readonly hasChildren: boolean;
  readonly children: Iterable<Inspected>;
}

const maxDepthCounted = 10_000_000;
const maxRestartsCounted = 999;

/** How relevant an actor is; larger first: parked or restarting, then the depth of the mailbox, restarts, a failure. */
export function relevanceOf(actor: Inspected): number {
  const { state, mailbox, incarnation } = actor;
  const { depth } = mailbox;
  let relevance = Math.min(depth, maxDepthCounted) * 10_000;
  if (incarnation > 1) relevance += Math.min(incarnation - 1, maxRestartsCounted) * 10;
  if (actor.lastFailure !== undefined) relevance += 1;
  if (state === 'parked') relevance += 4e12;
  else if (state === 'restarting') relevance += 3e12;
  else if (depth * 2 > mailbox.capacity) relevance += 2e12;
  return relevance;
}
