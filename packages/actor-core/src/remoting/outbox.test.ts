import { expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.ts';
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
    clock: new ManualClock(),
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
      clock: new ManualClock(),
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

/** Counts the messages of each frame that leaves. A tick ends when the test says so. */
function paced() {
  const clock = new ManualClock();
  const frames: number[] = [];
  let ticks: (() => void)[] = [];
  const outbox = new Outbox({
    subject: 'b',
    header: frameHeader(1),
    scheduler: { schedule: (task) => void ticks.push(task) },
    clock,
    publish: (_, frame) => {
      let messages = 0;
      readFrame(frame, {
        resolveRef: () => expect.unreachable('no ref was sent'),
        onSender: () => true,
        onMessage: () => void messages++,
        onFault: (_reason, detail) => expect.unreachable(detail),
      });
      return frames.push(messages) > 0;
    },
    onLost: () => undefined,
  });
  const add = (mayWait: boolean) =>
    outbox.add(encodeMessage(tell(new Uint8Array(8))), undefined, undefined, mayWait);
  const tick = () => {
    const due = ticks;
    ticks = [];
    for (const task of due) task();
  };
  /** Sends so many messages that may wait that further ones do. */
  const makeBusy = () => {
    for (let i = 0; i < 20; i++) {
      add(true);
      tick();
    }
    clock.advance(5);
    frames.length = 0;
  };
  return { clock, frames, add, tick, makeBusy };
}

it('sends a message that may wait at the end of its tick while few leave', () => {
  const { clock, frames, add, tick } = paced();
  for (let i = 0; i < 10; i++) {
    add(true);
    tick();
    clock.advance(5);
  }
  expect(frames).toEqual(Array.from({ length: 10 }, () => 1));
});

it('gathers messages that may wait for 2 ms while many leave, and for no longer', () => {
  const { clock, frames, add, tick, makeBusy } = paced();
  makeBusy();
  for (let i = 0; i < 3; i++) {
    add(true);
    tick();
    clock.advance(0.5);
  }
  expect(frames).toEqual([]);
  clock.advance(0.5);
  expect(frames).toEqual([3]);
});

it('lets no message wait behind those that may wait, and keeps the order', () => {
  const { clock, frames, add, tick, makeBusy } = paced();
  makeBusy();
  add(true);
  add(false);
  tick();
  expect(frames).toEqual([2]);
  clock.advance(10);
  expect(frames).toEqual([2]);
  expect(clock.pending).toBe(0);
});

it('stops to gather when the messages have become few', () => {
  const { clock, frames, add, tick, makeBusy } = paced();
  makeBusy();
  clock.advance(40);
  add(true);
  tick();
  expect(frames).toEqual([1]);
});
