import type { ActorEntry } from '../gateway-client/actors-report.ts';

/** An actor and its children. */
export interface Branch {
  readonly actor: ActorEntry;
  readonly children: readonly Branch[];
  /** Number of live children that the report leaves out. */
  readonly hidden: number;
  /** Name of the actor if its parent is shown above it, else its whole path. */
  readonly label: string;
}

/** Builds the trees of one node from its list of actors, in the order of the list. Pure. */
export function treesOf(actors: readonly ActorEntry[]): readonly Branch[] {
  const paths = new Set(actors.map(({ path }) => path));
  const below = new Map<string | null, ActorEntry[]>();
  for (const actor of actors) {
    // Prevents an endless loop for an invalid answer: the path of a child must be longer, so no actor is its own
    // ancestor.
    const isBelow =
      actor.parent !== null && paths.has(actor.parent) && actor.path.startsWith(`${actor.parent}/`);
    const parent = isBelow ? actor.parent : null;
    below.set(parent, [...(below.get(parent) ?? []), actor]);
  }
  const branch = (actor: ActorEntry, isTop: boolean): Branch => {
    const children = (below.get(actor.path) ?? []).map((child) => branch(child, false));
    const label = isTop ? actor.path : actor.path.slice(actor.path.lastIndexOf('/') + 1);
    return { actor, children, hidden: Math.max(0, actor.children - children.length), label };
  };
  return (below.get(null) ?? []).map((actor) => branch(actor, true));
}

/** Characters that draw the lines between parent and child. */
export interface Glyphs {
  readonly child: string;
  readonly lastChild: string;
  readonly pass: string;
  readonly blank: string;
  readonly more: string;
}

export const boxGlyphs: Glyphs = { child: '├─ ', lastChild: '└─ ', pass: '│  ', blank: '   ', more: '…' };
export const plainGlyphs: Glyphs = { child: '  ', lastChild: '  ', pass: '  ', blank: '  ', more: '...' };

/** One line of a drawn tree: an actor, or the number of its children that are not shown. */
export interface TreeLine {
  readonly label: string;
  readonly actor: ActorEntry | undefined;
}

/** The trees as lines with indentation. Pure. */
export function treeLines(trees: readonly Branch[], glyphs: Glyphs): readonly TreeLine[] {
  const lines: TreeLine[] = [];
  const visit = ({ actor, children, hidden, label }: Branch, before: string, isLast: boolean): void => {
    lines.push({ label: before + (isLast ? glyphs.lastChild : glyphs.child) + label, actor });
    const inner = before + (isLast ? glyphs.blank : glyphs.pass);
    for (const [index, child] of children.entries())
      visit(child, inner, hidden === 0 && index === children.length - 1);
    if (hidden === 0) return;
    const more = children.length > 0 ? 'more ' : '';
    const what = hidden === 1 ? 'child' : 'children';
    lines.push({
      label: `${inner}${glyphs.lastChild}${glyphs.more} ${hidden} ${more}${what} not shown`,
      actor: undefined,
    });
  };
  for (const [index, tree] of trees.entries()) visit(tree, '', index === trees.length - 1);
  return lines;
}
