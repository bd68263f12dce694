import type { ActorsReport } from '../output/actors-report.ts';
import { printable } from '../output/figures.ts';

const maxNamed = 3;

/** Whether something has failed for good among the actors of the cluster. Pure. */
export function judgeActors({ nodes }: ActorsReport): { readonly ok: boolean; readonly detail: string } {
  const parked = nodes.flatMap(({ id, actors }) =>
    actors.filter(({ state }) => state === 'parked').map(({ path }) => `${id} ${path}`),
  );
  const mute = nodes.filter(({ state, silence }) => state === 'alive' && silence?.code === 'no-answer');
  const faults = [
    ...(parked.length > 0 ? [`parked: ${list(parked)}`] : []),
    ...(mute.length > 0 ? [`no answer from ${list(mute.map(({ id }) => id))}`] : []),
  ];
  if (faults.length > 0) return { ok: false, detail: printable(faults.join('; ')) };
  const answered = nodes.filter(({ silence }) => silence === null);
  const total = answered.reduce((sum, node) => sum + node.total, 0);
  return { ok: true, detail: `${total} on ${answered.length} nodes, none parked` };
}

function list(names: readonly string[]): string {
  const rest = names.length - maxNamed;
  return names.slice(0, maxNamed).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
