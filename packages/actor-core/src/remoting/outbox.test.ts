import { expect, it } from 'vitest';
import { encodeMessage, frameHeader, readFrame } from './frame-codec.ts';
import { Outbox } from './outbox.ts';
import { kind, type WireMessage } from './wire.ts';

const tell = (bytes: Uint8Array): WireMessage => [kind.tell, 'echo', 0, 0, bytes, 0];

it('keeps a message whole while the handler of a lost frame sends another message', () => {
  const frames: Uint8Array[] = [];
  let isFirst = true;
  const outbox = new Outbox({
    subject: 'b',
    header: frameHeader(1),
    scheduler: { schedule: () => undefined },
    publish: (_, frame) => {
      frames.push(frame);
      const isLost = isFirst;
      isFirst = false;
      return !isLost;
    },
    onLost: () => void encodeMessage(tell(new Uint8Array(30_000).fill(1))),
  });
  for (const value of [5, 7])
    outbox.add(encodeMessage(tell(new Uint8Array(20_000).fill(value))), undefined, undefined);
  outbox.flush();
  const read: unknown[] = [];
  readFrame(frames[1] as Uint8Array, {
    resolveRef: () => {
      throw new TypeError('no ref was sent');
    },
    onSender: () => true,
    onMessage: (message) => void read.push(message),
    onFault: (_, detail) => void read.push(detail),
  });
  expect(read).toEqual([tell(new Uint8Array(20_000).fill(7))]);
});

it('carries two messages whole whose sizes add up to just below and just above the bound of a frame', () => {
  const header = frameHeader(1);
  for (let over = -40; over <= 40; over++) {
    const frames: Uint8Array[] = [];
    const outbox = new Outbox({
      subject: 'b',
      header,
      scheduler: { schedule: () => undefined },
      publish: (_, frame) => frames.push(frame) > 0,
      onLost: () => undefined,
    });
    const sent = [tell(new Uint8Array(20_000).fill(3)), tell(new Uint8Array(12_768 + over).fill(4))];
    for (const message of sent) outbox.add(encodeMessage(message), undefined, undefined);
    outbox.flush();
    const read: WireMessage[] = [];
    for (const frame of frames)
      readFrame(frame, {
        resolveRef: () => {
          throw new TypeError('no ref was sent');
        },
        onSender: () => true,
        onMessage: (message) => void read.push(message),
        onFault: (_, detail) => expect.unreachable(detail),
      });
    expect(read).toEqual(sent);
    for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(32 * 1024);
  }
});
