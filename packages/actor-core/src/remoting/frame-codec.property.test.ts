import { array, assert, integer, nat, option, property, record, tuple, uint8Array } from 'fast-check';
import { expect, it } from 'vitest';
import { actorNames, payloads } from '../testing/arbitraries.ts';
import { encodeMessage, frameHeader, readFrame } from './frame-codec.ts';
import { kind, type WireMessage } from './wire.ts';

const tells = record({
  path: actorNames(),
  uid: nat(),
  incarnation: nat(),
  message: payloads(),
  ask: nat(),
}).map(
  ({ path, uid, incarnation, message, ask }): WireMessage => [
    kind.tell,
    path,
    uid,
    incarnation,
    message,
    ask,
  ],
);

interface Read {
  readonly sender: number | undefined;
  readonly messages: WireMessage[];
  readonly faults: string[];
}

function read(frame: Uint8Array): Read {
  const messages: WireMessage[] = [];
  const faults: string[] = [];
  let sender: number | undefined;
  readFrame(frame, {
    resolveRef: () => {
      throw new TypeError('no ref was sent');
    },
    onSender: (incarnation) => {
      sender = incarnation;
      return true;
    },
    onMessage: (message) => void messages.push(message),
    onFault: (detail) => void faults.push(detail),
  });
  return { sender, messages, faults };
}

function write(incarnation: number, messages: readonly WireMessage[]): Uint8Array {
  const bodies = messages.map((message) => {
    const encoded = encodeMessage(message);
    return Uint8Array.from(encoded.subarray(encoded.start, encoded.end));
  });
  return Buffer.concat([frameHeader(incarnation), ...bodies]);
}

it('a frame of any messages is read as it was written', () => {
  assert(
    property(
      integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      array(tells, { maxLength: 8 }),
      (incarnation, messages) => {
        expect(read(write(incarnation, messages))).toEqual({ sender: incarnation, messages, faults: [] });
      },
    ),
    { numRuns: 1_000 },
  );
});

it('a frame that was damaged never throws, and what is read of it are well-formed messages', () => {
  const damage = tuple(nat(), option(nat(255)), uint8Array({ maxLength: 4 }));
  assert(
    property(array(tells, { minLength: 1, maxLength: 4 }), damage, (messages, [at, byte, tail]) => {
      const frame = write(7, messages);
      const place = at % frame.length;
      if (byte !== null) frame[place] = byte;
      const cut = byte === null ? frame.subarray(0, place) : frame;
      for (const message of read(Uint8Array.from([...cut, ...tail])).messages)
        expect(message[0]).toBeTypeOf('number');
    }),
    { numRuns: 1_000 },
  );
});
