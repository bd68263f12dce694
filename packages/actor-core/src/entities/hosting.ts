import { z } from 'zod';
import type { LocalNode } from '../membership/local-node.ts';
import { createPubSub, topic } from '../pubsub/pub-sub.ts';
import { wireArray } from '../remoting/wire-array.ts';

/** What a node announces about the entities that it holds. An object that only grows. */
interface Announcement {
  readonly incarnation: number;
  /** Types that the node has started and has the role for. */
  readonly types: readonly string[];
  /** The node takes no entities any more, and gives away what it has. */
  readonly isDraining: boolean;
  /** The node asks the others to announce themselves: it has just started. */
  readonly asks: boolean;
}

/** Which types of entities a node holds. */
export interface Hosted {
  readonly types: ReadonlySet<string>;
  readonly isDraining: boolean;
}

/** Which node holds which types of entities, as the nodes announce it. */
export interface Hosting {
  /** Undefined for an incarnation that has announced nothing, such as a node of a release without entities. */
  of(node: string, incarnation: number): Hosted | undefined;
  /** Calls `listener` when the answer of `of` has changed for some node. Returns the unsubscriber. */
  onChange(listener: () => void): () => void;
}

/** Types of one node, at most. */
const maxTypes = 1_024;

const hosting = topic<Announcement>(
  'entities',
  z.object({
    incarnation: z.int().min(0),
    types: wireArray(z.string(), maxTypes),
    isDraining: z.boolean(),
    asks: z.boolean(),
  }),
);
/** Interval at which an announcement is repeated, in case it was lost. */
const repeatMs = 5_000;
/** Nodes that are known, at most; the one that announced itself longest ago is forgotten first. */
const maxNodes = 10_000;

/** Announces the types of this node, and hears those of the others. NATS permissions guarantee who announces. */
export class AnnouncedHosting implements Hosting {
  readonly #node: LocalNode;
  readonly #own: () => Hosted;
  readonly #pubSub: ReturnType<typeof createPubSub>;
  readonly #known = new Map<string, Hosted & { readonly incarnation: number }>();
  readonly #listeners = new Set<() => void>();
  readonly #unsubscribe: () => void;
  #repeatAtMs = 0;

  constructor(node: LocalNode, own: () => Hosted) {
    this.#node = node;
    this.#own = own;
    this.#pubSub = createPubSub(node);
    this.#unsubscribe = this.#pubSub.subscribe(hosting, (announcement, { from }) => {
      if (from !== node.nodeId) this.#hear(from, announcement);
    });
    this.#announce(true);
  }

  of(node: string, incarnation: number): Hosted | undefined {
    const { nodeId, incarnation: ownIncarnation } = this.#node;
    if (node === nodeId && incarnation === ownIncarnation) return this.#own();
    const known = this.#known.get(node);
    return known?.incarnation === incarnation ? known : undefined;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What this node holds has changed. */
  changed(): void {
    this.#announce(false);
    for (const listener of this.#listeners) listener();
  }

  /** Repeats the announcement when it is due. */
  tick(): void {
    if (this.#node.clock.now() >= this.#repeatAtMs) this.#announce(false);
  }

  close(): void {
    this.#unsubscribe();
  }

  #announce(asks: boolean): void {
    const { clock, incarnation } = this.#node;
    const { types, isDraining } = this.#own();
    this.#repeatAtMs = clock.now() + repeatMs;
    this.#pubSub.publish(hosting, { incarnation, types: [...types], isDraining, asks });
  }

  #hear(node: string, { incarnation, types, isDraining, asks }: Announcement): void {
    const before = this.#known.get(node);
    if (before !== undefined && before.incarnation > incarnation) return;
    const heard = { incarnation, types: new Set(types), isDraining };
    this.#known.delete(node);
    this.#known.set(node, heard);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxNodes && oldest !== undefined) this.#known.delete(oldest);
    // Answered at the next tick, so that many new nodes cause one announcement.
    if (asks) this.#repeatAtMs = 0;
    if (before === undefined || !isSame(before, heard)) for (const listener of this.#listeners) listener();
  }
}

function isSame(
  a: Hosted & { readonly incarnation: number },
  b: Hosted & { readonly incarnation: number },
): boolean {
  const isEqual = a.incarnation === b.incarnation && a.isDraining === b.isDraining;
  return isEqual && a.types.size === b.types.size && [...a.types].every((type) => b.types.has(type));
}
