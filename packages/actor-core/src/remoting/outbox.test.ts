import { expect, it } from 'vitest';
import { encodeMessage, frameHeader, readFrame } from './frame-codec.ts';
import { Outbox } from './outbox.ts';
import { kind, type WireMessage } from './wire.ts';

const tell = (bytes: Uint8Array): WireMessage => [kind.tell, 'echo', 0, 0, bytes, 0];

it('keeps a message whole while somebody sends another one on hearing of a lost frame', () => {
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
