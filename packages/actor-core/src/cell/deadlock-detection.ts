import type { CallChain } from '../actor/call-chain.ts';
import type { ActorDirectory } from '../actor/node-ports.ts';
import type { Wait, WaitingActor } from '../actor/waiting-actor.ts';

/*
 * Finds deadlocks in the graph of actors that wait for each other. A question that returns to an actor of its own call
 * chain is found by that chain (`call-chain.ts`). This module finds the cycles that no single chain shows: a asks b
 * while b asks a, each in a handler that awaits its answer. An edge of the graph is a question asked by a running
 * handler and still in the mailbox of an actor whose own handler also awaits an answer.
 */

/** A question to an actor of another node, possibly part of a cycle through that node. */
export type OnRemoteWait = (wait: Wait) => void;

/** Most actors visited for one question. */
const maxVisited = 256;

/** Refuses an awaited question that would close a cycle on this node. */
export function refuseCycle(actors: ActorDirectory, wait: Wait): void {
  if (wait.isOver) return;
  const target = actors.findOwner(wait.target);
  if (target === undefined || !target.isBusy) return;
  if (target.waitsFor(wait.chain) || awaitsOneOf(actors, target, wait.chain, undefined))
    target.withdraw((ask) => ask === wait, 'deadlock');
}

/**
 * True when this actor waits, directly or through others, for a handler in the chain. `onRemote` gets each edge to
 * another node.
 */
export function awaitsOneOf(
  actors: ActorDirectory,
  actor: WaitingActor,
  chain: CallChain | undefined,
  onRemote: OnRemoteWait | undefined,
): boolean {
  if (chain === undefined) return false;
  const visited = new Set<WaitingActor>();
  const leadsBack = (from: WaitingActor): boolean => {
    if (visited.has(from) || visited.size >= maxVisited) return false;
    visited.add(from);
    for (const wait of from.waits) {
      if (wait.isOver || wait.chain === undefined || !from.isHandling(wait.chain.handling)) continue;
      const next = actors.findOwner(wait.target);
      if (next === undefined) onRemote?.(wait);
      else if (next.isBusy && (next.waitsFor(chain) || leadsBack(next)) && next.holds(wait)) return true;
    }
    return false;
  };
  return leadsBack(actor);
}
