import { expect, it } from 'vitest';
import { judgeDisk } from './check-machine.ts';
import { judgeStore } from './check-store.ts';

const proof = { ok: true, node: 'host-1', fence: 7, writeMs: 3, readMs: 1 };
const MiB = 1024 * 1024;

it('judges a store as good after a fenced write that was read back', () => {
  expect(judgeStore({ ...proof, usedBytes: 5 * MiB })).toEqual({
    check: 'store',
    ok: true,
    detail: 'host-1 wrote under fence 7 in 3 ms and read it back in 1 ms, 5.0 MiB used',
    fix: '',
  });
});

it.each(['store-full', 'store-missing', 'no-leader'])('says what to do about %s', (code) => {
  const check = judgeStore({ ok: false, code, message: 'it does not work' });
  expect(check).toMatchObject({ ok: false, detail: `${code}: it does not work` });
  expect(check.fix.length).toBeGreaterThan(20);
});

it('finds that records were lost with the store, although the store works again', () => {
  const check = judgeStore({ ...proof, lostAt: '2026-11-30T17:29:11.735Z' });
  expect(check).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/^data-lost: .*host-1 found/) as string,
  });
  expect(check.fix).toContain('restore the data folder');
});

it('finds an account whose storage is nearly used up', () => {
  expect(judgeStore({ ...proof, usedBytes: 95 * MiB, limitBytes: 100 * MiB })).toMatchObject({ ok: false });
  expect(judgeStore({ ...proof, usedBytes: 50 * MiB, limitBytes: 100 * MiB })).toMatchObject({ ok: true });
});

it('finds a disk that is nearly full', () => {
  expect(judgeDisk('/d', 10 * MiB, 1_000 * MiB)).toMatchObject({
    ok: false,
    detail: '10 MiB free of 1000 MiB where /d is',
    fix: expect.stringContaining('make room') as string,
  });
  expect(judgeDisk('/d', 900 * MiB, 1_000 * MiB)).toMatchObject({ ok: true });
});
