import { expect, it } from 'vitest';
import { resolveConfig } from '../config.ts';
import type { SessionMessage } from '../protocol/session-message.ts';
import { createSender, decideSend, type SenderEvent, senderWakeAtMs } from './stream-sender.ts';

const keepMs = 30_000;

/** A kept stream whose session has the lines 1 and 2, and has confirmed them. */
function setup(config: Parameters<typeof resolveConfig>[0] = {}) {
  let now = 0;
  const state = createSender('s', 8, resolveConfig(config), now, keepMs);
  const feed = (event: SenderEvent): string[] =>
    decideSend(state, event, now).map((effect) =>
      effect.kind === 'send' ? short(effect.message) : effect.kind,
    );
  const lines = (...texts: string[]): string[] => feed({ kind: 'lines', lines: texts });
  const wake = (): string[] => {
    now = senderWakeAtMs(state);
    return feed({ kind: 'tick' });
  };
  feed({ kind: 'head', status: 200, contentType: 'x' });
  lines('a', 'b');
  feed({ kind: 'grant', streamId: 's', through: 8, received: 2 });
  return { feed, lines, wake, now: () => now };
}

function short(message: SessionMessage): string {
  if (message.kind === 'chunk') return `${message.streamId} ${message.first}:${message.lines.join('')}`;
  return `${message.streamId} ${message.kind}`;
}

const adopt = { kind: 'adopt', streamId: 't', grantedThrough: 8 } as const;

it('reads on without its session, and gives the next one every line', () => {
  const { feed, lines } = setup();
  expect(feed({ kind: 'orphan' })).toEqual([]);
  expect(lines('c')).toEqual([]);
  expect(feed(adopt)).toEqual(['t head', 't 1:abc']);
  expect(lines('d')).toEqual(['t 4:d']);
  expect(feed({ kind: 'end' })).toEqual(['t end']);
});

it('waits for a session that is only silent, and ends after the time without one', () => {
  const { wake, now } = setup();
  let effects: string[] = [];
  while (!effects.includes('closed')) effects = wake();
  expect(effects).toEqual(['abort', 'closed']);
  expect(now()).toBe(resolveConfig().receiverSilenceMs + keepMs);
});

it('keeps an answer that its session has taken for the same time', () => {
  const { feed, wake, now } = setup();
  feed({ kind: 'end' });
  expect(feed({ kind: 'grant', streamId: 's', through: 8, received: 3 })).toEqual([]);
  expect(feed(adopt)).toEqual(['t head', 't 1:ab', 't end']);
  expect(feed({ kind: 'grant', streamId: 't', through: 8, received: 3 })).toEqual([]);
  expect(wake()).toEqual(['closed']);
  expect(now()).toBe(keepMs);
});

it('drops confirmed lines where the room ends, and pretends to have none of them', () => {
  const { feed, lines } = setup({ replayBufferLines: 4, windowLines: 3 });
  lines('c', 'd', 'e');
  feed({ kind: 'orphan' });
  expect(feed(adopt)).toEqual(['abort', 't head', 't fail']);
});

it('ends when its session cancels it', () => {
  expect(setup().feed({ kind: 'cancel', streamId: 's', reason: 'the client left' })).toEqual([
    'abort',
    'closed',
  ]);
});
