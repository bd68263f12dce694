import type { VotersReport } from '../gateway-client/voters-report.ts';
import { alignColumns } from './columns.ts';

/** The voters as a table, and how many of them can be lost. */
export function votersText(report: VotersReport): string[] {
  const rows = report.voters.map(({ node, evidence, evidenceAgeMs }) => [
    node,
    evidenceAgeMs === undefined ? evidence : `${evidence} ${(evidenceAgeMs / 1000).toFixed(1)}s ago`,
  ]);
  return [...alignColumns([['VOTER', 'HEARD'], ...rows]), quorumText(report)];
}

/** How far the living voters are from losing their quorum, one line. */
export function quorumText({ voters, quorum, alive }: VotersReport): string {
  const count = `${alive} of ${voters.length} voters alive, ${quorum} needed`;
  if (alive < quorum) return `${count}: no leader can be elected until ${quorum - alive} more are back`;
  const spare = alive - quorum;
  const even =
    voters.length % 2 === 0
      ? '; an even number tolerates no more than one voter less: add or remove one'
      : '';
  return `${count}: ${spare === 0 ? 'none' : String(spare)} can be lost${even}`;
}
