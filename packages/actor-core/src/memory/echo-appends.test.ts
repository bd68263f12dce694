import { expect, it } from 'vitest';
import type { AppendOutcome, LogRecord, NewRecord } from '../storage/log/log.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { settle } from '../testing/settle.ts';
import { EchoAppends } from './echo-appends.ts';

function setup() {
  const clock = new ManualClock();
  const sent: string[] = [];
  const state = { isConnected: true };
  const echoes = new EchoAppends({
    log: {
      send: (_log: string, { subject }: NewRecord) => {
        if (state.isConnected) sent.push(subject);
        return state.isConnected;
      },
    },
    logName: 'KV_b',
    clock,
  });
  const outcomes = new Map<string, AppendOutcome>();
  const append = (subject: string, sequence = 5): void => {
    const record = { subject, payload: new Uint8Array(0), messageId: `id-${subject}` };
    void echoes.append(record, { subject, sequence }).then((outcome) => outcomes.set(subject, outcome));
  };
  const echo = (subject: string, sequence: number, messageId = `id-${subject}`): void =>
    echoes.saw({ ...recordOf(subject), sequence, messageId });
  return { clock, sent, state, echoes, outcomes, append, echo };
}

function recordOf(subject: string): LogRecord {
  return {
    subject,
    sequence: 0,
    payload: new Uint8Array(0),
    headers: {},
    messageId: undefined,
    acceptedAtMs: 0,
    isExpiry: false,
    replacesSubject: false,
  };
}

it('takes the own record on the feed for the acceptance of an append', async () => {
  const { append, echo, outcomes } = setup();
  append('a');
  echo('a', 9);
  await settle(1);
  expect(outcomes.get('a')).toEqual({ kind: 'appended', sequence: 9, isDuplicate: false });
});

it('takes another record of the subject for its refusal, and ignores one that the append has seen', async () => {
  const { append, echo, outcomes } = setup();
  append('a');
  echo('a', 5, 'other');
  await settle(1);
  expect(outcomes.size).toBe(0);
  echo('a', 7, 'other');
  await settle(1);
  expect(outcomes.get('a')).toEqual({ kind: 'wrong-sequence', actual: 7 });
});

it('does not send an append that was refused while it waited', async () => {
  const { append, clock, echo, outcomes, sent } = setup();
  for (const subject of ['a', 'b', 'c', 'd']) append(subject);
  echo('d', 7, 'other');
  clock.advance(3);
  await settle(1);
  expect(outcomes.get('d')).toEqual({ kind: 'wrong-sequence', actual: 7 });
  expect(sent).toEqual(['a', 'b', 'c']);
});

it('leaves the outcome open when announcements are missing, or none comes, and asks for answers then', async () => {
  const { append, clock, echoes, outcomes } = setup();
  append('a');
  echoes.lose('gap');
  append('b');
  clock.advance(1_001);
  await settle(1);
  expect(outcomes.get('a')?.kind).toBe('unanswered');
  expect(outcomes.get('b')?.kind).toBe('unanswered');
  expect(echoes.isUsable).toBe(false);
  clock.advance(5_000);
  expect(echoes.isUsable).toBe(true);
});

it('sends what waits in groups of half of what is in flight, and holds nothing for more than 2 ms', () => {
  const { append, clock, echo, sent } = setup();
  for (const subject of ['a', 'b', 'c', 'd']) append(subject);
  expect(sent).toEqual(['a', 'b', 'c']);
  echo('a', 9);
  expect(sent).toEqual(['a', 'b', 'c', 'd']);
  append('e');
  expect(sent).not.toContain('e');
  clock.advance(3);
  expect(sent).toContain('e');
});

it('says that an append was refused which could not be sent', async () => {
  const { append, outcomes, state } = setup();
  state.isConnected = false;
  append('a');
  await settle(1);
  expect(outcomes.get('a')).toMatchObject({ kind: 'refused', isTransient: true });
});
