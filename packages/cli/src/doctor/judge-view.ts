import type { NodeStatus, StatusReport, ViewMember } from '../gateway-client/status-report.ts';
import { printable } from '../output/figures.ts';
import { bad, type Check, good } from './check.ts';

/** A node that joins is listed within seconds. */
const upgradeFix = 'ask again in some seconds; a node of release 0.3.0 is listed once it is upgraded';

/** The checks of the view and of the node that writes it. Empty for a gateway of 0.3.0, which reports none. Pure. */
export function judgeView(report: StatusReport): Check[] {
  const control = report.groups?.find(({ name }) => name === 'control');
  if (control === undefined) return [];
  const { leader, state } = control;
  return [
    state === 'led'
      ? good('control', `${leader ?? 'a host'} leads, view ${report.view?.epoch ?? 0}`)
      : bad(
          'control',
          leader === undefined
            ? 'no control leader was ever heard'
            : `the control leader ${leader} is silent`,
        ),
    ...(report.view === undefined
      ? []
      : [judgeMembers(report.nodes, report.view.members), judgeVersions(report.view.members)]),
  ];
}

function judgeMembers(nodes: readonly NodeStatus[], members: readonly ViewMember[]): Check {
  const memberOf = (id: string) => members.find((member) => member.id === id);
  const present = members.filter(({ state }) => state !== 'left' && state !== 'dead');
  const unreachable = nodes.filter(({ id, state, incarnation }) => {
    const member = memberOf(id);
    return state === 'unreachable' && member?.incarnation === incarnation && present.includes(member);
  });
  const outside = nodes.filter(({ id, state }) => state === 'alive' && memberOf(id) === undefined);
  const ended = nodes.filter(
    ({ id, state, incarnation }) =>
      state === 'alive' && memberOf(id)?.incarnation === incarnation && memberOf(id)?.state === 'dead',
  );
  const faults = [
    ...unreachable.map(({ id }) => `${id} is unreachable but not declared dead`),
    ...ended.map(({ id }) => `${id} is declared dead but still runs: it has to join again`),
    ...outside.map(({ id }) => `${id} is not in the view (release 0.3.0, or just joining)`),
  ];
  if (faults.length === outside.length && faults.length > 0)
    return bad('view', printable(faults.join('; ')), upgradeFix);
  if (faults.length > 0) return bad('view', printable(faults.join('; ')));
  return good('view', `${present.length} members, all of them are heard`);
}

/** Several versions are normal during an upgrade, so that they are told and are no fault. */
function judgeVersions(members: readonly ViewMember[]): Check {
  const byVersion = new Map<string, string[]>();
  for (const { id, state, version = 'unknown' } of members)
    if (state !== 'left' && state !== 'dead') byVersion.set(version, [...(byVersion.get(version) ?? []), id]);
  const texts = [...byVersion].map(([version, ids]) => `${version} (${ids.join(', ')})`);
  return good('versions', byVersion.size > 1 ? `mixed: ${texts.join('; ')}` : [...byVersion.keys()].join());
}
