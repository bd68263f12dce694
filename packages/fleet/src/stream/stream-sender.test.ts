import { describe, expect, it } from 'vitest';
import { type FleetConfig, resolveConfig } from '../config.ts';
import type { SessionMessage } from '../protocol/session-message.ts';
import { createSender, decideSend, type SenderEvent, senderWakeAtMs } from './stream-sender.ts';

function setup(partial: Partial<FleetConfig> = {}, grantedThrough = 8) {
  let now = 0;
  const state = createSender('s', grantedThrough, resolveConfig(partial), now);
  /** Feeds one event and returns its effects in short form. */
  const feed = (event: SenderEvent): string[] =>
    decideSend(state, event, now).map((effect) =>
      effect.kind === 'send'
        ? short(effect.message)
        : `${effect.kind}${effect.kind === 'abort' ? ` ${effect.code}` : ''}`,
    );
  const lines = (...texts: string[]): string[] => feed({ kind: 'lines', lines: texts });
  const grant = (through: number, received: number): string[] =>
    feed({ kind: 'grant', streamId: 's', through, received });
  const resume = (from: number): string[] => feed({ kind: 'resume', streamId: 's', from });
  /** Moves time to the next tick and feeds it. */
  const wake = (): string[] => {
    now = senderWakeAtMs(state);
    return feed({ kind: 'tick' });
  };
  const head = (): string[] => feed({ kind: 'head', status: 200, contentType: 'x' });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { state, feed, lines, grant, resume, wake, head, pass, now: () => now };
}

function short(message: SessionMessage): string {
  switch (message.kind) {
    case 'chunk':
      return `chunk ${message.first}:${message.lines.join(',')}${message.continues === true ? '…' : ''}`;
    case 'beat':
      return `beat next ${message.next} ${message.phase} ${message.position}`;
    case 'end':
      return `end ${message.lines}`;
    case 'fail':
      return `fail ${message.lines} ${message.code}`;
    default:
      return message.kind;
  }
}

describe('the sending end', () => {
  it('sends accepted, beats, head, lines and end in this order', () => {
    const { feed, wake, head, lines, now } = setup();
    expect(feed({ kind: 'accept', position: 2 })).toEqual(['accepted']);
    expect(wake()).toEqual(['beat next 1 queued 2']);
    expect(now()).toBe(1_000);
    feed({ kind: 'progress', phase: 'waiting', position: 0 });
    expect(wake()).toEqual(['beat next 1 waiting 0']);
    expect(head()).toEqual(['head']);
    expect(lines('a', 'b')).toEqual(['chunk 1:a,b']);
    expect(lines('c')).toEqual(['chunk 3:c']);
    expect(wake()).toEqual(['beat next 4 streaming 0']);
    expect(feed({ kind: 'end' })).toEqual(['end 3']);
  });

  it('sends within credit only, and the end after the last line', () => {
    const { feed, head, lines, grant } = setup({}, 2);
    head();
    expect(lines('a', 'b', 'c', 'd')).toEqual(['chunk 1:a,b']);
    expect(feed({ kind: 'end' })).toEqual([]);
    expect(grant(3, 2)).toEqual(['chunk 3:c']);
    expect(grant(2, 2)).toEqual([]);
    expect(grant(9, 3)).toEqual(['chunk 4:d', 'end 4']);
  });

  it('packs lines into chunks of at most chunkBytes and cuts longer lines into pieces', () => {
    const { head, lines } = setup({ chunkBytes: 12 }, 100);
    head();
    expect(lines('aaaa', 'bbbb', 'cccc', 'dddd')).toEqual(['chunk 1:aaaa,bbbb,cccc', 'chunk 4:dddd']);
    expect(lines('0123456789abcdef')).toEqual([
      'chunk 5:0123…',
      'chunk 6:4567…',
      'chunk 7:89ab…',
      'chunk 8:cdef',
    ]);
    expect(lines('012😀45😀89')).toEqual(['chunk 9:012…', 'chunk 10:😀45…', 'chunk 11:😀89']);
  });

  it('repeats an unconfirmed ending every second, and closes when it is confirmed', () => {
    const { feed, head, lines, wake, grant, pass, now } = setup();
    head();
    lines('a', 'b');
    pass(300);
    expect(feed({ kind: 'end' })).toEqual(['end 2']);
    expect(wake()).toEqual(['end 2']);
    expect(now()).toBe(1_300);
    // All lines are confirmed, the ending is not.
    expect(grant(258, 2)).toEqual([]);
    expect(wake()).toEqual(['end 2']);
    expect(grant(258, 3)).toEqual(['closed']);
    expect(wake()).toEqual([]);
  });

  it('sends again from the requested line, head and end included', () => {
    const { feed, head, lines, grant, resume } = setup();
    head();
    lines('a', 'b', 'c');
    grant(8, 1);
    expect(resume(2)).toEqual(['head', 'chunk 2:b,c']);
    feed({ kind: 'end' });
    expect(resume(3)).toEqual(['head', 'chunk 3:c', 'end 3']);
    expect(resume(4)).toEqual(['head', 'end 3']);
  });

  it('fails as replay-lost if a confirmed line is requested', () => {
    const { head, lines, grant, resume } = setup();
    head();
    lines('a', 'b', 'c');
    grant(8, 2);
    expect(resume(2)).toEqual(['abort replay-lost', 'head', 'fail 1 replay-lost']);
  });

  it('sends nothing while the bus is away, and continues after the last sent line', () => {
    const { feed, head, lines, wake, now } = setup();
    head();
    lines('a');
    feed({ kind: 'bus', connected: false });
    expect(lines('b')).toEqual([]);
    expect(feed({ kind: 'bus', connected: true })).toEqual(['beat next 2 streaming 0', 'head', 'chunk 2:b']);
    feed({ kind: 'bus', connected: false });
    expect(wake()).toEqual(['abort cancelled', 'closed']);
    expect(now()).toBe(15_000);
  });

  it('gives up after 6 s of silence of the receiver, with a grace for a late tick', () => {
    const { head, wake, pass, feed, now, state } = setup();
    head();
    pass(60_000);
    expect(feed({ kind: 'tick' })).toEqual(['beat next 1 streaming 0']);
    expect(state.closed).toBe(false);
    expect(wake()).toEqual(['abort cancelled', 'fail 0 cancelled', 'closed']);
    expect(now()).toBe(60_250);
  });

  it('closes at once when cancelled, and aborts an upstream that still runs', () => {
    const running = setup();
    running.head();
    expect(running.feed({ kind: 'cancel', streamId: 's', reason: 'gone' })).toEqual([
      'abort cancelled',
      'closed',
    ]);
    expect(running.lines('a')).toEqual([]);
    const ended = setup({}, 1);
    ended.head();
    ended.lines('a', 'b');
    ended.feed({ kind: 'end' });
    expect(ended.feed({ kind: 'cancel', streamId: 's', reason: 'gone' })).toEqual(['closed']);
  });

  it('drops unsent lines when the buffer is full, by lines and by bytes', () => {
    const byLines = setup({ windowLines: 2, replayBufferLines: 4 }, 2);
    byLines.head();
    expect(byLines.lines('a', 'b', 'c', 'd')).toEqual(['chunk 1:a,b']);
    expect(byLines.lines('e')).toEqual(['abort reader-too-slow', 'fail 2 reader-too-slow']);
    const byBytes = setup({ replayBufferBytes: 10 }, 0);
    byBytes.head();
    byBytes.lines('aaaaaaaaaaaa');
    expect(byBytes.lines('b')).toEqual(['abort reader-too-slow', 'fail 0 reader-too-slow']);
    expect(byBytes.state.buffer.heldBytes).toBe(0);
  });

  it('refuses a line beyond maxLineBytes as bad-upstream', () => {
    const { head, lines } = setup({ maxLineBytes: 5 });
    head();
    expect(lines('ok', 'too long')).toEqual(['abort bad-upstream', 'chunk 1:ok', 'fail 1 bad-upstream']);
  });
});
