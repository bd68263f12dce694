import type { AuditFault, AuditReport, ChainReport } from '@drover/gateway/audit';

/** The report of `drover audit verify`. */
export function auditLines({ ok, records, chains, faults, faultCount }: AuditReport): string[] {
  const hidden = faultCount - faults.length;
  return [
    ...chains.map(chainLine),
    ...faults.map(faultLine),
    ...(hidden > 0 ? [`and ${hidden} more faults`] : []),
    ok
      ? `ok: ${count(records, 'record')} of ${count(chains.length, 'chain')}, nothing changed, missing or out of order`
      : `not ok: ${count(faultCount, 'fault')} in ${count(records, 'record')} of ${count(chains.length, 'chain')}`,
  ];
}

function chainLine({
  chain,
  records,
  first,
  last,
  firstTime,
  lastTime,
  unsigned,
  signedBy,
}: ChainReport): string {
  if (records === 0) return `${chain}: no record is left`;
  const older = first > 0 ? `; older ones are not here` : '';
  const tail = unsigned > 0 ? `, the last ${unsigned} not signed yet` : '';
  const by = signedBy.length === 0 ? 'nobody' : signedBy.join(', ');
  return `${chain}: records ${first} to ${last}, ${firstTime} to ${lastTime}, signed by ${by}${tail}${older}`;
}

function faultLine({ kind, line, chain, n, detail }: AuditFault): string {
  const where = [
    ...(chain === undefined ? [] : [chain]),
    ...(n === undefined ? [] : [`record ${n}`]),
    line === 0 ? 'at the end' : `line ${line}`,
  ];
  return `${kind}: ${where.join(', ')}: ${detail}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
