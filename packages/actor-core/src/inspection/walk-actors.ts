import { type Inspected, relevanceOf } from './relevance.ts';
import { MostRelevant, type Seen } from './most-relevant.ts';

/** Actors looked at between two pauses: well under a millisecond of the event loop. */
const actorsPerSlice = 2_048;

export interface WalkOptions {
  /** Only actors whose path begins with this; '' for all. */
  readonly path: string;
  /** Kept at most. */
  readonly limit: number;
  /** Lets the event loop go round. */
  readonly pause: () => Promise<void>;
  /** True once there is no time for what lies deeper; what is left of the top level is still looked at. */
  readonly isLate: () => boolean;
}

export interface Walk {
  readonly total: number;
  readonly complete: boolean;
  /** The uppermost of those asked for, the most relevant first. */
  readonly tops: readonly Seen[];
  /** Everyone below them. */
  readonly others: readonly Seen[];
}

interface Level {
  readonly actors: Iterator<Inspected>;
  /** Whose children these are. */
  readonly owner: Seen | undefined;
  readonly path: string;
  /** All below here is asked for. */
  readonly isInside: boolean;
}

/**
 * Looks at every actor under `root`, in slices, and keeps the most relevant. Not one instant: actors may come and go
 * between slices.
 */
export async function walkActors(root: Inspected, options: WalkOptions): Promise<Walk> {
  const tops = new MostRelevant(options.limit);
  const others = new MostRelevant(options.limit);
  const levels: Level[] = [levelOf(root, undefined, '', options.path === '')];
  let total = 0;
  let complete = true;
  let looked = 0;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const next = level.actors.next();
    if (next.done === true) {
      levels.pop();
      continue;
    }
    if (++looked % actorsPerSlice === 0) {
      if (complete && options.isLate()) {
        complete = false;
        levels.length = 1;
      }
      await options.pause();
    }
    const actor = next.value;
    if (actor.state === 'stopped') continue;
    const path = level.isInside ? '' : pathBelow(level.path, actor.name);
    const isAsked = level.isInside || path.startsWith(options.path);
    if (!isAsked && !options.path.startsWith(`${path}/`)) continue;
    const seen = isAsked ? look(actor, level, total++) : undefined;
    if (complete && actor.hasChildren) levels.push(levelOf(actor, seen, path, isAsked));
  }
  return { total, complete, tops: tops.ranked(), others: others.ranked() };

  /** Undefined for one that nobody needs to remember. */
  function look(actor: Inspected, level: Level, order: number): Seen | undefined {
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
