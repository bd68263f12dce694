import type { VotersReport } from '../gateway-client/voters-report.ts';
import { quorumText } from '../output/voters-text.ts';
import { bad, type Check, good } from './check.ts';

/** Whether enough voters are alive to elect a control leader. Pure. */
export function judgeVoters(report: VotersReport): Check {
  const { voters, alive, quorum } = report;
  const missing = voters.filter(({ evidence }) => evidence !== 'alive').map(({ node }) => node);
  if (missing.length === 0) return good('voters', quorumText(report));
  const detail = `not alive: ${missing.join(', ')}; ${quorumText(report)}`;
  return alive < quorum ? bad('voters', detail, 'start these hosts again') : bad('voters', detail);
}
