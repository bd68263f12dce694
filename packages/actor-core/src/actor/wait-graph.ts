import type { ActorCell } from './actor-cell.ts';
import { Adapter } from './adapter.ts';
import type { ActorRef } from './actor-ref.ts';
import { isHandling, waitsFor } from './admission.ts';
import type { CallChain } from './call-chain.ts';
import type { Question } from './envelope.ts';
import type { Runtime } from './runtime.ts';

/*
 * Who waits for whom. A question that comes back to an actor that waits for it is found by its own chain
 * (`call-chain.ts`). Here are the circles that no single chain shows: a asks b while b asks a, each in a handler that
 * awaits its answer. The edges of the graph are the questions that a handling under way has asked and that wait in the
 * mailbox of another actor whose handler awaits something too.
 */

/** A question that a handling has asked. */
export interface Wait extends Question {
  readonly target: ActorRef<never>;
}

/** A question to an actor of another node, which may be part of a circle through that node. */
export type OnRemoteWait = (wait: Wait) => void;

/** Actors looked at for one question at most. */
const maxLookedAt = 256;

/** Refuses this question of an actor that awaits it where that closes a circle on this node. */
export function refuseCircle(runtime: Runtime, wait: Wait): void {
  if (wait.isOver) return;
  const target = actorBehind(runtime, wait.target);
  if (target === undefined || target.state !== 'busy') return;
  if (waitsFor(target, wait.chain) || awaitsOneOf(target, wait.chain, undefined))
    target.takeBack((ask) => ask === wait, 'deadlock');
}

/** Does a handling of this actor wait, by way of others, for one in the chain? `onRemote` is told where it leads to other nodes. */
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

/** The actor of this node that gets what is told to the ref. */
function actorBehind(runtime: Runtime, ref: ActorRef<never>): ActorCell | undefined {
  return ref instanceof Adapter ? ref.owner : runtime.cellOf(ref);
}
