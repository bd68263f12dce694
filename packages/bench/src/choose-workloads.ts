import { UsageError } from './named-module.ts';

/**
 * The workloads that `--only` names, in their own order; all of them where it names none.
 *
 * @throws UsageError naming a workload that does not exist
 */
export function chooseWorkloads<W extends { readonly name: string }>(
  workloads: readonly W[],
  only: readonly string[],
): readonly W[] {
  for (const name of only) {
    if (!workloads.some((workload) => workload.name === name))
      throw new UsageError(
        `no workload ${JSON.stringify(name)} (${workloads.map((entry) => entry.name).join(', ')})`,
      );
  }
  return only.length === 0 ? workloads : workloads.filter(({ name }) => only.includes(name));
}
