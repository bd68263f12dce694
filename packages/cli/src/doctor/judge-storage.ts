import type { StatusReport, StoreReportStatus } from '../gateway-client/status-report.ts';
import { printable } from '../output/figures.ts';
import { bad, type Check, good } from './check.ts';

/** The gateway looks at the memory once a second. */
const lagLimitMs = 5_000;
/** A host reports every 5 s. */
const freshReportMs = 30_000;
/** Findings that are named in one line. */
const maxNamed = 3;

/** The checks of what is stored, as the status tells it. Empty for a gateway of 0.3.0. Pure. */
export function judgeStorage({ stores, durability, memoryLagMs }: StatusReport): Check[] {
  const memory = memoryLagMs === undefined ? [] : [judgeMemory(memoryLagMs)];
  if (stores === undefined) return memory;
  const fresh = stores.filter(({ evidenceAgeMs }) => evidenceAgeMs <= freshReportMs);
  return [judgeReplicas(fresh, durability), judgeQuarantine(fresh), ...memory];
}

function judgeReplicas(reports: readonly StoreReportStatus[], durability: string | undefined): Check {
  if (reports.length === 0) return good('replicas', 'not checked: no host has reported yet');
  const thin = new Map(
    reports.flatMap(({ thinLogs, wantedReplicas }) =>
      thinLogs.map((log) => [log.name, { ...log, wanted: Math.max(wantedReplicas, log.replicas) }] as const),
    ),
  );
  const wanted = Math.max(...reports.map(({ wantedReplicas }) => wantedReplicas));
  const single = reports.filter(
    ({ wantedReplicas }) => wantedReplicas < (durability === 'any-one' ? 3 : wanted),
  );
  const faults = [
    ...named([...thin.values()].map((log) => `${log.name} has ${log.copies} of ${log.wanted} copies`)),
    ...named(single.map(({ node, wantedReplicas }) => `${node} creates logs with ${wantedReplicas}`)),
  ];
  if (faults.length > 0) return bad('replicas', printable(faults.join('; ')));
  return good('replicas', `each log has ${wanted === 1 ? 'its one copy' : `${wanted} copies`}`);
}

function judgeQuarantine(reports: readonly StoreReportStatus[]): Check {
  const count = Math.max(0, ...reports.map(({ quarantinedCount }) => quarantinedCount));
  if (count === 0) return good('quarantine', 'all stored state was accepted');
  const found = new Map(reports.flatMap((report) => report.quarantined.map((one) => [one.subject, one])));
  const texts = [...found.values()].map(({ subject, reason, detail }) => `${subject} (${reason}: ${detail})`);
  return bad('quarantine', printable(`${count} quarantined: ${named(texts).join('; ')}`));
}

function judgeMemory(lagMs: number | null): Check {
  if (lagMs === null)
    return bad(
      'memory',
      'the gateway has not opened it: no host has created it, or JetStream does not answer',
    );
  if (lagMs <= lagLimitMs) return good('memory', `the gateway is ${lagMs} ms behind`);
  return bad('memory', `the gateway is ${(lagMs / 1_000).toFixed(1)} s behind: its watch is silent or late`);
}

function named(texts: readonly string[]): string[] {
  const more = texts.length - maxNamed;
  return [...texts.slice(0, maxNamed), ...(more > 0 ? [`and ${more} more`] : [])];
}
