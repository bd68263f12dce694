import type { StatusReport } from '../gateway-client/status-report.ts';
import { printable } from '../output/figures.ts';
import { bad, type Check, good } from './check.ts';

const dayMs = 24 * 3_600_000;
/** Days before the end of a certificate from which it is a fault. */
const warnDays = 30;

/** Whether the gateway's certificate is valid for long enough, and is the one in the files. Pure. */
export function judgeCertificate({ tls }: Pick<StatusReport, 'tls'>, nowMs: number): Check {
  if (tls === undefined) return good('certificate', 'the gateway serves plain HTTP');
  const subject = printable(tls.subject);
  if (tls.problem !== undefined)
    return bad(
      'certificate',
      `${subject} is served, because of the files as they are now ${printable(tls.problem)}`,
    );
  const days = Math.floor((Date.parse(tls.expiresAt) - nowMs) / dayMs);
  const date = tls.expiresAt.slice(0, 10);
  if (days < 0) return bad('certificate', `${subject} has expired on ${date}`);
  const detail = `${subject} is valid until ${date}, for ${days} more days`;
  return days < warnDays ? bad('certificate', detail) : good('certificate', detail);
}
