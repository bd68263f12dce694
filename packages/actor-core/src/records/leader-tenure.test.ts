import type { Tenure } from '../leadership/leadership.ts';
import { settle } from '../testing/settle.ts';
import { expect, it } from 'vitest';
import { LeaderTenure, writeUnder } from './leader-tenure.ts';

function setup() {
  let appends = 0;
  const lead = {
    fence: { log: 'L', subject: 'lead', sequence: 5 },
    write: () => {
      appends += 1;
      return Promise.reject(new Error('no answer'));
    },
  } as unknown as Tenure;
  const tenure = new LeaderTenure<string>(lead, () => undefined);
  return { tenure, appends: () => appends };
}

it('asks once for a new read after a failed one, when the pause is over', () => {
  const { tenure } = setup();
  expect(tenure.takeReread(0)).toBe(false);
  tenure.readFailed(100);
  expect([tenure.takeReread(599), tenure.takeReread(600), tenure.takeReread(601)]).toEqual([
    false,
    true,
    false,
  ]);
});

it('repeats a failed write when the pause is over', async () => {
  const { tenure, appends } = setup();
  tenure.writer.push({ write: 1, subject: 's', payload: new Uint8Array() });
  await settle();
  tenure.writeFailed(100);
  tenure.repeatWrite(599);
  expect(appends()).toBe(1);
  tenure.repeatWrite(600);
  expect(appends()).toBe(2);
});

it.each(['deposed', 'rolled-back'])(
  'reports a write that was refused as %s as a rejected fence',
  async (kind) => {
    const lead = {
      fence: { log: 'L', subject: 'lead', sequence: 5 },
      write: () => Promise.resolve({ kind, newest: 9 }),
    } as unknown as Tenure;
    await expect(writeUnder(lead, 's', new Uint8Array())).rejects.toMatchObject({
      code: 'fence-rejected',
      fence: 5,
    });
  },
);
