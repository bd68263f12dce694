import { expect, it } from 'vitest';
import { isPlain, nextCommit, sequencesOf, type Transaction } from './group-commit.ts';

const payload = new Uint8Array(10);
const writing = (...subjects: string[]): Transaction => ({
  records: subjects.map((subject) => ({ subject, payload })),
});
const asserting = (subject: string): Transaction => ({
  records: [{ subject, payload, expect: { subject, sequence: 1 } }],
});
const limits = { records: 4, bytes: 1_000 };

it('commits together what waits together, within the limit of records', () => {
  expect(nextCommit([writing('a', 'b'), writing('c'), writing('d'), writing('e')], limits)).toBe(3);
});

it('commits together within the limit of bytes', () => {
  expect(nextCommit([writing('a'), writing('b'), writing('c')], { records: 10, bytes: 25 })).toBe(2);
});

it('commits a transaction over the limits by itself', () => {
  expect(nextCommit([writing('a', 'b', 'c', 'd', 'e', 'f'), writing('g')], limits)).toBe(1);
});

it('leaves a transaction for the next commit that asserts a subject written in this one', () => {
  expect(nextCommit([writing('a'), asserting('b'), asserting('a'), writing('c')], limits)).toBe(2);
});

it('computes the sequence of each transaction from that of the last record', () => {
  expect(sequencesOf([writing('a', 'b'), writing('c'), writing('d', 'e', 'f')], 12)).toEqual([8, 9, 12]);
});

it('publishes one record without an expectation plainly', () => {
  expect([writing('a'), writing('a', 'b'), asserting('a')].map(isPlain)).toEqual([true, false, false]);
});
