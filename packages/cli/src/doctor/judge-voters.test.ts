import { expect, it } from 'vitest';
import type { VotersReport } from '../gateway-client/voters-report.ts';
import { judgeVoters } from './judge-voters.ts';

const reportOf = (...evidence: string[]): VotersReport => ({
  voters: evidence.map((one, index) => ({ node: `h${index + 1}`, evidence: one })),
  quorum: Math.floor(evidence.length / 2) + 1,
  alive: evidence.filter((one) => one === 'alive').length,
});

it('finds no fault while all voters are alive', () => {
  expect(judgeVoters(reportOf('alive', 'alive', 'alive'))).toMatchObject({
    ok: true,
    detail: '3 of 3 voters alive, 2 needed: 1 can be lost',
  });
});

it('names a voter that is gone, and says to replace it', () => {
  expect(judgeVoters(reportOf('alive', 'unreachable', 'alive'))).toMatchObject({
    ok: false,
    detail: 'not alive: h2; 2 of 3 voters alive, 2 needed: none can be lost',
    fix: expect.stringContaining('drover cluster voters remove NODE'),
  });
});

it('says that no leader can be elected without a quorum, and what brings it back', () => {
  expect(judgeVoters(reportOf('alive', 'unheard', 'left'))).toMatchObject({
    ok: false,
    detail: expect.stringContaining('no leader can be elected until 1 more are back'),
    fix: 'start these hosts again',
  });
});
