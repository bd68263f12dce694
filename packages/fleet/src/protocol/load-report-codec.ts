import { pack, unpack } from 'msgpackr';
import {
  type InstanceLoad,
  type LoadReport,
  loadReportSchema,
  maxReportPages,
  type ModelLoad,
} from './load-report.ts';

/** The payload for `subjects.load(node)`. */
export function encodeLoadReport(report: LoadReport): Uint8Array {
  return pack(report);
}

/**
 * The report as messages of at most `maxBytes`; usually a single message.
 *
 * @returns `left`: number of models that did not fit the allowed pages
 */
export function encodeLoadReportPages(
  report: LoadReport,
  maxBytes: number,
): { readonly pages: readonly Uint8Array[]; readonly left: number } {
  const whole = encodeLoadReport(report);
  if (whole.length <= maxBytes) return { pages: [whole], left: 0 };
  const budget = maxBytes - encodeLoadReport({ ...report, instances: [], page: 999, pages: 999 }).length;
  const pages = packPages(report.instances, budget);
  const sent = pages.slice(0, maxReportPages);
  const left = pages
    .slice(maxReportPages)
    .flat()
    .flatMap(({ models }) => models).length;
  return {
    pages: sent.map((instances, page) =>
      encodeLoadReport({ ...report, instances, page, pages: sent.length }),
    ),
    left,
  };
}

/** Distributes the models over pages; every instance is on at least one page, even without models. */
function packPages(instances: readonly InstanceLoad[], budget: number): InstanceLoad[][] {
  const pages: InstanceLoad[][] = [];
  let page: InstanceLoad[] = [];
  let bytes = 0;
  const turn = (): void => {
    pages.push(page);
    page = [];
    bytes = 0;
  };
  for (const instance of instances) {
    const headBytes = pack({ ...instance, models: [] }).length + arrayHeadBytes;
    let models: ModelLoad[] = [];
    if (bytes > 0 && bytes + headBytes > budget) turn();
    bytes += headBytes;
    for (const model of instance.models) {
      const modelBytes = pack(model).length;
      if (models.length > 0 && bytes + modelBytes > budget) {
        page.push({ ...instance, models });
        turn();
        models = [];
        bytes = headBytes;
      }
      models.push(model);
      bytes += modelBytes;
    }
    page.push({ ...instance, models });
  }
  turn();
  return pages;
}

/** Largest number of bytes that MessagePack needs for the length of a list. */
const arrayHeadBytes = 5;

/** Decodes and checks a payload from the bus; returns the error text of an invalid one. */
export function decodeLoadReport(payload: Uint8Array): LoadReport | string {
  let value: unknown;
  try {
    value = unpack(payload);
  } catch (error) {
    return `not msgpack: ${error instanceof Error ? error.message : String(error)}`;
  }
  const parsed = loadReportSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `${issue?.path.join('.') || 'report'}: ${issue?.message ?? 'invalid'}`;
}
