import type { InstanceLoad, LoadReport } from '../protocol/load-report.ts';

/** Assembles load reports from their pages. Holds one unfinished report a node; a newer report replaces it. */
export class ReportPages {
  readonly #maxNodes: number;
  readonly #unfinished = new Map<
    string,
    { readonly first: LoadReport; readonly pages: Map<number, LoadReport> }
  >();

  constructor(maxNodes: number) {
    this.#maxNodes = maxNodes;
  }

  /** The whole report, once its last page is there; a report of one page at once. */
  add(report: LoadReport): LoadReport | undefined {
    const { node, pages: total = 1, page = 0 } = report;
    if (total === 1) {
      this.#unfinished.delete(node);
      return report;
    }
    if (page >= total) return undefined;
    let known = this.#unfinished.get(node);
    if (known === undefined || !isSame(known.first, report)) {
      for (const oldest of this.#unfinished.keys()) {
        if (this.#unfinished.size < this.#maxNodes || this.#unfinished.has(node)) break;
        this.#unfinished.delete(oldest);
      }
      known = { first: report, pages: new Map() };
      this.#unfinished.set(node, known);
    }
    known.pages.set(page, report);
    if (known.pages.size < total) return undefined;
    this.#unfinished.delete(node);
    return { ...report, page: undefined, pages: undefined, instances: merged([...known.pages.values()]) };
  }
}

function isSame(one: LoadReport, other: LoadReport): boolean {
  return one.incarnation === other.incarnation && one.seq === other.seq && one.pages === other.pages;
}

/** An instance that stands on several pages has the models of all of them. */
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
