import { type Inspected, relevanceOf } from './relevance.ts';
import { MostRelevant, type Seen } from './most-relevant.ts';

/** Actors visited between two pauses: less than a millisecond of the event loop. */
const actorsPerSlice = 2_048;

export interface WalkOptions {
  /** Only actors whose path begins with this text; '' for all. */
  readonly path: string;
  /** Most actors kept. */
  readonly limit: number;
  /** Lets the event loop run other work. */
  readonly pause: () => Promise<void>;
  /** True once there is no time for deeper levels; the rest of the top level is still visited. */
  readonly isLate: () => boolean;
}

export interface Walk {
  readonly total: number;
  readonly complete: boolean;
  /** The top actors of the requested part of the tree, the most relevant first. */
  readonly tops: readonly Seen[];
  /** The actors below them, the most relevant first. */
  readonly others: readonly Seen[];
}

interface Level {
  readonly actors: Iterator<Inspected>;
  /** The parent of these actors. */
  readonly owner: Seen | undefined;
  readonly path: string;
  /** True when all actors below are requested. */
  readonly isInside: boolean;
}

/**
 * Visits every actor under `root`, in slices, and keeps the most relevant ones. The result is not one instant: actors
 * may start and end between slices.
 */
export async function walkActors(root: Inspected, options: WalkOptions): Promise<Walk> {
  const tops = new MostRelevant(options.limit);
  const others = new MostRelevant(options.limit);
  const levels: Level[] = [levelOf(root, undefined, '', options.path === '')];
  let total = 0;
  let complete = true;
  let visited = 0;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const next = level.actors.next();
    if (next.done === true) {
      levels.pop();
      continue;
    }
    if (++visited % actorsPerSlice === 0) {
      if (complete && options.isLate()) {
        complete = false;
        levels.length = 1;
      }
      await options.pause();
    }
    const actor = next.value;
    if (actor.state === 'stopped') continue;
    const path = level.isInside ? '' : pathBelow(level.path, actor.name);
    const isRequested = level.isInside || path.startsWith(options.path);
    if (!isRequested && !options.path.startsWith(`${path}/`)) continue;
    const seen = isRequested ? visit(actor, level, total++) : undefined;
    if (complete && actor.hasChildren) levels.push(levelOf(actor, seen, path, isRequested));
  }
  return { total, complete, tops: tops.ranked(), others: others.ranked() };

  /** Undefined for an actor that need not be kept. */
  function visit(actor: Inspected, level: Level, order: number): Seen | undefined {
    if (level.owner !== undefined) level.owner.children++;
    const relevance = relevanceOf(actor);
    const kept = level.isInside && level.owner !== undefined ? others : tops;
    const isWanted = kept.wants(relevance);
    if (!isWanted && !actor.hasChildren) return undefined;
    const seen: Seen = { actor, parent: level.owner, order, relevance, children: 0 };
    if (isWanted) kept.add(seen);
    return seen;
  }
}

function levelOf(actor: Inspected, owner: Seen | undefined, path: string, isInside: boolean): Level {
  return { actors: actor.children[Symbol.iterator](), owner, path, isInside };
}

function pathBelow(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`;
}
