import type { AuditReport } from '@drover/gateway/audit';
import { errorLine } from '../../errors.ts';
import type { GatewayAddress } from '../../gateway-client/gateway-address.ts';
import type { StatusReport } from '../../gateway-client/status-report.ts';
import { verifyClusterAudit } from '../../gateway-client/verify-cluster-audit.ts';
import { printable } from '../../output/figures.ts';
import { bad, type Check, good } from '../check.ts';

export interface AuditLogFacts {
  /** Whether the gateway that answers records anything. */
  readonly isOn: boolean;
  /** Whether other machines can reach the gateway. */
  readonly isOpen: boolean;
  /** Absent where the records could not be read. */
  readonly report?: Pick<AuditReport, 'ok' | 'records' | 'faults' | 'faultCount'>;
  readonly problem?: string;
}

/** Reads and verifies all records of the cluster. */
export async function checkAuditLog(
  address: GatewayAddress,
  auditDir: string,
  { audit }: Pick<StatusReport, 'audit'>,
  isOpen: boolean,
): Promise<Check> {
  if (audit === undefined) return judgeAuditLog({ isOn: false, isOpen });
  try {
    return judgeAuditLog({ isOn: true, isOpen, report: await verifyClusterAudit(address, auditDir) });
  } catch (error) {
    return judgeAuditLog({ isOn: true, isOpen, problem: errorLine(error).replace(/^drover: /, '') });
  }
}

/** Pure. */
export function judgeAuditLog({ isOn, isOpen, report, problem = '' }: AuditLogFacts): Check {
  if (!isOn)
    return isOpen
      ? bad(
          'audit log',
          'nothing is recorded, and other machines can reach the gateway',
          'start the gateways with --audit requests',
        )
      : good('audit log', 'nothing is recorded; only programs of this machine reach the gateway');
  if (report === undefined) return bad('audit log', `the records cannot be verified: ${printable(problem)}`);
  const [first] = report.faults;
  if (!report.ok || first !== undefined) {
    const what = first === undefined ? '' : `, the first: ${printable(first.detail)}`;
    return bad('audit log', `${report.faultCount} faults in ${report.records} records${what}`);
  }
  return good(
    'audit log',
    `${report.records} records are verified; the keys that sign them are outside the store`,
  );
}
