import { assert, property, uint8Array } from 'fast-check';
import { pack } from 'msgpackr';
import { expect, it } from 'vitest';
import { decodeSwim, encodeSwim } from './swim-codec.ts';
import type { Rumour, SwimEnvelope, SwimMessage } from './swim-message.ts';

const self = { incarnation: 7, refutation: 1, metadataVersion: 2, lagMs: 3 };
const rumour: Rumour = { node: 'b', incarnation: 4, refutation: 2, status: 'suspect', accuser: 'c' };
const entry = { node: 'b', incarnation: 4, refutation: 2, status: 'left', metadataVersion: 9 } as const;

const messages: readonly SwimMessage[] = [
  { kind: 'gossip' },
  { kind: 'ping', sequence: 5, metadataVersion: 0 },
  { kind: 'ack', sequence: 5 },
  { kind: 'ping-request', sequence: 5, target: 'd' },
  { kind: 'relayed-ack', sequence: 5, target: 'd' },
  { kind: 'nack', sequence: 5, target: 'd' },
  { kind: 'sync', hash: 2 ** 47 },
  { kind: 'digest', entries: [entry], isReply: true },
  { kind: 'announce', isJoining: true },
  { kind: 'leave' },
  { kind: 'echo', sentAtMs: 12.5 },
];

it.each(messages)('reads $kind as it was written', (message) => {
  const envelope: SwimEnvelope = { self, rumours: [rumour], message };
  expect(decodeSwim(encodeSwim(envelope))).toEqual(envelope);
  const withFacts = { ...envelope, self: { ...self, metadata: Uint8Array.of(1, 2) } };
  expect(decodeSwim(encodeSwim(withFacts))).toEqual(withFacts);
});

it('keeps the positions of kinds and statuses, which are the wire format', () => {
  expect(encodeSwim({ self, rumours: [rumour], message: { kind: 'ack', sequence: 5 } })).toEqual(
    new Uint8Array(pack([1, [7, 1, 2, 3], [['b', 4, 2, 1, 'c']], 2, 5])),
  );
});

it('reads what a later version adds: fields at the end, a kind and a status that it does not know', () => {
  const later = new Uint8Array(
    pack([
      1,
      [7, 1, 2, 3, null, 'more'],
      [
        ['b', 4, 2, 99, 'c'],
        ['b', 4, 2, 1, 'c', 'more'],
      ],
      99,
      'more',
    ]),
  );
  // `null` is no metadata of this version.
  expect(decodeSwim(later)).toBeUndefined();
  const readable = new Uint8Array(
    pack([
      1,
      [7, 1, 2, 3],
      [
        ['b', 4, 2, 99, 'c'],
        ['b', 4, 2, 1, 'c', 'more'],
      ],
      99,
      'more',
    ]),
  );
  expect(decodeSwim(readable)).toEqual({ self, rumours: [rumour], message: { kind: 'gossip' } });
});

it.each([
  ['another version', [2, [7, 1, 2, 3], [], 0]],
  ['no claim', [1, undefined, [], 0]],
  ['an incarnation that is no whole number', [1, [1.5, 1, 2, 3], [], 0]],
  ['a negative refutation', [1, [7, -1, 2, 3], [], 0]],
  ['too many rumours', [1, [7, 1, 2, 3], Array.from({ length: 257 }, () => 0), 0]],
  ['metadata beyond the limit', [1, [7, 1, 2, 3, new Uint8Array(4_097)], [], 0]],
  ['a target that is no node id', [1, [7, 1, 2, 3], [], 3, 5, 'd.>']],
])('refuses %s', (_, tuple) => {
  expect(decodeSwim(new Uint8Array(pack(tuple)))).toBeUndefined();
});

it('survives any bytes', () => {
  assert(
    property(uint8Array({ maxLength: 200 }), (bytes) => {
      decodeSwim(bytes);
    }),
  );
});
