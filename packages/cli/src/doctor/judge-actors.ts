import type { ActorsReport } from '../gateway-client/actors-report.ts';
import { printable } from '../output/figures.ts';
import { bad, type Check, good } from './check.ts';

const maxNamed = 3;

/** Whether an actor is parked, or a node that is alive does not answer. Pure. */
export function judgeActors({ nodes }: ActorsReport): Check {
  const parked = nodes.flatMap(({ id, actors }) =>
    actors.filter(({ state }) => state === 'parked').map(({ path }) => `${id} ${path}`),
  );
  const unanswered = nodes.filter(({ state, silence }) => state === 'alive' && silence?.code === 'no-answer');
  const faults = [
    ...(parked.length > 0 ? [`parked: ${list(parked)}`] : []),
    ...(unanswered.length > 0 ? [`no answer from ${list(unanswered.map(({ id }) => id))}`] : []),
  ];
  if (faults.length > 0) return bad('actors', printable(faults.join('; ')));
  const answered = nodes.filter(({ silence }) => silence === null);
  const total = answered.reduce((sum, node) => sum + node.total, 0);
  return good('actors', `${total} on ${answered.length} nodes, none parked`);
}

function list(names: readonly string[]): string {
  const rest = names.length - maxNamed;
  return names.slice(0, maxNamed).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
