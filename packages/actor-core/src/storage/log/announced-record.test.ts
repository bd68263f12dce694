import { expect, it } from 'vitest';
import { headerBlock, headerLine } from '../../transport/header-block.ts';
import type { HeaderMessage } from '../../transport/transport.ts';
import { recordOfAnnounced } from './announced-record.ts';

/** 2026-12-01T01:02:03Z */
const atMs = 1_796_086_923_000;

const feedLines = (fields: { subject?: string; sequence?: number; time?: string } = {}) =>
  headerLine('Nats-Stream', 'KV_b') +
  headerLine('Nats-Subject', fields.subject ?? '$KV.b.k') +
  headerLine('Nats-Sequence', fields.sequence ?? 7) +
  headerLine('Nats-Time-Stamp', fields.time ?? '2026-12-01T01:02:03.456789012Z') +
  headerLine('Nats-Last-Sequence', 5);

function announced(lines: string, payload = Uint8Array.of(1, 2)): HeaderMessage {
  return { subject: 'feed.$KV.b.k', payload, reply: '', status: 0, headers: headerBlock(lines) };
}

it('reads what the server adds, the own fields of the record, and its id', () => {
  const own = headerLine('Drover-Memory', '{"t":"a: b"}') + headerLine('Nats-Msg-Id', 'id1');
  const record = recordOfAnnounced(announced(own + feedLines()));
  expect(record?.payload).toEqual(Uint8Array.of(1, 2));
  expect(record).toMatchObject({
    subject: '$KV.b.k',
    sequence: 7,
    headers: { 'Drover-Memory': '{"t":"a: b"}' },
    messageId: 'id1',
    acceptedAtMs: atMs + 456,
    isExpiry: false,
    replacesSubject: false,
  });
});

it('reads the id of a guarded write as its message id, and not as a field of the record', () => {
  const record = recordOfAnnounced(announced(headerLine('Drover-Write', 'w1') + feedLines()));
  expect(record).toMatchObject({ messageId: 'w1', headers: {} });
});

it('reads markers and replacements', () => {
  const marker = announced(headerLine('Nats-Marker-Reason', 'MaxAge') + feedLines());
  expect(recordOfAnnounced(marker)?.isExpiry).toBe(true);
  const purge = announced(headerLine('Nats-Rollup', 'sub') + feedLines());
  expect(recordOfAnnounced(purge)?.replacesSubject).toBe(true);
});

it('does not believe the fields that the writer of a record has added in the name of the server', () => {
  const forged = feedLines({ subject: '$KV.b.other', sequence: 99, time: '2036-01-01T00:00:00Z' });
  expect(recordOfAnnounced(announced(forged + feedLines()))).toMatchObject({
    subject: '$KV.b.k',
    sequence: 7,
    acceptedAtMs: atMs + 456,
  });
});

it.each([
  ['2026-12-01T01:02:03Z', 0],
  ['2026-12-01T01:02:03.1Z', 100],
  ['2026-12-01T01:02:03.07Z', 70],
  ['2026-12-01T01:02:03.009Z', 9],
  ['2026-12-01T01:02:03.999999999Z', 999],
])('reads the instant %s, in any order of seconds', (time, ms) => {
  recordOfAnnounced(announced(feedLines({ time: '2026-12-01T01:02:04.5Z' })));
  const record = recordOfAnnounced(announced(feedLines({ time })));
  expect(record?.acceptedAtMs).toBe(atMs + ms);
});

it('is undefined for a message that is no announcement', () => {
  expect(recordOfAnnounced(announced(''))).toBeUndefined();
  expect(recordOfAnnounced(announced(headerLine('Nats-Subject', '$KV.b.k')))).toBeUndefined();
  expect(recordOfAnnounced({ ...announced(''), headers: '' })).toBeUndefined();
});
