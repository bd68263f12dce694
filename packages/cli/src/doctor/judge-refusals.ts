import type { NodeStatus } from '../gateway-client/status-report.ts';
import { printable } from '../output/figures.ts';
import { bad, type Check, good } from './check.ts';

const maxNamed = 3;

/**
 * Whether a host refuses requests. An Ollama that answers `/api/version` and refuses requests passes every probe, so
 * only the outcomes of requests show the fault. Pure.
 */
export function judgeRefusals(nodes: readonly Pick<NodeStatus, 'id' | 'state' | 'instances'>[]): Check {
  const refusals = nodes
    .filter(({ state }) => state === 'alive')
    .flatMap(({ id, instances }) =>
      (instances ?? []).flatMap(({ name, refusals: reported }) =>
        (reported ?? []).map((refusal) => ({ where: `${name ?? 'an Ollama'} on ${id}`, ...refusal })),
      ),
    );
  if (refusals.length === 0) return good('refusals', 'no host refuses its requests');
  const described = refusals.slice(0, maxNamed).map(({ where, model, reason, inRow, ageMs }) => {
    const what = model === undefined ? 'every model' : model;
    const times = `${inRow} ${inRow === 1 ? 'time' : 'times'} in a row`;
    return `${where} refuses ${what} (${times}, ${Math.round(ageMs / 1_000)} s ago): it ${reason}`;
  });
  const rest = refusals.length > maxNamed ? ` and ${refusals.length - maxNamed} more` : '';
  const [first] = refusals;
  return bad(
    'refusals',
    printable(`${described.join('; ')}${rest}`),
    printable(
      `look at the log of ${first?.where ?? 'that host'} and restart its Ollama; requests go to other hosts meanwhile`,
    ),
  );
}
