import { printable } from '../output/figures.ts';
import type { NodeStatus } from '../output/status-report.ts';

const maxNamed = 3;

/** The verdict on hosts that answer probes but refuse requests; `fix` is empty without a fault. */
export interface RefusalVerdict {
  readonly ok: boolean;
  readonly detail: string;
  readonly fix: string;
}

/**
 * Whether every host serves its requests. An Ollama that answers `/api/version` and refuses requests passes every probe;
 * only the outcomes of requests show the fault. Pure.
 */
export function judgeRefusals(
  nodes: readonly Pick<NodeStatus, 'id' | 'state' | 'instances'>[],
): RefusalVerdict {
  const refusals = nodes
    .filter(({ state }) => state === 'alive')
    .flatMap(({ id, instances }) =>
      (instances ?? []).flatMap(({ name, refusals: told }) =>
        (told ?? []).map((refusal) => ({ where: `${name ?? 'an Ollama'} on ${id}`, ...refusal })),
      ),
    );
  if (refusals.length === 0) return { ok: true, detail: 'no host refuses what it is asked', fix: '' };
  const described = refusals.slice(0, maxNamed).map(({ where, model, reason, inRow, ageMs }) => {
    const what = model === undefined ? 'every model' : model;
    const times = `${inRow} ${inRow === 1 ? 'time' : 'times'} in a row`;
    return `${where} refuses ${what} (${times}, ${Math.round(ageMs / 1_000)} s ago): it ${reason}`;
  });
  const rest = refusals.length > maxNamed ? ` and ${refusals.length - maxNamed} more` : '';
  const [first] = refusals;
  return {
    ok: false,
    detail: printable(`${described.join('; ')}${rest}`),
    fix: printable(
      `look at the log of ${first?.where ?? 'that host'} and restart its Ollama; requests go elsewhere meanwhile`,
    ),
  };
}
