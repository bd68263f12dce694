import type { ActorRef } from '../actor/actor-ref.ts';
import { LocalRef } from '../cell/local-ref.ts';
import { placeKey } from '../actor/ref-key.ts';
import type { Random } from '../random.ts';

/** Picks the receivers of a message out of at least one target: returns indices into `targets`. */
export type RoutingStrategy<M> = (message: M, targets: readonly ActorRef<M>[]) => readonly number[];

/** One target after the other. */
export function roundRobin<M>(): RoutingStrategy<M> {
  let next = 0;
  return (_message, targets) => [next++ % targets.length];
}

/** A random target, all equally likely. */
export function randomly<M>(random: Random): RoutingStrategy<M> {
  return (_message, targets) => [Math.floor(random.next() * targets.length)];
}

/**
 * The target with the fewest messages in its mailbox; ties at random. `depthOf` returns what actors of other nodes
 * report. Targets of unknown depth come last.
 */
export function leastMailbox<M>(
  random: Random,
  depthOf: (target: ActorRef<M>) => number | undefined = () => undefined,
): RoutingStrategy<M> {
  return (_message, targets) => {
    let best: number[] = [];
    let least = Number.POSITIVE_INFINITY;
    for (const [index, target] of targets.entries()) {
      const depth = localDepth(target) ?? depthOf(target) ?? Number.POSITIVE_INFINITY;
      if (depth < least) best = [];
      if (depth <= least) best.push(index);
      least = Math.min(least, depth);
    }
    return [best[Math.floor(random.next() * best.length)] ?? 0];
  };
}

/**
 * Equal keys go to the same target as long as it exists. When a target is added or removed, only its own share of the
 * keys moves (rendezvous hashing, Thaler and Ravishankar 1998). A target is identified by its node and path, so every
 * ref to it, and an actor that is started again under its name, gets the same keys.
 */
export function consistentHash<M>(keyOf: (message: M) => string): RoutingStrategy<M> {
  return (message, targets) => {
    const key = keyOf(message);
    let best = 0;
    let highest = -1;
    for (const [index, target] of targets.entries()) {
      const weight = hash(`${placeKey(target)}\n${key}`);
      if (weight > highest) best = index;
      highest = Math.max(highest, weight);
    }
    return [best];
  };
}

/** All targets. */
export function broadcast<M>(): RoutingStrategy<M> {
  return (_message, targets) => [...targets.keys()];
}

function localDepth(target: ActorRef<never>): number | undefined {
  if (!(target instanceof LocalRef)) return undefined;
  // An actor that has ended has an empty mailbox and would attract all messages.
  return target.actor.alive ? target.actor.mailbox.depth : Number.POSITIVE_INFINITY;
}

/** FNV-1a with the finalizer of murmur3: without it, names that differ only in the last letter get similar hashes. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
