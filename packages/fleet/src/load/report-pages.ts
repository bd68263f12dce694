import type { InstanceLoad, LoadReport } from '../protocol/load-report.ts';

/** Assembles load reports from their pages. Holds one incomplete report for each node; a newer report replaces it. */
export class ReportPages {
  readonly #maxNodes: number;
  readonly #incomplete = new Map<
    string,
    { readonly first: LoadReport; readonly pages: Map<number, LoadReport> }
  >();

  constructor(maxNodes: number) {
    this.#maxNodes = maxNodes;
  }

  /** Takes a page. Returns the report when all its pages have arrived, else undefined. */
  add(report: LoadReport): LoadReport | undefined {
    const { node, pages: total = 1, page = 0 } = report;
    if (total === 1) {
      this.#incomplete.delete(node);
      return report;
    }
    if (page >= total) return undefined;
    let known = this.#incomplete.get(node);
    if (known === undefined || !isSame(known.first, report)) {
      for (const oldest of this.#incomplete.keys()) {
        if (this.#incomplete.size < this.#maxNodes || this.#incomplete.has(node)) break;
        this.#incomplete.delete(oldest);
      }
      known = { first: report, pages: new Map() };
      this.#incomplete.set(node, known);
    }
    known.pages.set(page, report);
    if (known.pages.size < total) return undefined;
    this.#incomplete.delete(node);
    return { ...report, page: undefined, pages: undefined, instances: merged([...known.pages.values()]) };
  }
}

function isSame(one: LoadReport, other: LoadReport): boolean {
  return one.incarnation === other.incarnation && one.seq === other.seq && one.pages === other.pages;
}

/** Merges the entries of an instance that is on several pages. */
function merged(pages: readonly LoadReport[]): readonly InstanceLoad[] {
  const byName = new Map<string, InstanceLoad>();
  for (const instance of pages
    .toSorted((a, b) => (a.page ?? 0) - (b.page ?? 0))
    .flatMap((page) => page.instances)) {
    const known = byName.get(instance.name);
    byName.set(
      instance.name,
      known === undefined ? instance : { ...instance, models: [...known.models, ...instance.models] },
    );
  }
  return [...byName.values()];
}
