import { describe, expect, it } from 'vitest';
import { type FleetConfig, resolveConfig } from '../config.ts';
import type { SessionMessage } from '../protocol/session-message.ts';
import {
  createReceiver,
  decideReceive,
  type ReceiverEffect,
  type ReceiverEvent,
  receiverWakeAtMs,
} from './stream-receiver.ts';

type MessageFields<Kind extends SessionMessage['kind']> = Omit<
  Extract<SessionMessage, { kind: Kind }>,
  'kind' | 'streamId'
>;

function setup(partial: Partial<FleetConfig> = {}) {
  let now = 0;
  const state = createReceiver(600_000, resolveConfig({ windowLines: 8, ...partial }), now);
  const feed = (event: ReceiverEvent): string[] => decideReceive(state, event, now).map(short);
  const head = (): string[] => feed({ kind: 'head', streamId: 's', status: 200, contentType: 'x' });
  const chunk = (first: number, ...lines: string[]): string[] =>
    feed({ kind: 'chunk', streamId: 's', first, lines });
  const piece = (first: number, ...lines: string[]): string[] =>
    feed({ kind: 'chunk', streamId: 's', first, lines, continues: true });
  const beat = (fields: Partial<MessageFields<'beat'>> = {}): string[] =>
    feed({ kind: 'beat', streamId: 's', next: 1, phase: 'waiting', position: 0, ...fields });
  const end = (lines: number): string[] => feed({ kind: 'end', streamId: 's', lines });
  const fail = (lines: number): string[] =>
    feed({ kind: 'fail', streamId: 's', lines, code: 'upstream-lost', message: 'reset' });
  const taken = (count: number): string[] => feed({ kind: 'consumed', count });
  const bus = (connected: boolean): string[] => feed({ kind: 'bus', connected });
  const pass = (ms: number): void => {
    now += ms;
  };
  /** Moves time to the next tick and feeds it. */
  const wake = (): string[] => {
    now = receiverWakeAtMs(state);
    return feed({ kind: 'tick' });
  };
  /** Feeds ticks until so much time has passed. */
  const wakeFor = (ms: number): string[] => {
    const until = now + ms;
    const effects: string[] = [];
    while (!state.finished && receiverWakeAtMs(state) <= until) effects.push(...wake());
    now = Math.max(now, until);
    return effects;
  };
  return {
    state,
    feed,
    head,
    chunk,
    piece,
    beat,
    end,
    fail,
    taken,
    bus,
    pass,
    wake,
    wakeFor,
    now: () => now,
  };
}

function short(effect: ReceiverEffect): string {
  switch (effect.kind) {
    case 'deliver':
      return `deliver ${effect.lines.join(',')}`;
    case 'grant':
      return `grant ${effect.through} received ${effect.received}`;
    case 'resume':
      return `resume ${effect.from}`;
    case 'finished':
      return effect.outcome.kind === 'end' ? 'end' : `${effect.outcome.kind} ${effect.outcome.code}`;
    default:
      return effect.kind;
  }
}

describe('the receiving end', () => {
  it('delivers lines in order, drops repeated ones, and confirms the ending as the line after the last', () => {
    const { head, chunk, end } = setup();
    expect(head()).toEqual(['head']);
    expect(head()).toEqual([]);
    expect(chunk(1, 'a', 'b')).toEqual(['deliver a,b']);
    expect(chunk(1, 'a', 'b')).toEqual([]);
    expect(chunk(2, 'b', 'c')).toEqual(['deliver c']);
    expect(end(3)).toEqual(['grant 8 received 4', 'end']);
    expect(end(3)).toEqual([]);
  });

  it('grants when half of the window is consumed, and every second as sign of life', () => {
    const { head, chunk, taken, wake, now } = setup();
    head();
    chunk(1, 'a', 'b', 'c', 'd', 'e', 'f');
    expect(taken(3)).toEqual([]);
    expect(taken(1)).toEqual(['grant 12 received 6']);
    expect(wake()).toEqual(['grant 12 received 6']);
    expect(now()).toBe(1_000);
    expect(taken(2)).toEqual([]);
    expect(wake()).toEqual(['grant 14 received 6']);
  });

  it('requests a missing line after 150 ms and again every 500 ms, unless it has arrived meanwhile', () => {
    const { head, chunk, wake, now, pass } = setup();
    head();
    expect(chunk(2, 'b')).toEqual([]);
    expect(wake()).toEqual(['resume 1']);
    expect(now()).toBe(150);
    expect(wake()).toEqual(['resume 1']);
    expect(now()).toBe(650);
    expect(chunk(1, 'a', 'b')).toEqual(['deliver a,b']);
    expect(chunk(4, 'd')).toEqual([]);
    pass(100);
    expect(chunk(3, 'c', 'd')).toEqual(['deliver c,d']);
    expect(wake()).toEqual(['grant 8 received 4']);
  });

  it('detects a loss by a beat, by the ending and by a missing head', () => {
    const losses: ((end: ReturnType<typeof setup>) => unknown)[] = [
      ({ head, beat }) => [head(), beat({ next: 2, phase: 'streaming' })],
      ({ beat }) => beat({ phase: 'streaming' }),
      ({ head, end }) => [head(), end(1)],
      ({ end }) => end(0),
      ({ fail }) => fail(1),
      ({ chunk }) => chunk(1, 'a'),
    ];
    for (const lose of losses) {
      const receiver = setup();
      lose(receiver);
      expect(receiver.wake()).toEqual(['resume 1']);
      expect(receiver.now()).toBe(150);
    }
    const whole = setup();
    whole.head();
    whole.chunk(1, 'a');
    whole.beat({ next: 2, phase: 'streaming' });
    expect(whole.wake()).toEqual(['grant 8 received 1']);
  });

  it('counts lines as lost after 12 requests without progress', () => {
    const { head, chunk, wakeFor, beat, now } = setup();
    head();
    chunk(2, 'b');
    const effects: string[] = [];
    while (now() < 10_000 && !effects.includes('cancel')) {
      beat({ next: 3, phase: 'streaming' });
      effects.push(...wakeFor(500));
    }
    expect(effects.filter((effect) => effect === 'resume 1')).toHaveLength(12);
    expect(effects.slice(-2)).toEqual(['cancel', 'failed replay-lost']);
  });

  it('is host-lost 3 s after the last message while the bus is connected', () => {
    const { beat, pass, wakeFor, now } = setup();
    pass(500);
    beat();
    expect(wakeFor(10_000).slice(-2)).toEqual(['cancel', 'failed host-lost']);
    expect(now()).toBe(10_500);
    const early = setup();
    early.beat();
    expect(early.wakeFor(2_999)).not.toContain('failed host-lost');
    expect(early.wakeFor(1)).toContain('failed host-lost');
  });

  it('does not count a stall of its own process as silence of the host', () => {
    const { head, pass, feed, chunk, state } = setup();
    head();
    pass(20_000);
    expect(feed({ kind: 'tick' })).toEqual(['grant 8 received 0']);
    pass(200);
    expect(chunk(1, 'a')).toEqual(['deliver a']);
    expect(state.finished).toBe(false);
  });

  it('is host-lost at once when presence shows the end of the host', () => {
    const { feed } = setup();
    expect(feed({ kind: 'host-gone', message: 'left' })).toEqual(['cancel', 'failed host-lost']);
  });

  it('counts no silence while the bus is away, resumes at once after a reconnect, and gives up after 15 s', () => {
    const { head, chunk, bus, pass, wakeFor, wake, now } = setup();
    head();
    chunk(1, 'a');
    bus(false);
    expect(wakeFor(14_999)).toEqual([]);
    expect(bus(true)).toEqual(['grant 8 received 1', 'resume 2']);
    expect(chunk(2, 'b')).toEqual(['deliver b']);
    pass(1_000);
    bus(false);
    const awayAtMs = now();
    expect(wake()).toEqual(['failed bus-unavailable']);
    expect(now() - awayAtMs).toBe(15_000);
  });

  it('waits 5 s for the first message after a reconnect, and requests it meanwhile', () => {
    const { head, bus, wakeFor } = setup();
    head();
    bus(false);
    bus(true);
    const effects = wakeFor(4_999);
    expect(effects.filter((effect) => effect === 'resume 1')).toHaveLength(9);
    expect(wakeFor(1)).toContain('failed host-lost');
  });

  it('joins the pieces of a long line and grants through one that is longer than the window', () => {
    const { head, piece, chunk, state } = setup();
    head();
    const effects: string[] = [...piece(1, 'x', 'a')];
    for (let number = 3; number <= 30; number += 1) effects.push(...piece(number, 'a'));
    effects.push(...chunk(31, 'b', 'y'));
    expect(effects.filter((effect) => effect.startsWith('deliver'))).toEqual([
      'deliver x',
      `deliver ${'a'.repeat(29)}b,y`,
    ]);
    expect(state.grantedThrough).toBeGreaterThanOrEqual(32);
  });

  it('ends at its deadline in any state and on request, and cancels the stream', () => {
    const late = setup();
    late.pass(600_000);
    expect(late.feed({ kind: 'tick' })).toEqual(['cancel', 'failed deadline']);
    expect(setup().feed({ kind: 'cancel', reason: 'gone' })).toEqual(['cancel', 'failed cancelled']);
  });

  it('ends when refused, or when the sender fails after its last line', () => {
    const { feed } = setup();
    expect(
      feed({ kind: 'refused', streamId: 's', code: 'queue-full', message: '', retryAfterMs: 1 }),
    ).toEqual(['refused queue-full']);
    const { head, chunk, fail } = setup();
    head();
    chunk(1, 'a');
    expect(fail(1)).toEqual(['grant 8 received 2', 'failed upstream-lost']);
  });

  it('does not let a sender exceed its credit', () => {
    const { head, chunk } = setup();
    head();
    expect(chunk(1, ...Array.from({ length: 9 }, () => 'a'))).toEqual(['cancel', 'failed bad-upstream']);
  });
});
