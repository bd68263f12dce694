import type { StatusReport } from '../gateway-client/status-report.ts';
import { printable } from '../output/figures.ts';
import { bad, type Check, good } from './check.ts';

/** A single attempt may fail while JetStream elects a leader. */
const failingLimitMs = 2_000;

/** Whether the gateway can write its audit records. Empty for a gateway that records nothing. Pure. */
export function judgeAudit({ audit }: Pick<StatusReport, 'audit'>): Check[] {
  if (audit === undefined) return [];
  const { chain, failing, lost, damage, waiting, isOpen } = audit;
  const faults = [
    ...(failing !== undefined && failing.forMs >= failingLimitMs
      ? [
          `the store takes no record for ${Math.round(failing.forMs / 1_000)} s (${failing.reason}), ${waiting} wait`,
        ]
      : []),
    ...(lost > 0 ? [`${lost} records were dropped while the store took none`] : []),
    ...(damage === undefined ? [] : [damage]),
  ];
  if (faults.length > 0) return [bad('audit', printable(faults.join('; ')))];
  return [good('audit', isOpen ? `the chain ${chain} is written` : `the chain ${chain} is being opened`)];
}
