import type { Mutant } from '../mutant.ts';

/** Known bugs of the view and of those who obey it. */
export const viewMutants: readonly Mutant[] = [
  {
    name: 'unreachable-ends-actors',
    scenario: 'viewing',
    bug: 'watches on an unreachable member end although the view lists it',
    file: 'membership/view/node-fate.ts',
    find: 'if (isOver || isMember(view, node, incarnation)) return undefined;',
    replace: 'if (isOver) return undefined;',
  },
  {
    name: 'silence-ends-watches',
    scenario: 'viewing',
    bug: 'a watch on a silent member ends although the view lists the member',
    file: 'remoting/outbound-watches.ts',
    find: 'if (isSilent && !this.#options.takesPart(entry.address.node))',
    replace: 'if (isSilent)',
  },
  {
    name: 'view-gap-not-closed',
    scenario: 'viewing',
    bug: 'a node that missed a view does not ask for it',
    file: 'membership/view/decide-follow.ts',
    find: 'if (changed === undefined) return { state: next, ask: from };',
    replace: 'if (changed === undefined) return { state: next };',
  },
  {
    name: 'dead-incarnation-readmitted',
    scenario: 'viewing',
    bug: 'an incarnation that was declared dead is a member again when it is heard',
    file: 'membership/view/decide-view.ts',
    find: 'const newest = Math.max(endedIncarnation(view, id), known?.incarnation ?? 0);',
    replace: 'const newest = known !== undefined && isTakingPart(known) ? known.incarnation : 0;',
  },
];
