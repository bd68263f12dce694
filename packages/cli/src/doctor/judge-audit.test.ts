import { expect, it } from 'vitest';
import { judgeAudit } from './judge-audit.ts';

const audit = { chain: 'gateway-1', isOpen: true, waiting: 0, lost: 0 };

it('says nothing about a gateway that records nothing', () => {
  expect(judgeAudit({})).toEqual([]);
});

it('is content with a chain that is written, also after one attempt failed', () => {
  expect(judgeAudit({ audit })).toMatchObject([{ check: 'audit', ok: true }]);
  const failing = { forMs: 900, reason: 'no answer' };
  expect(judgeAudit({ audit: { ...audit, failing } })).toMatchObject([{ ok: true }]);
});

it.each([
  [
    { failing: { forMs: 9_000, reason: 'the disk is full' }, waiting: 7 },
    /for 9 s \(the disk is full\), 7 wait/,
  ],
  [{ lost: 12 }, /12 records were dropped/],
  [{ damage: 'the store lacks records up to 9' }, /lacks records up to 9/],
])('finds a chain that is not whole: %o', (fields, text) => {
  const [check] = judgeAudit({ audit: { ...audit, ...fields } });
  expect(check).toMatchObject({ ok: false, detail: expect.stringMatching(text) as string });
  expect(check?.fix).toContain('drover audit verify');
});
