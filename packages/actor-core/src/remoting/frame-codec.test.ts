import { describe, expect, it } from 'vitest';
import type { ActorAddress } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import { encodeMessage, frameHeader, maxFaultsPerFrame, readFrame } from './frame-codec.ts';
import type { WireMessage } from './wire.ts';

class Ref extends BaseRef {
  readonly address: ActorAddress;
  constructor(address: ActorAddress) {
    super();
    this.address = address;
  }
  tell(): void {}
}

const there = new Ref({ node: 'n2', nodeIncarnation: 5, path: '$ask', uid: 3 });

/** One of each kind, and what it is on the wire. This table only grows: an older node must still read every line. */
const golden: [WireMessage, string][] = [
  [
    [0, 'pool/w1', 7, 5, { do: 'it', bytes: Uint8Array.of(1, 2), to: there }, 9],
    '9600a7706f6f6c2f77310705de0003a2646fa26974a56279746573c4020102a2746fd4520094a26e3205a42461736b0309',
  ],
  [[0, 'a', 0, 0, null, 4, ['n1', 2, 3]], '9700a1610000c00493a26e310203'],
  [
    [0, 'a', 0, 0, null, 0, null, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    '9800a1610000c000c0d93730302d30616637363531393136636434336464383434386562323131633830333139632d623761643662373136393230333333312d3031',
  ],
  [[0, 'a', 0, 0, null, 4, null, null, 250], '9900a1610000c004c0c0ccfa'],
  [[1, 1, 'a', 0, 0], '950101a1610000'],
  [[2, 1], '920201'],
  [[3, 1, 7], '93030107'],
  [[4, 1, 'stopped'], '930401a773746f70706564'],
  [[5, 9, 'no-such-actor'], '930509ad6e6f2d737563682d6163746f72'],
  [[5, 9, 'too-large', 2_000_000, 1_048_512], '950509a9746f6f2d6c61726765ce001e8480ce000fffc0'],
  [[1, 1, 'a', 7, 5, 'b', 3, 2, 0], '990101a1610705a162030200'],
  [[3, 1, 7, 2], '9403010702'],
];

function read(frame: Uint8Array): { incarnation: number | undefined; messages: unknown[]; faults: string[] } {
  let incarnation: number | undefined;
  const messages: unknown[] = [];
  const faults: string[] = [];
  readFrame(frame, {
    resolveRef: (address) => new Ref(address),
    onSender: (sender) => {
      incarnation = sender;
      return true;
    },
    onMessage: (message) => void messages.push(message),
    onFault: (detail) => void faults.push(detail),
  });
  return { incarnation, messages, faults };
}

describe('a frame', () => {
  it.each(golden)('encodes %j to the same bytes as in all earlier versions', (message, hex) => {
    const encoded = encodeMessage(message);
    expect(encoded.toString('hex', encoded.start, encoded.end)).toBe(hex);
  });

  it('is read as it was written', () => {
    const bodies = golden.map(([, hex]) => Uint8Array.from(Buffer.from(hex, 'hex')));
    const frame = Buffer.concat([frameHeader(5), ...bodies]);
    expect(read(frame)).toEqual({ incarnation: 5, messages: golden.map(([message]) => message), faults: [] });
  });

  it('contains a large incarnation exactly', () => {
    const incarnation = 1_795_231_563_373;
    expect(read(frameHeader(incarnation)).incarnation).toBe(incarnation);
  });

  it('never throws when it is read, whichever of its bytes is wrong or missing', () => {
    const body = Uint8Array.from(Buffer.from(golden[0]?.[1] ?? '', 'hex'));
    const frame = Buffer.concat([frameHeader(5), body]);
    for (let at = 0; at < frame.length; at++) {
      read(frame.subarray(0, at));
      for (const wrong of [0x00, 0x7f, 0xc1, 0xdf, 0xff])
        read(Uint8Array.from(frame, (byte, index) => (index === at ? wrong : byte)));
    }
  });

  it.each([
    ['nil', [0xc0]],
    ['empty texts', [0xa0]],
    ['empty arrays', [0x90]],
    ['empty maps', [0x80]],
    ['numbers', [0xcb, 1, 2, 3, 4, 5, 6, 7, 8]],
    ['messages of unknown kinds', [0x92, 0x63, 0x01]],
  ])('of a megabyte of %s costs a bounded number of errors', (_, pattern) => {
    const bytes = Uint8Array.from({ length: 999_999 }, (_element, at) => pattern[at % pattern.length] ?? 0);
    const { messages, faults } = read(Buffer.concat([frameHeader(5), bytes]));
    expect(messages).toEqual([]);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.length).toBeLessThanOrEqual(maxFaultsPerFrame + 1);
  });

  it('of a newer node is read to its end, however many unknown messages it has', () => {
    const unknown = encodeBytes([99, 'new'] as unknown as WireMessage);
    const known = encodeBytes([2, 1]);
    const frame = Buffer.concat([frameHeader(5), ...Array.from({ length: 1_000 }, () => unknown), known]);
    expect(read(frame).messages).toEqual([[2, 1]]);
  });
});

function encodeBytes(message: WireMessage): Uint8Array {
  const encoded = encodeMessage(message);
  return Uint8Array.from(encoded.subarray(encoded.start, encoded.end));
}
