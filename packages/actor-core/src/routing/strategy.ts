import type { ActorRef } from '../actor/actor-ref.ts';
import { LocalRef } from '../cell/local-ref.ts';
import { placeKey } from '../actor/ref-key.ts';
import type { Random } from '../random.ts';

/** Picks who gets a message, out of at least one target: indices into `targets`. */
export type RoutingStrategy<M> = (message: M, targets: readonly ActorRef<M>[]) => readonly number[];

/** One after the other. */
export function roundRobin<M>(): RoutingStrategy<M> {
  let next = 0;
  return (_message, targets) => [next++ % targets.length];
}

/** Anybody, each as likely as the others. */
export function randomly<M>(random: Random): RoutingStrategy<M> {
  return (_message, targets) => [Math.floor(random.next() * targets.length)];
}

/**
 * Whose mailbox holds least; ties at random. `depthOf` says what actors of other nodes report. Of whom nothing is
 * known comes after everybody of whom something is.
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
 * Equal keys go to the same target for as long as it is there; when a target comes or goes only its own share moves
 * (rendezvous hashing, Thaler and Ravishankar 1998). A target counts by its node and path, so that every ref to it gives
 * it the same keys, and so does an actor that is started again under its name.
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

/** Everybody. */
export function broadcast<M>(): RoutingStrategy<M> {
  return (_message, targets) => [...targets.keys()];
}

function localDepth(target: ActorRef<never>): number | undefined {
  if (!(target instanceof LocalRef)) return undefined;
  // Whoever has ended has an empty mailbox and would draw everything to itself.
  return target.actor.alive ? target.actor.mailbox.depth : Number.POSITIVE_INFINITY;
}

/** FNV-1a, with murmur3's finalizer: without it, names that differ in their last letter hash alike. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
