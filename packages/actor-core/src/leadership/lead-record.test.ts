import { expect, it } from 'vitest';
import type { LogRecord } from '../storage/log/log.ts';
import { decideLoss, decideTake, decodeLeadRecord, encodeLeadRecord, noLogSeen } from './lead-record.ts';

const of = (leader: string, sequence: number, term = 3) => ({ leader, incarnation: 1, term, sequence });
const stays = () => false;

function stored(payload: Uint8Array): LogRecord {
  return { subject: 'lead', sequence: 9, payload } as LogRecord;
}

it('takes over from nobody, and from the known record', () => {
  expect(decideTake({ fence: 0, term: 0 }, undefined, stays)).toEqual({ do: 'take', after: 0, term: 1 });
  expect(decideTake({ fence: 7, term: 2 }, of('b', 7), stays)).toEqual({ do: 'take', after: 7, term: 4 });
  expect(decideTake({ fence: 7, term: 9 }, of('b', 7), stays)).toEqual({ do: 'take', after: 7, term: 9 });
});

it('gives the writer of an unknown record time, unless its process has ended', () => {
  expect(decideTake({ fence: 7, term: 2 }, of('b', 8), stays)).toEqual({ do: 'wait', term: 3, fence: 8 });
  expect(decideTake({ fence: 7, term: 2 }, of('b', 8), () => true)).toEqual({
    do: 'take',
    after: 8,
    term: 4,
  });
});

it.each([[undefined], [of('a', 6)]])(
  'takes nothing over when the log has less than is known, even with an own record: %j',
  (newest) => {
    expect(decideTake({ fence: 7, term: 2 }, newest, () => true)).toEqual({ do: 'examine' });
  },
);

it('counts a log as lost at once when another one has its name', () => {
  const { isLost, seen } = decideLoss({ ...noLogSeen, created: 'A' }, { created: 'B' }, 100);
  expect({ isLost, created: seen.created, shortLooks: seen.shortLooks }).toEqual({
    isLost: true,
    created: 'B',
    shortLooks: 0,
  });
});

it.each([
  ['at the fourth short look in a row', [0, 2_000, 4_000, 6_000], [false, false, false, true]],
  [
    'not before 5 s have passed',
    [0, 500, 1_000, 1_500, 4_999, 5_000],
    [false, false, false, false, false, true],
  ],
])('counts a log as rolled back %s', (_, instants, expected) => {
  let seen = noLogSeen;
  const lost = instants.map((nowMs) => {
    const look = decideLoss(seen, { created: 'A' }, nowMs);
    ({ seen } = look);
    return look.isLost;
  });
  expect(lost).toEqual(expected);
});

it('reads records of 0.3.0, and its own with unknown fields', () => {
  const before = new TextEncoder().encode('{"v":1,"leader":"b","incarnation":4,"term":2}');
  expect(decodeLeadRecord(stored(before))).toEqual({ leader: 'b', incarnation: 4, term: 2, sequence: 9 });
  const own = { leader: 'b', incarnation: 4, term: 2, nonce: 'n' };
  expect(decodeLeadRecord(stored(encodeLeadRecord(own)))).toEqual({ ...own, sequence: 9 });
  const newer = new TextEncoder().encode('{"v":1,"leader":"b","incarnation":4,"term":2,"colour":"red"}');
  expect(decodeLeadRecord(stored(newer))).toMatchObject({ leader: 'b' });
});

it.each(['{', '[]', '{"leader":1,"incarnation":1,"term":1}', '{"leader":"b","incarnation":"x","term":1}'])(
  'refuses what is no lead record: %s',
  (text) => {
    expect(() => decodeLeadRecord(stored(new TextEncoder().encode(text)))).toThrow();
  },
);
