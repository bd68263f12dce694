import type { ActorCell } from './cell.ts';
import { Adapter } from './adapter.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { isHandling, waitsFor } from './handling.ts';
import type { CallChain } from '../actor/call-chain.ts';
import type { Question } from '../actor/envelope.ts';
import type { Runtime } from '../system/runtime.ts';

/*
 * Finds deadlocks in the graph of actors that wait for each other. A question that returns to an actor of its own call
 * chain is found by that chain (`call-chain.ts`). This module finds the cycles that no single chain shows: a asks b
 * while b asks a, each in a handler that awaits its answer. An edge of the graph is a question asked by a running
 * handler and still in the mailbox of an actor whose own handler also awaits an answer.
 */

/** A question asked by a running handler. */
export interface Wait extends Question {
  readonly target: ActorRef<never>;
}

/** A question to an actor of another node, possibly part of a cycle through that node. */
export type OnRemoteWait = (wait: Wait) => void;

/** Most actors visited for one question. */
const maxLookedAt = 256;

/** Refuses an awaited question that would close a cycle on this node. */
export function refuseCycle(runtime: Runtime, wait: Wait): void {
  if (wait.isOver) return;
  const target = actorBehind(runtime, wait.target);
  if (target === undefined || target.state !== 'busy') return;
  if (waitsFor(target, wait.chain) || awaitsOneOf(target, wait.chain, undefined))
    target.takeBack((ask) => ask === wait, 'deadlock');
}

/** Does this actor wait, directly or through others, for a handler in the chain? `onRemote` gets each edge to another node. */
export function awaitsOneOf(
  cell: ActorCell,
  chain: CallChain | undefined,
  onRemote: OnRemoteWait | undefined,
): boolean {
  if (chain === undefined) return false;
  const seen = new Set<ActorCell>();
  const leadsBack = (from: ActorCell): boolean => {
    if (seen.has(from) || seen.size >= maxLookedAt) return false;
    seen.add(from);
    for (const wait of from.context.waits) {
      if (wait.isOver || wait.chain === undefined || !isHandling(from, wait.chain.handling)) continue;
      const next = actorBehind(from.runtime, wait.target);
      if (next === undefined) onRemote?.(wait);
      else if (next.state === 'busy' && (waitsFor(next, chain) || leadsBack(next)) && next.holds(wait))
        return true;
    }
    return false;
  };
  return leadsBack(cell);
}

/** The actor of this node that receives messages sent to the ref. */
function actorBehind(runtime: Runtime, ref: ActorRef<never>): ActorCell | undefined {
  return ref instanceof Adapter ? ref.owner : runtime.cellOf(ref);
}
